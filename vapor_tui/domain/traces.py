"""A run's metrics at a bounded number of points, however long the run is; numpy only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vapor_tui.domain.metrics import VALUE_COLUMNS

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]
Flags = NDArray[np.bool_]

MOST_BUCKETS = 4096
"""Some twenty for each column of a wide chart; a run with fewer points keeps every one."""
GREATEST = 1e300
"""No value of a curve is further from 0: sums and differences of them stay finite."""
RANKED = ("loss", "eval_loss")
"""The metrics whose lowest value is kept with its step."""
FINAL_WEIGHT = 0.9
"""Smoothing of the loss that a run ends with: about the last twenty points count."""


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Logged points, or stretches of them, in order of steps.

    `step`, `epoch`, `at` and `count` have shape (n,); `low`, `high` and `mean` (metrics, n) in
    the order of VALUE_COLUMNS, NaN where nothing finite was measured. `step` is the last of a
    stretch; `at` is when it was logged, in seconds since 1970, 0 where that is not known. `lost`,
    of their shape, says where something was measured that is not finite; of a stretch it is known
    only for the loss.
    """

    step: Steps
    epoch: Floats
    at: Floats
    count: Steps
    low: Floats
    high: Floats
    mean: Floats
    lost: Flags

    def __len__(self) -> int:
        return len(self.step)

    @classmethod
    def none(cls) -> Points:
        """Return no points."""
        empty, values = np.zeros(0), np.zeros((len(VALUE_COLUMNS), 0))
        whole = np.zeros(0, dtype=np.int64)
        return cls(whole, empty, empty, whole, values, values, values, np.isinf(values))

    @classmethod
    def single(cls, step: Steps, epoch: Floats, at: Floats, values: Floats) -> Points:
        """Return points as they were logged; `values` has shape (metrics, n).

        NaN stands for what was not measured, infinity for what was and is not finite.
        """
        finite = bounded(np.where(np.isfinite(values), values, np.nan))
        ones = np.ones(len(step), dtype=np.int64)
        return cls(step, epoch, at, ones, finite, finite, finite, np.isinf(values))

    @property
    def rising_epoch(self) -> Floats:
        """The epochs as an axis: never falling, those that are not finite as the one before."""
        known = np.nan_to_num(self.epoch, nan=0.0, posinf=0.0, neginf=0.0)
        rising: Floats = np.maximum.accumulate(np.maximum(known, 0.0))
        return rising

    @property
    def timed(self) -> Flags:
        """Of which it is known when they were logged."""
        return self.at > 0

    def until(self, place: int) -> Points:
        """Return the first so many."""
        return self._part(slice(place))

    def since(self, place: int) -> Points:
        """Return all but the first so many."""
        return self._part(slice(place, None))

    def behind(self, step: int) -> Points:
        """Return those behind a step."""
        return self.since(int(np.searchsorted(self.step, step, side="right")))

    def up_to(self, step: int) -> Points:
        """Return those until a step, which is among them."""
        return self.until(int(np.searchsorted(self.step, step, side="right")))

    def _part(self, part: slice) -> Points:
        return Points(
            self.step[part],
            self.epoch[part],
            self.at[part],
            self.count[part],
            self.low[:, part],
            self.high[:, part],
            self.mean[:, part],
            self.lost[:, part],
        )

    def then(self, others: Points) -> Points:
        """Return these points followed by others."""
        return joined([self, others])

    def grouped(self, stride: int) -> Points:
        """Return them with those of each `stride` steps made one."""
        keys = (self.step - 1) // stride
        starts = np.flatnonzero(np.diff(keys, prepend=keys[:1] - 1))
        if len(starts) == len(self):
            return self
        last = np.append(starts[1:], len(self)) - 1
        # A stretch in which nothing was measured must not count, and stays NaN.
        weight = np.where(np.isfinite(self.mean), self.count, 0)
        total = np.add.reduceat(np.nan_to_num(self.mean) * weight, starts, axis=1)
        weights = np.add.reduceat(weight, starts, axis=1)
        mean = np.full(total.shape, np.nan)
        np.divide(total, weights, out=mean, where=weights > 0)
        return Points(
            self.step[last],
            self.epoch[last],
            self.at[last],
            np.add.reduceat(self.count, starts),
            np.fmin.reduceat(self.low, starts, axis=1),
            np.fmax.reduceat(self.high, starts, axis=1),
            mean,
            np.logical_or.reduceat(self.lost, starts, axis=1),
        )


def bounded(values: Floats) -> Floats:
    """Return values with those that are too great to be drawn as great as can be."""
    return np.clip(values, -GREATEST, GREATEST)


def joined(parts: Sequence[Points]) -> Points:
    """Return the points of all parts, one after the other; there must be a part."""
    return Points(
        np.concatenate([part.step for part in parts]),
        np.concatenate([part.epoch for part in parts]),
        np.concatenate([part.at for part in parts]),
        np.concatenate([part.count for part in parts]),
        np.hstack([part.low for part in parts]),
        np.hstack([part.high for part in parts]),
        np.hstack([part.mean for part in parts]),
        np.hstack([part.lost for part in parts]),
    )


