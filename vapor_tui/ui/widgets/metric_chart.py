"""One metric of a run: raw, smoothed, evaluated; only the cells that change are sent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from textual import events
from textual.message import Message
from textual.reactive import var

from vapor_tui.domain.comparison import Axis
from vapor_tui.domain.history import Detail, History
from vapor_tui.domain.metrics import VALUE_COLUMNS
from vapor_tui.domain.traces import Points
from vapor_tui.ui.axis_ticks import FRAME_WIDTH
from vapor_tui.ui.chart_view import METRIC_TABS, ChartView
from vapor_tui.ui.charting import Floats, Span, epochs_apart, runs
from vapor_tui.ui.crosshair import Reading, crossed
from vapor_tui.ui.metric_curve import (
    MetricCurve,
    Places,
    curve_of,
    raw_line,
    smooth_line,
    y_ends,
)
from vapor_tui.ui.plotting import Dots, Picture, draw
from vapor_tui.ui.widgets.lines import Line, LinesView

_SMALLEST_WIDTH, _SMALLEST_HEIGHT = 20, 5
_FOOT = 2
"""Lines of the x axis."""


@dataclass(frozen=True, slots=True)
class ChartData:
    """What is charted, and how it is looked at."""

    history: History
    view: ChartView = field(default_factory=ChartView)
    detail: Detail | None = None
    total_steps: int = 0
    steps_per_epoch: float = 0.0
    started: float = 0.0
    """In seconds since 1970."""
    has_ended: bool = False
    marks: tuple[int, ...] = ()
    """Steps where something was found to be wrong."""

    @property
    def span(self) -> Span:
        """The steps that are shown."""
        last = self.history.last_step
        return self.view.span(last, last if self.has_ended else self.steps_to_come)

    @property
    def steps_to_come(self) -> int:
        """How many steps the run will have had; 0 when there are no more."""
        return 0 if self.has_ended else self.total_steps


class MetricChart(LinesView):
    """Draws `data` when it changes, and the crosshair over it at `cursor`."""

    DEFAULT_CSS = """
    MetricChart { height: 1fr; min-height: 3; }
    """

    data: var[ChartData | None] = var(None, init=False)
    cursor: var[float | None] = var(None, init=False)
    """The step at which the values are read."""

    class Pointed(Message):
        """The mouse is at a step of the run; None when it has left."""

        def __init__(self, step: float | None, *, is_click: bool = False) -> None:
            super().__init__()
            self.step = step
            self.is_click = is_click

    class Turned(Message):
        """The wheel was turned over a step: up is -1."""

        def __init__(self, step: float | None, direction: int) -> None:
            super().__init__()
            self.step = step
            self.direction = direction

    class Widened(Message):
        """There are more or fewer columns than before."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ends: tuple[float, float] | None = None
        self._plain: list[Line] = []
        self._points = Points.none()
        self._places = Places.of(self._points, Axis.STEP, 0.0)
        self._curve: MetricCurve | None = None
        self._shown = Span(0, 1)  # along the axis that is looked at

    @property
    def columns(self) -> int:
        """How many columns the curve has."""
        return max(self.content_size.width - FRAME_WIDTH, 1)

    def on_resize(self, _event: events.Resize) -> None:
        self._draw()
        self.post_message(self.Widened())

    def watch_data(self, before: ChartData | None, after: ChartData | None) -> None:
        if before is None or after is None or _scale_of(before) != _scale_of(after):
            self._ends = None
        self._draw()

    def watch_cursor(self) -> None:
        self._show()

    # The crosshair

    def step_at(self, column: float) -> float | None:
        """Return the step at a column of the curve; None beside what was logged."""
        if self._curve is None or not 0 <= column < self.columns:
            return None
        share = column / max(self.columns - 1, 1)
        place = self._shown.low + share * (self._shown.high - self._shown.low)
        return self._places.step(place)

    def column_of(self, step: float) -> int | None:
        """Return the column of the curve that a step lies in; None where it is not shown."""
        wide = self._shown.high - self._shown.low
        share = (self._places.place(step) - self._shown.low) / wide
        return round(share * (self.columns - 1)) if 0 <= share <= 1 else None

    def step_beside(self, step: float | None, columns: int) -> float | None:
        """Return the step so many columns beside one, or where the curve ends for a start."""
        if self._curve is None or not len(self._curve.step):
            return None
        within = self._curve.step[self._curve.within(self._shown)]
        if not len(within):
            return None
        column = None if step is None else self.column_of(step)
        if column is None:
            return float(within[-1])
        found = self.step_at(min(max(column + columns, 0), self.columns - 1))
        return None if found is None else min(max(found, float(within[0])), float(within[-1]))

    @property
    def reading(self) -> Reading | None:
        """What lies under the crosshair; None while that is not in view."""
        if self.cursor is None or not len(self._points) or self.column_of(self.cursor) is None:
            return None
        return Reading.at(self._points, self.cursor, self._smoothed_at)

    def _smoothed_at(self, step: int) -> float | None:
        curve, data = self._curve, self.data
        if curve is None or data is None or data.view.weight <= 0:
            return None
        place = int(np.searchsorted(curve.step, step, side="right")) - 1
        value = float(curve.smooth[place]) if place >= 0 else float("nan")
        return value if np.isfinite(value) else None

    # Drawing

    def _draw(self) -> None:
        width, height = self.content_size
        data = self.data
        self._curve = None
        if data is None or width < _SMALLEST_WIDTH or height < _SMALLEST_HEIGHT:
            self._plain = []
        elif not len(data.history):
            text = "No step was logged" if data.has_ended else "Waiting for the first step"
            self._plain = _said(text, width, height)
        else:
            self._prepare(data)
            self._plain = self._drawn(data, width, height)
        self._show()

    def _prepare(self, data: ChartData) -> None:
        """Work out the curve, in points of one size wherever it is shown."""
        history, view, shown = data.history, data.view, data.span
        points = history.with_detail(data.detail)
        self._points = points.grouped(history.resolution(shown.low, shown.high, data.detail))
        self._places = Places.of(self._points, view.axis, data.started)
        self._shown = self._places.span(shown)
        self._curve = curve_of(self._points, self._places, data.started, view)

    def _drawn(self, data: ChartData, width: int, height: int) -> list[Line]:
        curve, view = self._curve, data.view
        assert curve is not None
        if not len(curve.step):
            return _said(f"{METRIC_TABS[view.metric]} was not logged", width, height)
        ascii_only = bool(getattr(self.app, "ascii_only", False))
        return draw(self._picture(data, curve), width, height, ascii_only=ascii_only)

    def _picture(self, data: ChartData, curve: MetricCurve) -> Picture:
        view, span, columns = data.view, self._shown, self.columns
        inside = curve.within(span)
        x, y = self._evaluations(view, span)
        low, high = np.append(curve.low[inside], y), np.append(curve.high[inside], y)
        self._ends = bottom, top = y_ends(low, high, view, self._ends)
        raw, smooth = raw_line(curve, span, columns), smooth_line(curve, span, columns)
        scale = _Scale(bottom, top, view.is_log)
        xs = curve.x[inside]
        cut = scale.of(curve.high[inside]) > top, scale.of(curve.low[inside]) < bottom
        lost = curve.lost[inside]
        shown_y = scale.of(y)
        dots: Dots = (x.tolist(), np.clip(shown_y, bottom, top).tolist())
        return Picture(
            raw=runs(raw[0], scale.near(raw[1])),
            smooth=runs(smooth[0], scale.near(smooth[1])) if view.weight > 0 else (),
            evaluations=dots,
            epochs=self._boundaries(data),
            left=span.low,
            right=span.high,
            low=bottom,
            high=top,
            marks=self._within(data.marks),
            lost=_one_a_column(xs[lost], span, columns),
            above=_one_a_column(xs[cut[0]], span, columns),
            below=_one_a_column(xs[cut[1]], span, columns),
            is_log=view.is_log,
            is_time=view.axis is Axis.TIME,
        )

    def _evaluations(self, view: ChartView, span: Span) -> tuple[Floats, Floats]:
        """Return the evaluations that are shown: beside the loss, whose scale they share."""
        if view.metric != "loss":
            return np.zeros(0), np.zeros(0)
        values = self._points.mean[VALUE_COLUMNS.index("eval_loss")]
        x = self._places.places[1:]
        shown = np.isfinite(values) & (x >= span.low) & (x <= span.high)
        if view.is_log:
            shown &= np.nan_to_num(values) > 0
        return x[shown], values[shown]

    def _boundaries(self, data: ChartData) -> list[float]:
        if data.steps_per_epoch <= 0:
            return []
        each, span = data.steps_per_epoch, data.span
        first, last = math.ceil(span.low / each), min(span.high, data.total_steps - 1) // each
        apart = epochs_apart(last - first + 1)
        begun = math.ceil(max(first, 1) / apart) * apart
        return self._within([n * each for n in range(begun, int(last) + 1, apart)])

    def _within(self, steps: Sequence[float]) -> list[float]:
        places = [self._places.place(step) for step in steps]
        return [place for place in places if self._shown.low < place < self._shown.high]

    def _show(self) -> None:
        column = None if self.cursor is None else self.column_of(self.cursor)
        if column is None or self._curve is None:
            self.show(self._plain)
            return
        rows = len(self._plain) - _FOOT
        self.show(
            [
                crossed(line, FRAME_WIDTH + column) if row < rows else line
                for row, line in enumerate(self._plain)
            ]
        )

    # The mouse

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self.post_message(self.Pointed(self._step_under(event)))

    def on_leave(self, _event: events.Leave) -> None:
        self.post_message(self.Pointed(None))

    def on_click(self, event: events.Click) -> None:
        self.post_message(self.Pointed(self._step_under(event), is_click=True))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.post_message(self.Turned(self._step_under(event), -1))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.post_message(self.Turned(self._step_under(event), 1))

    def _step_under(self, event: events.MouseEvent) -> float | None:
        offset = event.get_content_offset(self)
        return None if offset is None else self.step_at(offset.x - FRAME_WIDTH)


@dataclass(frozen=True, slots=True)
class _Scale:
    """The y axis; values are put on it as they are drawn."""

    low: float
    high: float
    is_log: bool

    def of(self, values: Floats) -> Floats:
        if not self.is_log:
            return values
        positive = np.where(np.nan_to_num(values) > 0, values, np.nan)
        return np.log10(positive)

    def near(self, values: Floats) -> Floats:
        """Return values that lie no further away than it takes to leave the picture."""
        wide = self.high - self.low
        return np.clip(self.of(values), self.low - wide, self.high + wide)


def _one_a_column(x: Floats, span: Span, columns: int) -> list[float]:
    """Return places for marks, one for each column that has any."""
    wide = span.high - span.low
    found = np.unique(np.round((x - span.low) / wide * (columns - 1)))
    places: list[float] = (span.low + found / max(columns - 1, 1) * wide).tolist()
    return places


def _said(text: str, width: int, height: int) -> list[Line]:
    line: Line = ((text.center(width), "dim"),)
    return [*[()] * (height // 2), line, *[()] * (height - height // 2 - 1)]


def _scale_of(data: ChartData) -> tuple[object, ...]:
    view = data.view
    return (view.metric, view.is_log, view.is_clipped, view.width)
