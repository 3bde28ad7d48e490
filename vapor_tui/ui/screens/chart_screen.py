"""What a person can do to look at a run's curves: metrics, scales, zoom, crosshair."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.reactive import var
from textual.timer import Timer

from vapor_tui.domain.comparison import Axis
from vapor_tui.domain.history import Detail, History
from vapor_tui.services.traces import detail_size, read_detail
from vapor_tui.ui.chart_view import (
    AXES,
    METRIC_TABS,
    STEP_TIME,
    WINDOW_STEPS,
    ChartView,
    next_metric,
)
from vapor_tui.ui.messages import DetailRead
from vapor_tui.ui.screens.finishing import ResultT
from vapor_tui.ui.screens.job_screen import JobScreen
from vapor_tui.ui.widgets.metric_chart import MetricChart
from vapor_tui.ui.widgets.metric_tabs import MetricTabs

if TYPE_CHECKING:
    from vapor_tui.ui.charting import Span

ZOOM = 0.5
"""A look closer shows so much of what was shown."""
DETAIL_SECONDS = 0.15
"""A part is read once it was looked at for so long: keys that are held down pass it by."""
CHART_ACTIONS = (
    *("metric", "window", "zoom", "move", "first", "last", "point"),
    *("axis", "log_scale", "clip", "smooth"),
)
"""What does nothing while the chart is hidden."""


class ChartScreen(JobScreen[ResultT]):
    """A screen with a run's curves; it keeps how they are looked at and reads what that takes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "metric(1)", "metric", id="chart.metric", tooltip="Show the next metric"),
        Binding(
            "M",
            "metric(-1)",
            "metric before",
            show=False,
            id="chart.metric_before",
            tooltip="Show the metric before",
        ),
        Binding(
            "w",
            "window",
            "window",
            id="monitor.window",
            tooltip=f"Show the last {WINDOW_STEPS} steps, or all",
        ),
        Binding(
            "plus,equals_sign",
            "zoom(-1)",
            "zoom",
            id="chart.zoom_in",
            tooltip="Look closer: at the crosshair, at the end or at the middle",
        ),
        Binding(
            "minus",
            "zoom(1)",
            "zoom out",
            show=False,
            id="chart.zoom_out",
            tooltip="Show more steps",
        ),
        Binding(
            "left",
            "move(-0.25)",
            "earlier",
            show=False,
            id="chart.left",
            tooltip="Look at earlier steps, where a part is shown",
        ),
        Binding(
            "right",
            "move(0.25)",
            "later",
            show=False,
            id="chart.right",
            tooltip="Look at later steps; at the end the run is followed again",
        ),
        Binding(
            "shift+left",
            "move(-1.0)",
            "a page earlier",
            show=False,
            id="chart.page_left",
            tooltip="Look at the steps before those that are shown",
        ),
        Binding(
            "shift+right",
            "move(1.0)",
            "a page later",
            show=False,
            id="chart.page_right",
            tooltip="Look at the steps after those that are shown",
        ),
        Binding(
            "g,home",
            "first",
            "start",
            show=False,
            id="chart.first",
            tooltip="Look at the first steps, as many as are shown",
        ),
        Binding(
            "G,end",
            "last",
            "follow",
            show=False,
            id="chart.last",
            tooltip="Look at the latest steps and follow the run",
        ),
        Binding(
            "comma",
            "point(-1)",
            "crosshair left",
            show=False,
            id="chart.point_left",
            tooltip="Read the values a column further left; the first time, at the end",
        ),
        Binding(
            "full_stop",
            "point(1)",
            "crosshair",
            show=False,
            id="chart.point_right",
            tooltip="Read the values a column further right; the first time, at the end",
        ),
        Binding(
            "X",
            "axis",
            "x axis",
            show=False,
            id="chart.axis",
            tooltip="Lay the curve by step, epoch or wall-clock time",
        ),
        Binding(
            "L",
            "log_scale",
            "log",
            show=False,
            id="chart.log_scale",
            tooltip="Logarithmic or linear",
        ),
        Binding(
            "O",
            "clip",
            "outliers",
            show=False,
            id="chart.clip",
            tooltip="Leave outliers out of the picture, or show them again",
        ),
        Binding(
            "left_square_bracket",
            "smooth(-1)",
            "smooth less",
            show=False,
            id="monitor.smooth_less",
            tooltip="Smooth the curve less",
        ),
        Binding(
            "right_square_bracket",
            "smooth(1)",
            "smooth",
            show=False,
            id="monitor.smooth_more",
            tooltip="Smooth the curve more",
        ),
        Binding(
            "escape",
            "clear",
            "back",
            show=False,
            id="chart.clear",
            tooltip="Take the crosshair away, then show all steps, then go back",
        ),
    ]

    view: var[ChartView] = var(ChartView, init=False)
    history: var[History] = var(History, init=False)

    def __init__(self) -> None:
        super().__init__()
        self._detail: Detail | None = None
        self._detail_due: Timer | None = None
        self._is_pinned = False

    @property
    def chart(self) -> MetricChart:
        return self.query_one(MetricChart)

    @property
    def detail(self) -> Detail | None:
        """What of the run was read more closely."""
        return self._detail

    @property
    def present(self) -> frozenset[str]:
        """The metrics that the run has logged."""
        found = {name for name in METRIC_TABS if name != STEP_TIME and self.history.has(name)}
        has_times = int(self.history.points.timed.sum()) > 1
        return frozenset(found | ({STEP_TIME} if has_times else set()))

    def show_chart(self) -> None:
        """Show the curves as they are looked at now."""

    def show_reading(self) -> None:
        """Show the values under the crosshair, or none."""

    def watch_view(self) -> None:
        self.show_chart()
        self.want_detail()

    # What is read more closely

    def want_detail(self) -> None:
        """Have what is shown read more finely, unless that is so already."""
        data = self.chart.data
        if data is None or self._wanted(data.span) is None:
            return
        if self._detail_due is not None:
            self._detail_due.stop()
        self._detail_due = self.set_timer(DETAIL_SECONDS, self._read_shown)

    def _wanted(self, shown: Span) -> tuple[int, int] | None:
        held = self._detail
        if self.history.agrees_with(held) and held.behind <= shown.low and shown.high <= held.until:
            stride = held.size
            if stride * self.chart.columns <= shown.high - shown.low or stride == 1:
                return None
        return self.history.wanted_detail(shown.low, shown.high, self.chart.columns, detail_size)

    def _read_shown(self) -> None:
        data = self.chart.data
        if data is not None and (wanted := self._wanted(data.span)) and self.subject is not None:
            self._read_detail(self.subject.id, *wanted)

    @work(group="detail", exclusive=True)
    async def _read_detail(self, job_id: int, behind: int, until: int) -> None:
        detail = await self.vapor.ask(read_detail, job_id, behind, until)
        if detail is not None:
            self.post_message(DetailRead(detail))

    @on(DetailRead)
    def _take_detail(self, message: DetailRead) -> None:
        self._detail = message.detail
        self.show_chart()
        self.show_reading()

    @on(MetricChart.Widened)
    def _widen(self) -> None:
        self.want_detail()

    # What a person does

    def action_metric(self, direction: int) -> None:
        metric = next_metric(self.view.metric, direction, self.present)
        self.view = replace(self.view, metric=metric)

    @on(MetricTabs.Chosen)
    def _choose(self, message: MetricTabs.Chosen) -> None:
        if message.metric == "loss" or message.metric in self.present:
            self.view = replace(self.view, metric=message.metric)

    def action_window(self) -> None:
        self.view = self.view.windowed()

    def action_zoom(self, direction: int) -> None:
        self._zoom(direction, self.chart.cursor)

    def _zoom(self, direction: int, around: float | None) -> None:
        if (data := self.chart.data) is not None:
            last, total = self.history.last_step, data.steps_to_come
            self.view = self.view.zoomed(ZOOM**-direction, last, around, total)

    def action_move(self, share: float) -> None:
        self.view = self.view.panned(share, self.history.last_step)

    def action_first(self) -> None:
        self.view = self.view.at_start(self.history.last_step)

    def action_last(self) -> None:
        self.view = self.view.following()

    def action_axis(self) -> None:
        has_times = not len(self.history) or self.history.points.timed.any()
        axes = [axis for axis in AXES if has_times or axis is not Axis.TIME]
        at = axes.index(self.view.axis) if self.view.axis in axes else -1
        self.view = replace(self.view, axis=axes[(at + 1) % len(axes)])

    def action_log_scale(self) -> None:
        self.view = replace(self.view, is_log=not self.view.is_log)

    def action_clip(self) -> None:
        self.view = replace(self.view, is_clipped=not self.view.is_clipped)

    def action_smooth(self, direction: int) -> None:
        self.view = self.view.smoother(direction)

    def action_point(self, columns: int) -> None:
        self._is_pinned = True
        self._point(self.chart.step_beside(self.chart.cursor, columns))

    def action_clear(self) -> None:
        if self.chart.cursor is not None:
            self._is_pinned = False
            self._point(None)
        elif self.view.is_close:
            self.view = self.view.whole()
        else:
            self.action_leave()

    @on(MetricChart.Pointed)
    def _follow_mouse(self, message: MetricChart.Pointed) -> None:
        if message.is_click:
            self._is_pinned = message.step is not None
        elif self._is_pinned:
            return  # it stays where a person has put it
        self._point(message.step)

    @on(MetricChart.Turned)
    def _turn(self, message: MetricChart.Turned) -> None:
        self._zoom(message.direction, message.step)

    def _point(self, step: float | None) -> None:
        self.chart.cursor = step
        self.show_reading()