@dataclass(frozen=True, slots=True)
class Lowest:
    """The least value of a metric and the step it was logged at."""

    value: float
    step: int


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of a run's curves: extended as the run goes on, never changed."""

    points: Points = field(default_factory=Points.none)
    stride: int = 1
    """Steps that share a point."""
    first_loss: float | None = None
    lowest: Mapping[str, Lowest] = field(default_factory=dict)
    """By metric, of RANKED."""

    def __len__(self) -> int:
        return len(self.points)

    @property
    def resume_after(self) -> int:
        """The step behind which to read on: the last stretch may not be complete."""
        return int(self.points.step[-2]) if len(self.points) > 1 else 0

    def extended(self, newer: Points) -> Trace:
        """Return the trace with single points that were logged behind `resume_after`."""
        if not len(newer):
            return self
        points = self.points.until(len(self.points) - 1 if len(self.points) else 0).then(newer)
        lowest = dict(self.lowest)
        for name in RANKED:
            found = lowest_of(newer, name)
            if found and (name not in lowest or found.value < lowest[name].value):
                lowest[name] = found
        first = self.first_loss
        if first is None:
            first = first_of(newer, "loss")
        stride = self.stride
        points = points.grouped(stride)
        while len(points) > MOST_BUCKETS:
            stride *= 2
            points = points.grouped(stride)
        return Trace(points, stride, first, lowest)

    def has(self, metric: str) -> bool:
        """Say whether anything finite was measured of a metric."""
        return bool(np.isfinite(self._row(self.points.mean, metric)).any())

    def mean(self, metric: str) -> Floats:
        """Return a metric's mean over each point's steps, NaN where nothing finite was logged."""
        return self._row(self.points.mean, metric)

    def low(self, metric: str) -> Floats:
        """Return the least value of each point's steps, NaN where nothing finite was logged."""
        return self._row(self.points.low, metric)

    def high(self, metric: str) -> Floats:
        """Return the greatest value of each point's steps, NaN where nothing finite was logged."""
        return self._row(self.points.high, metric)

    def last(self, metric: str) -> float | None:
        """Return the last finite value of a metric."""
        values = self.mean(metric)
        finite = np.flatnonzero(np.isfinite(values))
        return float(values[finite[-1]]) if len(finite) else None

    def average(self, metric: str) -> float | None:
        """Return the mean of a metric over the whole run."""
        values = self.mean(metric)
        finite = np.isfinite(values)
        if not finite.any():
            return None
        return float(np.average(values[finite], weights=self.points.count[finite]))

    def smoothed_last(self, metric: str, weight: float = FINAL_WEIGHT) -> float | None:
        """Return the last value of the exponential moving average, with bias correction."""
        values = self.mean(metric)
        finite = np.isfinite(values)
        if not finite.any():
            return None
        counts = self.points.count[finite]
        behind = counts.sum() - np.cumsum(counts)
        shares = weight**behind * (1 - weight**counts)
        return float(np.average(values[finite], weights=shares))

    def seconds(self, started: float) -> Floats:
        """Return the wall-clock seconds of each point since a moment, never falling.

        Points that were stored together are spread evenly over the time since those before. One
        of which the time is not known stands where the one before it does.
        """
        points, timed = self.points, self.points.timed
        since = np.maximum.accumulate(np.maximum(points.at[timed] - started, 0.0))
        known = np.concatenate([[0.0], spread_ties(since)])
        seconds: Floats = known[np.cumsum(timed)]
        return seconds

    def _row(self, values: Floats, metric: str) -> Floats:
        row: Floats = values[VALUE_COLUMNS.index(metric)]
        return row


def lowest_of(points: Points, metric: str) -> Lowest | None:
    """Return the least value of a metric among points; the first of several equal ones."""
    values = points.low[VALUE_COLUMNS.index(metric)]
    if not np.isfinite(values).any():
        return None
    place = int(np.nanargmin(values))
    return Lowest(float(values[place]), int(points.step[place]))


def first_of(points: Points, metric: str) -> float | None:
    """Return the first finite value of a metric."""
    values = points.mean[VALUE_COLUMNS.index(metric)]
    finite = values[np.isfinite(values)]
    return float(finite[0]) if len(finite) else None


def spread_ties(moments: Floats) -> Floats:
    """Return rising moments with those of each group of equal ones spread since the one before.

    The first group begins at 0.
    """
    if not len(moments):
        return moments
    starts = np.flatnonzero(np.diff(moments, prepend=-1.0))
    sizes = np.diff(np.append(starts, len(moments)))
    ends = moments[starts]
    begins = np.concatenate([[0.0], ends[:-1]])
    place = np.arange(len(moments)) - np.repeat(starts, sizes) + 1
    share = place / np.repeat(sizes, sizes)
    spread: Floats = np.repeat(begins, sizes) + share * np.repeat(ends - begins, sizes)
    return spread
