"""Notices what shows only over a stretch: no fall any more, overfitting, a slower pace."""

from __future__ import annotations

import math
from dataclasses import dataclass

_BINS = 64
_LEAST_BINS = 16
_SURE = 3.0
"""Standard errors by which a fall must be known to be too small."""
_FALLS = 0.99
"""Of the training loss at the best evaluation, what it must be below to be falling."""


@dataclass(slots=True)
class _Bin:
    """Consecutive points: how far they reach, and their sums."""

    step: int
    """Of the first of them."""
    progress: float
    count: int
    total: float
    squares: float


class PlateauDetector:
    """Fed with log-losses and the learning rates they were reached with.

    Progress is the sum of the learning rates, since a loss that rests while the rate falls to
    zero is as it should be. The curve is kept in at most 64 bins, merged in pairs when full.
    """

    def __init__(self, gain: float, least_points: int = 100) -> None:
        self._gain = math.log1p(gain)
        self._least_points = least_points
        self._bins: list[_Bin] = []
        self._width = 1
        self._points = 0
        self._progress = 0.0
        self._last_step = 0
        self._greatest_rate = 0.0
        self.is_active = False
        self.since = 0
        """The step where the flat stretch began."""

    def take(self, step: int, log_loss: float, rate: float | None) -> bool:
        """Add a point; say whether the answer to "is it a plateau" has changed."""
        steps, self._last_step = step - self._last_step, step
        self._points += 1
        if rate is not None and math.isfinite(rate):
            self._greatest_rate = max(self._greatest_rate, rate)
        known = rate if rate is not None and math.isfinite(rate) else 1.0
        self._progress += max(known, 0.0) * max(steps, 1)
        last = self._bins[-1] if self._bins else None
        if last is None or last.count >= self._width:
            self._bins.append(_Bin(step, self._progress, 1, log_loss, log_loss**2))
        else:
            last.progress = self._progress
            last.count += 1
            last.total += log_loss
            last.squares += log_loss**2
        if len(self._bins) <= _BINS:
            is_full = self._bins[-1].count >= self._width
            return is_full and self._judge(known)
        self._merge()
        return False

    def _merge(self) -> None:
        merged = []
        for first, second in zip(self._bins[::2], self._bins[1::2], strict=False):
            merged.append(
                _Bin(
                    first.step,
                    second.progress,
                    first.count + second.count,
                    first.total + second.total,
                    first.squares + second.squares,
                )
            )
        self._bins = merged + self._bins[2 * len(merged) :]
        self._width *= 2

    def _judge(self, rate: float) -> bool:
        """Compare the first and the last third of the latest doubling of progress."""
        if self._points < self._least_points or len(self._bins) < _LEAST_BINS:
            return False
        begun = next(i for i, b in enumerate(self._bins) if b.progress >= 0.5 * self._progress)
        part = self._bins[begun:]
        third = len(part) // 3
        if third < 2:
            return False
        before, after = part[:third], part[-third:]
        fall = _mean(before) - _mean(after)
        error = math.sqrt(_error(before) ** 2 + _error(after) ** 2)
        was = self.is_active
        if was:
            self.is_active = fall < 2.0 * self._gain + _SURE * error
        else:
            works = self._greatest_rate == 0.0 or rate > 0.5 * self._greatest_rate
            self.is_active = works and fall + _SURE * error < self._gain
            self.since = part[0].step
        return was != self.is_active


class EvalDetector:
    """Fed with every eval_loss and the level of the training loss at that time."""

    def __init__(self, rise: float) -> None:
        self._factor = 1.0 + rise
        self._best: tuple[float, int, float] | None = None
        self._above = 0
        self.is_active = False

    @property
    def best(self) -> tuple[float, int]:
        """The best eval_loss and its step."""
        assert self._best is not None
        return self._best[0], self._best[1]

    def take(self, step: int, value: float, train_level: float) -> bool:
        """Add an evaluation; say whether the answer to "does it overfit" has changed."""
        if self._best is None or value <= self._best[0]:
            changed, self.is_active = self.is_active, False
            self._best, self._above = (value, step, train_level), 0
            return changed
        best, _, level_then = self._best
        self._above = self._above + 1 if value > best * self._factor else 0
        was = self.is_active
        falls = train_level < _FALLS * level_then
        self.is_active = self._above > 0 if was else self._above >= 2 and falls
        return was != self.is_active


class SpeedDetector:
    """Fed with tokens per second; compares the latest points with what was usual."""

    _FAST, _SLOW = 0.25, 0.02
    _LEAST_POINTS, _PATIENCE = 20, 8

    def __init__(self, share: float) -> None:
        self._least = math.log(share)
        self._recovered = math.log(0.5 * (1.0 + share))
        self._usual = 0.0
        self._now = 0.0
        self._points = 0
        self._low_points = 0
        self.is_active = False

    @property
    def usual(self) -> float:
        """Tokens per second."""
        return math.exp(self._usual)

    @property
    def now(self) -> float:
        """Tokens per second."""
        return math.exp(self._now)

    def take(self, speed: float) -> bool:
        """Add a point; say whether the answer to "has it slowed down" has changed."""
        if not (math.isfinite(speed) and speed > 0):
            return False
        x = math.log(speed)
        self._points += 1
        if self._points == 1:
            self._usual = self._now = x
            return False
        # One point counts for little, however far off it is: evaluations cause such.
        off = min(max(x - self._now, -1.0), 1.0)
        self._now += max(self._FAST, 1.0 / self._points) * off
        is_low = x - self._usual < self._least
        self._low_points = self._low_points + 1 if is_low else 0
        if not is_low:
            self._usual += max(self._SLOW, 1.0 / self._points) * (x - self._usual)
        was = self.is_active
        if was:
            self.is_active = self._now - self._usual < self._recovered
        else:
            known = self._points >= self._LEAST_POINTS
            self.is_active = known and self._low_points >= self._PATIENCE
        return was != self.is_active


def _mean(bins: list[_Bin]) -> float:
    return sum(b.total for b in bins) / sum(b.count for b in bins)


def _error(bins: list[_Bin]) -> float:
    """Return the standard error of the mean of all points, from the scatter of the bins' means."""
    count, mean = sum(b.count for b in bins), _mean(bins)
    inside = sum(b.squares for b in bins) / count - mean * mean
    between = sum((b.total / b.count - mean) ** 2 for b in bins) / max(len(bins) - 1, 1)
    return math.sqrt(max(inside / count, between / len(bins), 1e-8))
