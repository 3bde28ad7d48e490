"""How much longer a run takes, from the pace of its latest steps."""

from __future__ import annotations

from collections import deque
from statistics import median

SMOOTHING = 0.3
SAMPLES = 50
QUIET_INTERVALS = 5
"""So many of the usual times between two observations without a new step are a standstill."""
LEAST_QUIET_SECONDS = 5.0


class PaceMeter:
    """Exponential moving average of the seconds a step takes, over the latest samples.

    Fed with (step, clock) while training; a pause for evaluation or saving is left out by
    calling `interrupt` when it begins.
    """

    def __init__(self) -> None:
        self._samples: deque[float] = deque(maxlen=SAMPLES)
        self._intervals: deque[float] = deque(maxlen=SAMPLES)
        """Seconds from one new step that was observed to the next."""
        self._last: tuple[int, float] | None = None
        self._moved_at = 0.0

    def observe(self, step: int, clock: float) -> None:
        """Take note that a step had been reached at a moment of a monotonic clock, in seconds.

        A step below the last one is that of a run which began anew, at a pace of its own.
        """
        if self._last is not None:
            steps, seconds = step - self._last[0], max(0.0, clock - self._last[1])
            if steps == 0:
                return
            if steps < 0:
                self._samples.clear()
                self._intervals.clear()
            else:
                self._samples.append(seconds / steps)
                self._intervals.append(seconds)
        self._last = (step, clock)
        self._moved_at = clock

    def interrupt(self) -> None:
        """Forget the moment of the last step: what follows it is not the pace of training."""
        self._last = None

    def is_quiet(self, clock: float) -> bool:
        """Say whether steps came, and none for much longer than usual, on the observed clock."""
        if not self._intervals:
            return False
        usual = median(self._intervals)
        return clock - self._moved_at > max(LEAST_QUIET_SECONDS, QUIET_INTERVALS * usual)

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
