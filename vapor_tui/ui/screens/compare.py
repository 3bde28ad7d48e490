"""Two to six jobs side by side: their curves over each other, and a table of what differs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.reactive import var

from vapor_tui.domain.comparison import MOST, Axis
from vapor_tui.domain.text import printable
from vapor_tui.domain.traces import FINAL_WEIGHT
from vapor_tui.services.compare import (
    comparison_news,
    comparison_table,
    save_curves,
)
from vapor_tui.services.export_files import ExportTable
from vapor_tui.ui.chart_view import next_smoothing
from vapor_tui.ui.compare_lines import METRIC_NAMES, legend_lines, title_line
from vapor_tui.ui.exporting import Export
from vapor_tui.ui.messages import ComparisonRead
from vapor_tui.ui.screens.base import VaporScreen
from vapor_tui.ui.screens.pick_other import pick_other
from vapor_tui.ui.widgets.compare_table import CompareTable
from vapor_tui.ui.widgets.lines import FittedLines, LinesView
from vapor_tui.ui.widgets.overlay_chart import OverlayChart, OverlayData

if TYPE_CHECKING:
    from vapor_tui.domain.comparison import Comparison
    from vapor_tui.domain.results import Result

METRICS = tuple(METRIC_NAMES)


class CompareScreen(VaporScreen[None]):
    """Asks for what is new as long as one of the jobs goes on."""

    CSS_PATH = "compare.tcss"
    AUTO_FOCUS = "CompareTable"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "tab",
            "turn_over",
            "table",
            id="compare.turn_over",
            tooltip="Show the table without the chart, or the chart again",
        ),
        Binding(
            "X",
            "axis",
            "x axis",
            id="compare.axis",
            tooltip="Lay the curves by step, epoch or time",
        ),
        Binding("m", "metric(1)", "metric", id="compare.metric", tooltip="Show the next metric"),
        Binding(
            "M",
            "metric(-1)",
            "metric before",
            show=False,
            id="compare.metric_before",
            tooltip="Show the metric before",
        ),
        Binding("L", "log_scale", "log", id="compare.log_scale", tooltip="Logarithmic or linear"),
        Binding(
            "left_square_bracket",
            "smooth(-1)",
            "smooth less",
            show=False,
            id="compare.smooth_less",
            tooltip="Smooth the curves less",
        ),
        Binding(
            "right_square_bracket",
            "smooth(1)",
            "smooth",
            show=False,
            id="compare.smooth_more",
            tooltip="Smooth the curves more",
        ),
        Binding("c", "add", "add…", id="compare.add", tooltip="Compare with one more job"),
    ]

    job_ids: var[tuple[int, ...]] = var((), init=False)
    metric: var[str] = var(METRICS[0], init=False)
    axis: var[Axis] = var(Axis.STEP, init=False)
    smoothing: var[float] = var(FINAL_WEIGHT, init=False)
    is_log: var[bool] = var(False, init=False)

    def __init__(self, job_ids: Sequence[int]) -> None:
        super().__init__()
        self.set_reactive(CompareScreen.job_ids, tuple(job_ids))
        self.comparison: Comparison | None = None
        self._is_reading = False

    @property
    def crumbs(self) -> tuple[str, ...]:
        numbers = ", ".join(f"#{job_id}" for job_id in self.job_ids)
        return ("Jobs", f"Compare {numbers}")

    @property
    def table(self) -> CompareTable:
        return self.query_one(CompareTable)

    def compose_body(self) -> ComposeResult:
        yield FittedLines(id="title")
        yield FittedLines(id="legend")
        yield OverlayChart()
        yield CompareTable()

    def on_mount(self) -> None:
        self.set_interval(self.vapor.refresh_seconds, self._ask_while_active)
        self._ask()

    def on_screen_resume(self) -> None:
        self._ask()

    def on_resize(self, _event: events.Resize) -> None:
        self.call_after_refresh(self._settle)

    # What is asked for

    def _ask_while_active(self) -> None:
        if self.is_seen and not self._is_final:
            self._ask()

    @property
    def _is_final(self) -> bool:
        """Whether nothing can change any more in what is compared."""
        known = self.comparison
        return known is not None and known.has_ended and known.ids == self.job_ids

    def _ask(self) -> None:
        if not self._is_reading and self.vapor.backend.is_open:
            # Until the answer is taken in: a second reading would read the same points again.
            self._is_reading = True
            self._read()

    @work(group="news")
    async def _read(self) -> None:
        answer = await self.vapor.ask(comparison_news, self.job_ids, self.comparison)
        self.post_message(ComparisonRead(answer))

    @on(ComparisonRead)
    def _take(self, message: ComparisonRead) -> None:
        from vapor_tui.domain.results import Ok, Refused

        self._is_reading = False
        match message.answer:
            case Ok(comparison):
                self.comparison = comparison
                self._show()
                self.refresh_bindings()
                if comparison.ids != self.job_ids:
                    self._ask()  # one was added while these were read
            case Refused() as refused if self.is_active:
                self.notify(printable(refused.error), severity="warning", markup=False)
                self.finish()

    # What is shown

    def _show(self) -> None:
        comparison = self.comparison
        if comparison is None:
            return
        self.query_one(OverlayChart).data = OverlayData(
            comparison, self.metric, self.axis, self.smoothing, self.is_log
        )
        table = self.table
        table.tell(comparison, self.vapor.clock())
        table.styles.max_height = table.wanted_height
        self._show_lines()

    @on(FittedLines.Resized)
    def _show_lines(self) -> None:
        title, legend = (self.query_one(name, LinesView) for name in ("#title", "#legend"))
        if (comparison := self.comparison) is None or not (width := title.content_size.width):
            return
        title.show([title_line(self.metric, self.axis, self.smoothing, self.is_log, width)])
        legend.show(legend_lines(comparison, self.metric, width))

    # What a person does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "add":
            return len(self.job_ids) < MOST
        return super().check_action(action, parameters)

    def action_turn_over(self) -> None:
        self.toggle_class("-table")
        self.call_after_refresh(self._settle)

    def _settle(self) -> None:
        # A table that was hidden has lost the focus.
        if self.focused is None and self.table.display:
            self.table.focus()
        self.refresh_bindings()

    def action_axis(self) -> None:
        axes = self.comparison.axes if self.comparison else (self.axis,)
        self.axis = axes[(axes.index(self.axis) + 1) % len(axes)]

    def action_metric(self, direction: int) -> None:
        self.metric = METRICS[(METRICS.index(self.metric) + direction) % len(METRICS)]

    def action_log_scale(self) -> None:
        self.is_log = not self.is_log

    def action_smooth(self, direction: int) -> None:
        self.smoothing = next_smoothing(self.smoothing, direction)

    def action_add(self) -> None:
        def picked(other: int) -> None:
            self.job_ids = (*self.job_ids, other)

        pick_other(self, self.job_ids, picked)

    def watch_job_ids(self) -> None:
        from vapor_tui.ui.widgets.header import HeaderLine

        self.query_one(HeaderLine).crumbs = self.crumbs
        self._ask()

    def watch_metric(self) -> None:
        self._show()

    def watch_axis(self) -> None:
        self._show()

    def watch_smoothing(self) -> None:
        self._show()

    def watch_is_log(self) -> None:
        self._show()

    @on(CompareTable.Opened)
    def _open(self, message: CompareTable.Opened) -> None:
        if self.is_active:
            self.vapor.open_monitor(message.job_id)

    # What can be written to a file

    @property
    def exports(self) -> Sequence[Export]:
        if self.comparison is None:
            return ()
        curves = Export(
            "Export the curves as CSV",
            "A line per job and logged step, for a spreadsheet",
            self._save_curves,
        )
        return (*super().exports, curves)

    async def exported_table(self) -> ExportTable | None:
        """Return a row for each job."""
        if self.comparison is None:
            return None
        columns, rows = comparison_table(self.comparison, self.vapor.clock())
        return ExportTable("comparison", tuple(columns), rows)

    @property
    def command_words(self) -> Sequence[str]:
        return ("compare", *map(str, self.job_ids)) if self.comparison else ()

    async def _save_curves(self) -> Result[Path] | None:
        if self.comparison is None:
            return None
        return await self.vapor.ask(save_curves, self.comparison, Path())
