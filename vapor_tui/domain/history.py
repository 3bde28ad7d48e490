"""A run's curves as one who watches it needs them: summed up at first, point by point at the end.

However long the run is, a bounded number of points is held, and what is looked at more closely
is laid over them as a detail.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeGuard

import numpy as np

from vapor_tui.domain.metrics import VALUE_COLUMNS
from vapor_tui.domain.traces import Lowest, Points, Trace, joined

RECENT = 4096
"""So many of the latest points are held one by one, at most twice as many."""
_MARGIN = 0.5
"""Of what is looked at, read on either side of it, so that a step aside shows at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Detail:
    """The steps behind one and until another, read as finely as they are looked at."""

    behind: int
    until: int
    size: int
    """Steps that share a point; 1 for points as they were logged."""
    points: Points
    rewrites: int = 0
    """Of the run when it was read; it belongs to a history with the same."""


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """What is known of a run's curves: extended as the run goes on, never changed."""

    trace: Trace = field(default_factory=Trace)
    recent: Points = field(default_factory=Points.none)
    """All points of the last steps; what the trace resumes after is always followed by these."""
    points: Points = field(default_factory=Points.none)
    """Stretches of the trace, and behind them the recent points."""
    rewrites: int = 0
    """How often points before the last one had changed in the run when it was read."""

    @classmethod
    def of(cls, trace: Trace, recent: Points, rewrites: int = 0) -> History:
        """Return a trace and the latest points as one; both end with the same point."""
        if int(trace.points.count.sum()) == len(recent):
            return cls(trace, recent, recent, rewrites)
        seam = _seam(trace, recent)
        points = joined([trace.points.up_to(seam), recent.behind(seam)])
        return cls(trace, recent, points, rewrites)

    def __len__(self) -> int:
        return len(self.points)

    @property
    def last_step(self) -> int:
        """The last step that was logged, 0 before the first."""
        return int(self.recent.step[-1]) if len(self.recent) else 0

    def extended(self, newer: Points) -> History:
        """Return the history with single points; those that it has of these steps are replaced.

        They must be behind what the trace resumes after, as the last point always is.
        """
        if not len(newer):
            return self
        recent = self.recent.up_to(int(newer.step[0]) - 1).then(newer)
        trace = self.trace.extended(recent.behind(self.trace.resume_after))
        if len(recent) > 2 * RECENT:
            needed = int(np.searchsorted(recent.step, trace.resume_after, side="right"))
            recent = recent.since(min(needed, len(recent) - RECENT))
        return History.of(trace, recent, self.rewrites)

    def goes_on_with(self, newer: Points) -> bool:
        """Say whether points begin with the last one, as those of the same run do."""
        return bool(len(newer) and len(self.recent) and newer.step[0] == self.recent.step[-1])

    def ends_as(self, newer: Points) -> bool:
        """Say whether points that begin with the last one bring nothing new."""
        last = self.recent.since(len(self.recent) - 1)
        return (
            len(newer) == len(last) == 1
            and np.array_equal(newer.mean, last.mean, equal_nan=True)
            and np.array_equal(newer.lost, last.lost)
        )

    # What the curves say in numbers

    def lowest(self, metric: str) -> Lowest | None:
        """Return the least value of a metric, of those whose lowest is kept."""
        return self.trace.lowest.get(metric)

    def smoothed_last(self, metric: str, weight: float) -> float | None:
        """Return the last value smoothed with a weight (0..1); None where there is none."""
        return Trace(self.points).smoothed_last(metric, weight)

    def evaluations(self) -> Sequence[float]:
        """Return the evaluations in order; of a long run those close together as their mean."""
        values = self.points.mean[VALUE_COLUMNS.index("eval_loss")]
        found: list[float] = values[np.isfinite(values)].tolist()
        return found

    def has(self, metric: str) -> bool:
        """Say whether anything finite was measured of a metric."""
        return self.trace.has(metric)

    # What is looked at closely

    @property
    def seam(self) -> int:
        """The step until which there are stretches; 0 when every point is held."""
        return 0 if self.points is self.recent else _seam(self.trace, self.recent)

    def agrees_with(self, detail: Detail | None) -> TypeGuard[Detail]:
        """Say whether there is a detail, read from the run as it is here."""
        return detail is not None and detail.rewrites == self.rewrites

    def with_detail(self, detail: Detail | None) -> Points:
        """Return the points with a detail in the place of what it shows more finely."""
        if not self.agrees_with(detail) or detail.behind >= self.seam or not len(detail.points):
            return self.points
        until = min(detail.until, self.seam)
        parts = [self.points.up_to(detail.behind), detail.points.up_to(until)]
        return joined([*parts, self.points.behind(until)])

    def resolution(self, low: float, high: float, detail: Detail | None) -> int:
        """Return how many steps share a point where this part of the run is coarsest."""
        if low >= self.seam:
            return 1
        if (
            not self.agrees_with(detail)
            or low < detail.behind
            or min(high, self.seam) > detail.until
        ):
            return self.trace.stride
        return detail.size

    def wanted_detail(
        self, low: float, high: float, columns: int, size_of: Callable[[int], int]
    ) -> tuple[int, int] | None:
        """Return behind and until which steps to read for a chart of so many columns.

        None when what is held does, or nothing finer can be had. `size_of` says how many steps
        would share a point of a detail.
        """
        stride, span = self.trace.stride, high - low
        if low >= self.seam or stride * columns <= span:
            return None
        for margin in (_MARGIN * span, 0.0):
            behind = max(int(low - margin), 0) // stride * stride
            until = min(-int(-(high + margin) // stride) * stride, self.seam)
            if size_of(until - behind) < stride:
                return behind, until
        return None


def _seam(trace: Trace, recent: Points) -> int:
    """Return the end of the last whole stretch that the recent points do not all cover."""
    return -(-(int(recent.step[0]) - 1) // trace.stride) * trace.stride if len(recent) else 0
