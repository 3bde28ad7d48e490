"""The curves of several jobs over each other; only the cells that change are sent."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from textual import events
from textual.reactive import var

from vapor_tui.domain.comparison import Axis, Compared, Comparison
from vapor_tui.ui.charting import axis_top, nice_top, smoothed, tick_step, whole_span
from vapor_tui.ui.curve_styles import CurveStyle, styles_of
from vapor_tui.ui.overlay import Curve, Overlay, draw_overlay
from vapor_tui.ui.widgets.lines import Line, LinesView

_SMALLEST_WIDTH, _SMALLEST_HEIGHT = 24, 5
_LOSSES = ("loss", "eval_loss")
_SPARSE = ("eval_loss",)
"""Measured seldom: smoothing would hide what it should show."""
_LOG_STEPS = 4
"""An axis of powers of ten ends at a quarter of one."""


@dataclass(frozen=True, slots=True)
class OverlayData:
    """What is charted, and how."""

    comparison: Comparison
    metric: str = "loss"
    axis: Axis = Axis.STEP
    smoothing: float = 0.9
    is_log: bool = False


class OverlayChart(LinesView):
    """Draws `data` when it changes."""

    DEFAULT_CSS = """
    OverlayChart { height: 1fr; min-height: 3; }
    """

    data: var[OverlayData | None] = var(None, init=False)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._top: float | None = None
        self._right: float | None = None

    def on_resize(self, _event: events.Resize) -> None:
        self._draw()

    def watch_data(self, before: OverlayData | None, after: OverlayData | None) -> None:
        if before is None or after is None or _scale_of(before) != _scale_of(after):
            self._top = self._right = None
        self._draw()

    def _draw(self) -> None:
        width, height = self.content_size
        data = self.data
        if data is None or width < _SMALLEST_WIDTH or height < _SMALLEST_HEIGHT:
            self.show([])
            return
        styles = styles_of(data.comparison.ids)
        curves = [overlaid_curve(job, styles[job.job.id], data) for job in data.comparison.jobs]
        if not any(len(curve.x) for curve in curves):
            self.show(_nothing(data, width, height))
            return
        ascii_only = bool(getattr(self.app, "ascii_only", False))
        picture = self._picture(data, curves)
        self.show(draw_overlay(picture, width, height, ascii_only=ascii_only))

    def _picture(self, data: OverlayData, curves: list[Curve]) -> Overlay:
        values = np.concatenate([curve.y for curve in curves])
        self._right = right_end(data, self._right)
        if data.is_log:
            low = math.floor(float(values.min()) * _LOG_STEPS) / _LOG_STEPS
            high = math.ceil(float(values.max()) * _LOG_STEPS) / _LOG_STEPS
            high = high if high > low else low + 1 / _LOG_STEPS
        else:
            greatest = float(values.max())
            is_loss = data.metric in _LOSSES
            self._top = (axis_top if is_loss else nice_top)(greatest, self._top)
            low, high = min(float(values.min()), 0.0), self._top
        return Overlay(curves, self._right, low, high, data.is_log, data.axis.is_in_seconds)


def overlaid_curve(compared: Compared, style: CurveStyle, data: OverlayData) -> Curve:
    """Return a job's curve as it is drawn: smoothed, or from the least to the greatest value."""
    trace, x = compared.trace, compared.along(data.axis)
    counts = trace.points.count
    if data.smoothing > 0 and data.metric not in _SPARSE:
        values = trace.mean(data.metric)
        finite = np.isfinite(values)
        # Where a point stands for many, it has to weigh as much as they would.
        together = max(float(np.median(counts)), 1.0) if len(counts) else 1.0
        x, y = x[finite], smoothed(values[finite], data.smoothing**together)
    elif (counts > 1).any():
        ends = np.stack([trace.low(data.metric), trace.high(data.metric)], axis=1).ravel()
        x, y = np.repeat(x, 2), ends
    else:
        y = trace.mean(data.metric)
    shown = np.isfinite(y) & np.isfinite(x)
    if data.is_log:
        shown &= np.nan_to_num(y) > 0
    x, y = x[shown], y[shown]
    return Curve(style, x, np.log10(y) if data.is_log else y)


def right_end(data: OverlayData, present: float | None = None) -> float:
    """Return where the x axis ends: with the longest run, which it grows towards in steps."""
    ends = [_end_of(compared, data.axis) for compared in data.comparison.jobs]
    end = max(ends, default=1.0)
    return max(end, present or 0.0)


def _end_of(compared: Compared, axis: Axis) -> float:
    job, last = compared.job, compared.end_along(axis)
    if axis.is_in_seconds:
        step = tick_step(last, 8)
        return math.ceil(round(last / step, 9)) * step if last > 0 else 1.0
    total = job.total_steps if axis is Axis.STEP else job.total_epochs
    if job.status.has_ended or not last:
        return max(last, 1e-9)
    return max(whole_span(math.ceil(last), total).high, last)


def _scale_of(data: OverlayData) -> tuple[object, ...]:
    return (data.metric, data.axis, data.is_log, data.comparison.ids)


def _nothing(data: OverlayData, width: int, height: int) -> list[Line]:
    if not any(len(compared.trace) for compared in data.comparison.jobs):
        text = "None of these jobs has logged a step"
    else:
        text = f"None of these jobs has logged {data.metric}"
    line: Line = ((text.center(width), "dim"),)
    return [*[()] * (height // 2), line, *[()] * (height - height // 2 - 1)]
