"""One job as it runs: its loss, its progress, its cost, its log."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.reactive import var

from vapor_tui.domain.lifecycle import Action
from vapor_tui.domain.text import printable
from vapor_tui.services.exports import save_metrics
from vapor_tui.services.forecast import forecast_now
from vapor_tui.services.monitor import monitor_news
from vapor_tui.ui.chart_lines import latest_line, reading_line, state_line
from vapor_tui.ui.chart_view import ChartView
from vapor_tui.ui.exporting import Export
from vapor_tui.ui.gpu_watch import GpuWatch
from vapor_tui.ui.messages import ActionDone, ForecastMade, GpusRead, NewsRead
from vapor_tui.ui.monitor_blocks import detail_lines, side_lines
from vapor_tui.ui.monitor_lines import (
    NAME_LENGTH,
    Figures,
    brief_lines,
    identity_line,
    title_line,
    values_line,
)
from vapor_tui.ui.screens.chart_screen import CHART_ACTIONS, ChartScreen
from vapor_tui.ui.watched_run import WatchedRun
from vapor_tui.ui.widgets.header import HeaderLine
from vapor_tui.ui.widgets.lines import FittedLines, Line, LinesView
from vapor_tui.ui.widgets.log_panel import KeptLog, LogPanel, log_lines
from vapor_tui.ui.widgets.log_view import LogView
from vapor_tui.ui.widgets.metric_chart import ChartData, MetricChart
from vapor_tui.ui.widgets.metric_tabs import MetricTabs

if TYPE_CHECKING:
    from vapor_tui.domain.jobs import Job
    from vapor_tui.domain.results import Result
    from vapor_tui.services.monitor import News

ENDED_SECONDS = 5.0
"""Between two questions about a job that has ended: it may be tried again elsewhere."""


class MonitorScreen(ChartScreen[None]):
    """Watches one job; asks for what is new once a second, and seldom once the job has ended."""

    CSS_PATH = "monitor.tcss"
    AUTO_FOCUS = ""  # nothing: the log is hidden at first
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "log", "log", id="monitor.log", tooltip="Show the log in place of the chart"),
        Binding(
            "slash",
            "search",
            "search",
            show=False,
            id="monitor.search",
            tooltip="Search the log",
        ),
        Binding(
            "c",
            "compare",
            "compare…",
            id="monitor.compare",
            tooltip="Lay this job and another side by side",
        ),
        Binding(
            "tab",
            "turn_over",
            "details",
            id="monitor.turn_over",
            tooltip="Show cost, health and settings in place of the chart, or the chart again",
        ),
    ]

    job: var[Job | None] = var(None, init=False)

    def __init__(self, job_id: int) -> None:
        super().__init__()
        self.job_id = job_id
        self._known = WatchedRun()
        self._gpus = GpuWatch(self.post_message)
        self._log = KeptLog()
        self._is_reading = False
        self._ended_due = 0.0

    @property
    def crumbs(self) -> tuple[str, ...]:
        return ("Jobs", f"#{self.job_id}")

    @property
    def subject(self) -> Job | None:
        return self.job

    def compose_body(self) -> ComposeResult:
        yield FittedLines(id="title")
        yield FittedLines(id="identity")
        with Horizontal(id="body"):
            with Vertical(id="main"):
                yield MetricTabs(id="tabs")
                yield FittedLines(id="chart-title")
                yield MetricChart()
                yield FittedLines(id="values")
                log = LogView()
                log.display = False
                yield log
            yield FittedLines(id="side")
        yield FittedLines(id="brief")
        yield FittedLines(id="tail")

    def on_mount(self) -> None:
        smoothing = self.vapor.preferences.monitor.smoothing
        self.set_reactive(ChartScreen.view, ChartView(smoothing=smoothing))
        self.watch(self.app, "second", self._show_text, init=False)
        self.set_interval(self.vapor.refresh_seconds, self._ask_while_active)
        self._ask()

    def on_unmount(self) -> None:
        self._gpus.close()

    def on_screen_resume(self) -> None:
        self._ask()

    def on_resize(self) -> None:
        self.call_after_refresh(self.refresh_bindings)  # some apply to small terminals only

    # What is asked for

    def _ask_while_active(self) -> None:
        if not self.is_seen:
            return
        if self.job is not None and self.job.status.has_ended:
            if time.monotonic() < self._ended_due:
                return
            self._ended_due = time.monotonic() + ENDED_SECONDS
        self._ask()
        self._gpus.ask(self.job)

    def _ask(self) -> None:
        if not self._is_reading and self.vapor.backend.is_open:
            # Until the answer is taken in: a second reading would bring the same news again.
            self._is_reading = True
            self._read()

    @work(group="news")
    async def _read(self) -> None:
        news = await self.vapor.ask(monitor_news, self.job_id, self._known.seen)
        self.post_message(NewsRead(news))

    @on(NewsRead)
    def _take(self, message: NewsRead) -> None:
        self._is_reading = False
        news = message.news
        if news is None:
            return
        if news.job is None:
            self._give_up()
            return
        self._take_log(news)
        now = time.monotonic()
        self._known.take(news, news.job, now)
        self.job = news.job
        self.set_reactive(ChartScreen.history, news.history)
        if self._known.wants_forecast(now):
            self._make_forecast(news.job)
        self.show_chart()
        self.want_detail()
        self._show_text()

    def _give_up(self) -> None:
        """Leave, since there is no such job; behind a dialog that waits for the next answer."""
        if self.is_active:
            self.notify(f"There is no job {self.job_id}", severity="warning", markup=False)
            self.finish()

    def _take_log(self, news: News) -> None:
        unseen = [line for line in news.lines if line.number > self._known.seen.line]
        if unseen:
            fresh = log_lines(unseen, self.vapor.clock().tzinfo)
            self._log = self._log.with_more(fresh)
            self.query_one(LogPanel).log_kept = self._log

    @work(group="forecast", exclusive=True)
    async def _make_forecast(self, job: Job) -> None:
        forecast = await self.vapor.ask(forecast_now, job)
        if forecast is not None:
            self.post_message(ForecastMade(forecast))

    @on(ForecastMade)
    def _take_forecast(self, message: ForecastMade) -> None:
        self._known.forecast = message.forecast
        self._show_text()

    @on(GpusRead)
    def _take_gpus(self, message: GpusRead) -> None:
        self._gpus.take(message.load)
        self._show_text()

    def action_was_done(self, message: ActionDone) -> None:
        from vapor_tui.domain.results import Ok

        if message.action is Action.DELETE and isinstance(message.answer, Ok):
            self.finish()
        else:
            self._ask()

    def was_annotated(self) -> None:
        self._ask()

    # What is shown

    def watch_job(self, before: Job | None, after: Job | None) -> None:
        if after is None:
            return
        self.query_one(HeaderLine).crumbs = (
            "Jobs",
            f"#{after.id} {printable(after.name, NAME_LENGTH)}",
        )
        if before is None or (before.status, before.desired) != (after.status, after.desired):
            self.refresh_bindings()

    def show_chart(self) -> None:
        job = self.job
        if job is None:
            return
        data = ChartData(
            history=self.history,
            view=self.view,
            detail=self.detail,
            total_steps=job.total_steps,
            steps_per_epoch=job.estimate.steps_per_epoch if job.estimate else 0,
            started=(job.started_at or job.queued_at).timestamp(),
            has_ended=job.status.has_ended,
            marks=self._known.marks,
        )
        self.chart.data = data
        self.query_one(MetricTabs).tell(self.view.metric, self.present)
        self._show_values()

    @on(FittedLines.Resized)
    def _show_text(self) -> None:
        """Show everything but the chart, whose texts change with the time too."""
        job = self.job
        if job is None or not self.is_seen:
            return
        now, figures = self.vapor.clock(), self._figures()
        self._fill("#title", [title_line(job, f"{now:%H:%M}", self._width("#title"))])
        self._fill("#identity", [identity_line(job, self._width("#identity"))])
        self._show_values(figures)
        side = self.query_one("#side")
        size = side.content_size
        blocks = side_lines if self.has_room_for_both else detail_lines
        self._fill("#side", blocks(job, now, figures, size.width, size.height))
        self._fill("#brief", brief_lines(job, now, figures, self._width("#brief")))
        height = self.query_one("#tail").content_size.height
        self._fill("#tail", self._log.lines[-height:] if height else ())

    def show_reading(self) -> None:
        self._show_values()

    def _show_values(self, figures: Figures | None = None) -> None:
        """Show how the chart is looked at, and below it the values: at the crosshair or latest."""
        job, data, reading = self.job, self.chart.data, self.chart.reading
        if job is None or data is None:
            return
        state = state_line(
            self.view,
            data.span,
            self._width("#chart-title"),
            has_ended=data.has_ended,
            is_named=not self.query_one(MetricTabs).display,
        )
        self._fill("#chart-title", [state])
        width = self._width("#values")
        if reading is not None:
            line = reading_line(reading, self.view.metric, width)
        elif self.view.metric == "loss":
            line = values_line(job, figures or self._figures(), width)
        else:
            line = latest_line(self.history, self.view, data.started, width)
        self._fill("#values", [line])

    def _fill(self, selector: str, lines: tuple[Line, ...] | list[Line]) -> None:
        self.query_one(selector, LinesView).show(lines)

    def _width(self, selector: str) -> int:
        return self.query_one(selector).content_size.width

    def _figures(self) -> Figures:
        smoothing, now = self.view.smoothing, time.monotonic()
        return self._known.figures(self.history, smoothing, self._gpus.load, now)

    # What is taken elsewhere

    @property
    def exports(self) -> Sequence[Export]:
        if self.job is None:
            return ()
        return (
            Export(
                "Export the metrics as CSV",
                "A line per logged step, for a spreadsheet",
                partial(self._save_metrics, ".csv"),
            ),
            Export(
                "Export the metrics as JSONL",
                "An object per logged step, for a program",
                partial(self._save_metrics, ".jsonl"),
            ),
        )

    async def _save_metrics(self, suffix: str) -> Result[Path] | None:
        if self.job is None:
            return None
        return await self.vapor.ask(save_metrics, self.job, suffix, Path())

    @property
    def command_words(self) -> tuple[str, ...]:
        return ("metrics", str(self.job_id), "--format", "csv") if self.job else ()

    # What a person does

    def action_log(self) -> None:
        shown = not self.has_class("-log")
        self.set_class(shown, "-log")
        self.remove_class("-details")
        self.query_one(LogView).display = shown
        self.set_focus(self.query_one(LogPanel) if shown else None)
        self.refresh_bindings()

    def action_search(self) -> None:
        if not self.has_class("-log"):
            self.action_log()
        self.query_one(LogView).start_search()

    def action_compare(self) -> None:
        from vapor_tui.ui.screens.pick_other import pick_other

        def picked(other: int) -> None:
            self.vapor.open_compare((self.job_id, other))

        pick_other(self, (self.job_id,), picked)

    def action_turn_over(self) -> None:
        if self.has_class("-log"):
            self.action_log()
        self.toggle_class("-details")
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "turn_over":
            return not self.has_room_for_both
        if action in CHART_ACTIONS and (self.has_class("-log") or self._shows_details):
            return False
        return super().check_action(action, parameters)

    @property
    def has_room_for_both(self) -> bool:
        """Whether the chart and the details stand side by side."""
        return not (self.has_class("-w60") or self.has_class("-w80"))

    @property
    def _shows_details(self) -> bool:
        return self.has_class("-details") and not self.has_room_for_both

    def action_clear(self) -> None:
        if self.has_class("-log"):
            self.action_log()
        elif self._shows_details:
            self.action_turn_over()
        else:
            super().action_clear()
