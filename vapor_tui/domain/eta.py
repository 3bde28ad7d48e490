"""How much longer a run takes, from the pace of its latest steps."""

from __future__ import annotations

from collections import deque

SMOOTHING = 0.3
SAMPLES = 50


class PaceMeter:
    """Exponential moving average of the seconds a step takes, over the latest samples.

    Fed with (step, clock) while training; a pause for evaluation or saving is left out by
    calling `interrupt` when it begins.
    """

    def __init__(self) -> None:
        self._samples: deque[float] = deque(maxlen=SAMPLES)
        self._last: tuple[int, float] | None = None

    def observe(self, step: int, clock: float) -> None:
        """Take note that a step had been reached at a moment of a monotonic clock, in seconds."""
        if self._last is not None:
            steps = step - self._last[0]
            if steps <= 0:
                return
            self._samples.append(max(0.0, clock - self._last[1]) / steps)
        self._last = (step, clock)

    def interrupt(self) -> None:
        """Forget the moment of the last step: what follows it is not the pace of training."""
        self._last = None

    @property
    def seconds_per_step(self) -> float | None:
        """The average, or None before two observations."""
        average: float | None = None
        for sample in self._samples:
            average = sample if average is None else average + SMOOTHING * (sample - average)
        return average

    def remaining(self, steps_left: int, pauses_left: float) -> float | None:
        """Return the seconds left, pauses (evaluations, saving) included; None while unknown."""
        if steps_left <= 0:
            return pauses_left
        pace = self.seconds_per_step
        return None if pace is None else pace * steps_left + pauses_left
