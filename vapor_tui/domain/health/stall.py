"""Notices that a run stands still: no step for far longer than usual."""

from __future__ import annotations

import math
from collections import deque

SAMPLES = 50
_LEAST_SAMPLES = 3
_LONGEST_LOOK = 2.0
"""Seconds between two looks that count: a worker that was suspended itself saw nothing."""
_LEAST_SECONDS = 5.0
_PAUSE_FACTOR = 3.0
"""A wait up to so many times the longest pause for an evaluation or saving may be another."""


class StallDetector:
    """Keeps the waits between steps on a clock of looks; told of pauses, it leaves them out."""

    def __init__(self, factor: float, seconds: float) -> None:
        self._factor = factor
        self._seconds = seconds
        self._waits: deque[float] = deque(maxlen=SAMPLES)
        self._longest_pause = 0.0
        self._looked: float | None = None
        self._waited = 0.0
        self._has_begun = False
        self._is_training = False
        self.is_active = False

    @property
    def waited(self) -> float:
        """Seconds that have been seen to pass since the last step."""
        return self._waited

    @property
    def usual(self) -> float:
        """The usual wait in seconds, 0 while it is not known."""
        return sorted(self._waits)[len(self._waits) // 2] if self._waits else 0.0

    def look(self, clock: float, pace: float = 1.0) -> bool:
        """Let time pass, to `clock` in seconds; say whether a stall is noticed now.

        `pace` is how many seconds of the run's own clock go into one of these.
        """
        if self._looked is not None:
            self._waited += min(max(clock - self._looked, 0.0), _LONGEST_LOOK)
        self._looked = clock
        if self.is_active or not self._is_training or self._waited < _LEAST_SECONDS:
            return False
        if self._waited < self._seconds / max(pace, 1.0):
            return False
        self.is_active = self._waited > self._longest_believable()
        return self.is_active

    def _longest_believable(self) -> float:
        if not self._waits:
            return math.inf
        if len(self._waits) < _LEAST_SAMPLES:
            return self._factor * max(*self._waits, self._longest_pause)
        usual = max(self.usual * self._factor, 2.0 * max(self._waits))
        return max(usual, _PAUSE_FACTOR * self._longest_pause)

    def train(self, clock: float) -> None:
        """Take note that training begins, or goes on after a pause."""
        self.look(clock)
        # What comes before the first step, loading and compiling, comes but once.
        if self._has_begun:
            self._longest_pause = max(self._longest_pause, self._waited)
        self._has_begun = self._is_training = True
        self._waited = 0.0

    def step(self, clock: float, *, paused: bool = False) -> bool:
        """Take note of new steps, after a pause or not; say whether a stall is over."""
        self.look(clock)
        was = self.is_active
        if paused:
            self._longest_pause = max(self._longest_pause, self._waited)
        elif not was:
            self._waits.append(self._waited)
        self._waited, self.is_active = 0.0, False
        return was

    def interrupt(self, clock: float) -> bool:
        """Take note that something other than training goes on; say whether a stall is over."""
        self.look(clock)
        if not self._is_training:
            return False
        was, self.is_active = self.is_active, False
        self._is_training, self._waited = False, 0.0
        return was
