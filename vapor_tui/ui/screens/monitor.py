"""One job as it runs: its loss, its progress, its cost, its log."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.reactive import var

from vapor_tui.domain.eta import PaceMeter
from vapor_tui.domain.health.findings import HealthKind, standing
from vapor_tui.domain.lifecycle import Action, Stage, Status
from vapor_tui.domain.text import printable
from vapor_tui.services.exports import save_metrics
from vapor_tui.services.forecast import forecast_of
from vapor_tui.services.monitor import Seen, monitor_news
from vapor_tui.ui.charting import Series
from vapor_tui.ui.exporting import Export
from vapor_tui.ui.messages import ActionDone, ForecastMade, NewsRead
from vapor_tui.ui.monitor_blocks import side_lines
from vapor_tui.ui.monitor_lines import (
    NAME_LENGTH,
    Figures,
    brief_lines,
    chart_title,
    identity_line,
    title_line,
    values_line,
)
from vapor_tui.ui.screens.job_screen import JobScreen
from vapor_tui.ui.widgets.header import HeaderLine
from vapor_tui.ui.widgets.lines import FittedLines, Line, LinesView
from vapor_tui.ui.widgets.log_panel import LogPanel, log_lines
from vapor_tui.ui.widgets.loss_chart import ChartData, LossChart

if TYPE_CHECKING:
    from vapor_tui.domain.forecast import Forecast, Silence
    from vapor_tui.domain.health.findings import Finding, HealthChange
    from vapor_tui.domain.jobs import Job
    from vapor_tui.domain.metrics import MetricsBlock
    from vapor_tui.domain.results import Result
    from vapor_tui.services.monitor import News

SMOOTHING_STEPS = (0.0, 0.3, 0.6, 0.8, 0.9, 0.95, 0.99)
WINDOW_STEPS = 200
FORECAST_SECONDS = 3.0
"""Between two forecasts, at least."""
_KEPT_LINES = 10_000


class MonitorScreen(JobScreen[None]):
    """Watches one job; asks for what is new once a second until the job has ended."""

    CSS_PATH = "monitor.tcss"
    AUTO_FOCUS = ""  # nothing: the log is hidden at first
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "log", "log", id="monitor.log", tooltip="Show the log in place of the chart"),
        Binding(
            "w",
            "window",
            "window",
            id="monitor.window",
            tooltip=f"Show the last {WINDOW_STEPS} steps, or all",
        ),
        Binding(
            "c",
            "compare",
            "compare…",
            id="monitor.compare",
            tooltip="Lay this job and another side by side",
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
    ]

    job: var[Job | None] = var(None, init=False)
    smoothing: var[float] = var(0.0, init=False)
    window: var[int | None] = var(None, init=False)

    def __init__(self, job_id: int) -> None:
        super().__init__()
        self.job_id = job_id
        self._series = Series()
        self._seen = Seen()
        self._version = 0
        self._meter = PaceMeter()
        self._health: tuple[HealthChange, ...] = ()
        self._forecast: Forecast | Silence | None = None
        self._forecast_due = 0.0
        self._log: tuple[Line, ...] = ()
        self._is_reading = False

    @property
    def crumbs(self) -> tuple[str, ...]:
        return ("Jobs", f"#{self.job_id}")

    @property
    def subject(self) -> Job | None:
        return self.job

    @property
    def chart(self) -> LossChart:
        return self.query_one(LossChart)

    def compose_body(self) -> ComposeResult:
        yield FittedLines(id="title")
        yield FittedLines(id="identity")
        with Horizontal(id="body"):
            with Vertical(id="main"):
                yield LinesView(id="chart-title")
                yield LossChart()
                yield FittedLines(id="values")
                yield LogPanel()
            yield FittedLines(id="side")
        yield FittedLines(id="brief")
        yield FittedLines(id="tail")

    def on_mount(self) -> None:
        self.set_reactive(MonitorScreen.smoothing, self.vapor.preferences.monitor.smoothing)
        self.watch(self.app, "second", self._show_text, init=False)
        self.set_interval(self.vapor.refresh_seconds, self._ask_while_active)
        self._ask()

    def on_screen_resume(self) -> None:
        self._ask()

    # What is asked for

    def _ask_while_active(self) -> None:
        if self.is_seen and not (self.job is not None and self.job.status.has_ended):
            self._ask()

    def _ask(self) -> None:
        if not self._is_reading and self.vapor.backend.is_open:
            # Until the answer is taken in: a second reading would bring the same news again.
            self._is_reading = True
            self._read()

    @work(group="news")
    async def _read(self) -> None:
        self.post_message(NewsRead(await self.vapor.ask(monitor_news, self.job_id, self._seen)))

    @on(NewsRead)
    def _take(self, message: NewsRead) -> None:
        self._is_reading = False
        news = message.news
        if news is None:
            return
        if news.job is None:
            self._give_up()
            return
        self._take_points(news)
        self._take_log(news)
        self._seen = Seen(
            news.version,
            self._series.last_step,
            news.lines[-1].number if news.lines else self._seen.line,
        )
        self._take_pace(news.job)
        self._health = news.health
        self.job = news.job
        self._forecast_when_due()
        self._show_chart()
        self._show_text()

    def _give_up(self) -> None:
        """Leave, since there is no such job; behind a dialog that waits for the next answer."""
        if self.is_active:
            self.notify(f"There is no job {self.job_id}", severity="warning", markup=False)
            self.dismiss()

    def _take_points(self, news: News) -> None:
        if news.metrics is not None:
            self._series.add(news.metrics)
            self._version += 1

    def _take_log(self, news: News) -> None:
        unseen = [line for line in news.lines if line.number > self._seen.line]
        if unseen:
            fresh = log_lines(unseen, self.vapor.clock().tzinfo)
            self._log = (*self._log, *fresh)[-_KEPT_LINES:]
            self.query_one(LogPanel).lines = self._log

    def _take_pace(self, job: Job) -> None:
        if job.current_stage is Stage.TRAINING and job.status.is_active:
            self._meter.observe(job.current_step, self.vapor.clock().timestamp())
        else:
            self._meter.interrupt()

    def _forecast_when_due(self) -> None:
        """Ask for a forecast where there is something new, and not too often."""
        job, now = self.job, time.monotonic()
        if job is None or job.status.has_ended or now < self._forecast_due:
            return
        self._forecast_due = now + FORECAST_SECONDS
        self._make_forecast(job, self._series.block(), self._health)

    @work(group="forecast", exclusive=True)
    async def _make_forecast(
        self, job: Job, points: MetricsBlock, health: tuple[HealthChange, ...]
    ) -> None:
        self.post_message(ForecastMade(await asyncio.to_thread(forecast_of, job, points, health)))

    @on(ForecastMade)
    def _take_forecast(self, message: ForecastMade) -> None:
        self._forecast = message.forecast
        self._show_text()

    def action_was_done(self, message: ActionDone) -> None:
        from vapor_tui.domain.results import Ok

        if message.action is Action.DELETE and isinstance(message.answer, Ok):
            if self.is_active:
                self.dismiss()
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

    def _show_chart(self) -> None:
        job = self.job
        if job is None:
            return
        per_epoch = job.estimate.steps_per_epoch if job.estimate else 0
        self.chart.data = ChartData(
            series=self._series,
            version=self._version,
            total_steps=job.total_steps,
            steps_per_epoch=per_epoch,
            has_ended=job.status.has_ended,
            smoothing=self.smoothing,
            window=self.window,
            marks=tuple(c.finding.step for c in self._health if not c.is_over),
        )
        self.query_one("#chart-title", LinesView).show([chart_title(self.smoothing, self.window)])

    @on(FittedLines.Resized)
    def _show_text(self) -> None:
        """Show everything but the chart, whose texts change with the time too."""
        job = self.job
        if job is None or not self.is_seen:
            return
        now, figures = self.vapor.clock(), self._figures()
        self._fill("#title", [title_line(job, f"{now:%H:%M}", self._width("#title"))])
        self._fill("#identity", [identity_line(job, self._width("#identity"))])
        self._fill("#values", [values_line(job, figures, self._width("#values"))])
        side = self.query_one("#side")
        size = side.content_size
        self._fill("#side", side_lines(job, now, figures, size.width, size.height))
        self._fill("#brief", brief_lines(job, now, figures, self._width("#brief")))
        height = self.query_one("#tail").content_size.height
        self._fill("#tail", self._log[-height:] if height else ())

    def _fill(self, selector: str, lines: tuple[Line, ...] | list[Line]) -> None:
        self.query_one(selector, LinesView).show(lines)

    def _width(self, selector: str) -> int:
        return self.query_one(selector).content_size.width

    def _figures(self) -> Figures:
        """Return the figures of the present curve."""
        series = self._series
        pace = self._meter.seconds_per_step
        figures = Figures(
            steps_per_second=1 / pace if pace else None,
            findings=self._findings(),
            recovery=next((c.finding for c in reversed(self._health) if c.is_over), None),
            forecast=self._forecast,
        )
        losses, evaluated = series.column("loss"), series.column("eval_loss")
        finite = np.isfinite(losses)
        if not finite.any():
            return figures
        best = int(np.where(finite, losses, np.inf).argmin())
        smooth = self.chart.smoothed
        last = int(np.flatnonzero(finite)[-1])
        return replace(
            figures,
            smoothed=float(smooth[last]) if last < len(smooth) else None,
            best=float(losses[best]),
            best_step=int(series.step[best]),
            evaluations=evaluated[np.isfinite(evaluated)].tolist(),
            first_bad_step=self._first_bad_step(),
        )

    def _findings(self) -> tuple[Finding, ...]:
        """Return what is wrong; nothing that nobody works on stands still."""
        found = standing(self._health)
        if self.job is None or self.job.status is not Status.RUNNING:
            found.pop(HealthKind.STALLED, None)
        return tuple(found.values())

    def _first_bad_step(self) -> int | None:
        job = self.job
        if job is None or "loss" not in job.current_metrics.non_finite:
            return None
        losses = self._series.column("loss")
        finite = np.flatnonzero(np.isfinite(losses))
        behind = int(finite[-1]) + 1 if len(finite) else 0
        return int(self._series.step[min(behind, len(losses) - 1)]) if len(losses) else None

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
        if shown:
            self.query_one(LogPanel).focus()
        else:
            self.set_focus(None)

    def action_compare(self) -> None:
        from vapor_tui.ui.screens.pick_other import pick_other

        def picked(other: int) -> None:
            self.vapor.open_compare((self.job_id, other))

        pick_other(self, (self.job_id,), picked)

    def action_window(self) -> None:
        self.window = WINDOW_STEPS if self.window is None else None

    def action_smooth(self, direction: int) -> None:
        steps = [step for step in SMOOTHING_STEPS if (step - self.smoothing) * direction > 0]
        self.smoothing = min(
            steps, key=lambda step: abs(step - self.smoothing), default=self.smoothing
        )

    def watch_smoothing(self) -> None:
        self._show_chart()
        self._show_text()

    def watch_window(self) -> None:
        self._show_chart()
