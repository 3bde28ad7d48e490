"""One metric of a run as numbers along an axis, smoothed and reduced to what can be drawn."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vapor_tui.domain.comparison import Axis
from vapor_tui.domain.metrics import VALUE_COLUMNS
from vapor_tui.domain.traces import Flags, Points, Trace
from vapor_tui.ui.chart_view import STEP_TIME, ChartView
from vapor_tui.ui.charting import (
    Floats,
    Span,
    Steps,
    axis_top,
    nice_top,
    reduced,
    smoothed,
    tick_step,
)

LOG_STEPS = 4
"""An axis of powers of ten ends at a quarter of one."""
_SHRINK_BELOW = 0.4
_KEPT_PERCENTILES = (1, 99)


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Where the steps of a run lie along an axis."""

    axis: Axis
    steps: Floats
    places: Floats

    @classmethod
    def of(cls, points: Points, axis: Axis, started: float) -> Places:
        """Return where points lie; time counts from when the job was started."""
        steps = np.concatenate([[0.0], points.step])
        match axis:
            case Axis.EPOCH:
                found = points.rising_epoch
            case Axis.TIME | Axis.SIMULATED:
                found = Trace(points).seconds(started)
            case Axis.STEP:
                found = points.step.astype(np.float64)
        return cls(axis, steps, np.concatenate([[0.0], found]))

    def place(self, step: float) -> float:
        """Return where a step lies; one that is still to come, at the pace so far."""
        if self.axis is Axis.STEP:
            return step
        pace = self.places[-1] / self.steps[-1] if self.steps[-1] else 1.0
        ahead = max(step - self.steps[-1], 0.0) * pace
        return float(np.interp(step, self.steps, self.places) + ahead)

    def step(self, place: float) -> float:
        """Return the step that lies at a place of those that were done."""
        return place if self.axis is Axis.STEP else float(np.interp(place, self.places, self.steps))

    def span(self, shown: Span) -> Span:
        """Return the part of the axis that these steps take."""
        low, high = self.place(shown.low), self.place(shown.high)
        if self.axis is Axis.TIME and high > low:
            unit = tick_step(high - low, 8)  # or it would move with every step
            high = math.ceil(round(high / unit, 9)) * unit
        return Span(low, high if high > low else low + 1)


@dataclass(frozen=True, slots=True, eq=False)
class MetricCurve:
    """A metric where it was measured: its least and greatest values, and the smoothed ones.

    `lost` says where it was measured and is not finite; there the values are NaN.
    """

    step: Steps
    x: Floats
    low: Floats
    high: Floats
    smooth: Floats
    lost: Flags

    def within(self, span: Span) -> slice:
        first, last = np.searchsorted(self.x, span.low), np.searchsorted(self.x, span.high, "right")
        return slice(int(first), int(last))


def curve_of(points: Points, places: Places, started: float, view: ChartView) -> MetricCurve:
    """Return the metric of a look along its axis; `places` are those of the points."""
    if view.metric == STEP_TIME:
        low = high = mean = step_times(points, started)
        lost = np.zeros(len(points), dtype=np.bool_)
    else:
        row = VALUE_COLUMNS.index(view.metric)
        low, high, mean = points.low[row], points.high[row], points.mean[row]
        lost = points.lost[row] & ~np.isfinite(mean)
    known = np.isfinite(mean) | lost
    if places.axis is Axis.TIME:
        known &= points.timed
    smooth = smoothed(mean[known], view.weight, points.count[known])
    values = (points.step[known], places.places[1:][known], low[known], high[known], smooth)
    return MetricCurve(*values, lost[known])


def step_times(points: Points, started: float) -> Floats:
    """Return the seconds that a step took at each point."""
    seconds = Trace(points).seconds(started)
    found = np.full(len(points), np.nan)  # of the first one, getting ready is a part
    found[1:] = np.diff(seconds) / np.diff(points.step)
    found[1:][~(points.timed[1:] & points.timed[:-1])] = np.nan
    return found


def raw_line(curve: MetricCurve, span: Span, buckets: int) -> tuple[Floats, Floats]:
    """Return the values as they were logged: in each bucket the least and the greatest."""
    if np.array_equal(curve.low, curve.high, equal_nan=True):
        return _line(curve.x, curve.low, span, buckets)
    ends = np.stack([curve.low, curve.high], axis=1).ravel()
    return _line(np.repeat(curve.x, 2), ends, span, buckets)


def smooth_line(curve: MetricCurve, span: Span, buckets: int) -> tuple[Floats, Floats]:
    """Return the smoothed values in as many points as can be drawn."""
    return _line(curve.x, np.where(curve.lost, np.nan, curve.smooth), span, buckets)


def _line(x: Floats, y: Floats, span: Span, buckets: int) -> tuple[Floats, Floats]:
    """Return a line that goes on to the points beside what is shown."""
    xs, ys = reduced(x, y, span.low, span.high, buckets)
    before = int(np.searchsorted(x, span.low)) - 1
    behind = int(np.searchsorted(x, span.high, side="right"))
    if before >= 0:
        xs, ys = np.append(x[before], xs), np.append(y[before], ys)
    if behind < len(x):
        xs, ys = np.append(xs, x[behind]), np.append(ys, y[behind])
    return xs, ys


def y_ends(
    low: Floats, high: Floats, view: ChartView, present: tuple[float, float] | None
) -> tuple[float, float]:
    """Return where the y axis begins and ends, moving in steps; in log10 when it is logarithmic.

    `present` is where it does now; it stays there as long as that fits the values.
    """
    values = np.concatenate([low, high])
    values = values[np.isfinite(values) & ((values > 0) | (not view.is_log))]
    if not len(values):
        return present or ((-1.0, 0.0) if view.is_log else (0.0, 1.0))
    least, greatest = float(values.min()), float(values.max())
    if view.is_clipped:
        least, greatest = map(float, np.percentile(values, _KEPT_PERCENTILES))
    if view.is_log:
        return _steady(math.log10(least), math.log10(greatest), present, 1 / LOG_STEPS)
    if view.is_close:
        return _steady(least, greatest, present)
    top = (axis_top if view.metric == "loss" else nice_top)(
        greatest, present[1] if present else None
    )
    if least >= 0:
        return 0.0, top
    unit = tick_step(top - least, 8)
    return min(math.floor(least / unit) * unit, present[0] if present else 0.0), top


def _steady(
    least: float, greatest: float, present: tuple[float, float] | None, unit: float | None = None
) -> tuple[float, float]:
    """Return ends around these values at whole units, the present ones where they still fit."""
    if present is not None and present[0] <= least and greatest <= present[1]:
        needed = greatest - least
        if needed >= _SHRINK_BELOW * (present[1] - present[0]):
            return present
    if unit is None:
        unit = tick_step(max(greatest - least, abs(greatest) * 1e-6, 1e-12), 6)
    low = math.floor(round(least / unit, 9)) * unit
    high = math.ceil(round(greatest / unit, 9)) * unit
    return low, high if high > low else low + unit
