"""What a monitor knows of its run from one refresh to the next, apart from how it looks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vapor_tui.domain.eta import PaceMeter
from vapor_tui.domain.health.findings import HealthKind, standing
from vapor_tui.domain.lifecycle import HELD, Stage, Status
from vapor_tui.services.monitor import Seen
from vapor_tui.ui.monitor_lines import Figures

if TYPE_CHECKING:
    from vapor_tui.domain.forecast import Forecast, Silence
    from vapor_tui.domain.health.findings import Finding, HealthChange
    from vapor_tui.domain.history import History
    from vapor_tui.domain.jobs import Job
    from vapor_tui.services.monitor import News
    from vapor_tui.ui.gpu_lines import GpuState

FORECAST_SECONDS = 3.0
"""Between two forecasts, at least."""


class WatchedRun:
    """Gathers the news of one job; every `clock` is monotonic, in seconds."""

    def __init__(self) -> None:
        self.seen = Seen()
        """What need not be read again."""
        self.forecast: Forecast | Silence | None = None
        """None while it is not made yet."""
        self._job: Job | None = None
        self._first_bad_step: int | None = None
        self._health: tuple[HealthChange, ...] = ()
        self._meter = PaceMeter()
        self._forecast_due = 0.0

    def take(self, news: News, job: Job, clock: float) -> None:
        """Take in what is new of the job."""
        last_line = news.lines[-1].number if news.lines else self.seen.line
        self.seen = Seen(news.version, news.history, last_line)
        self._job = job
        self._first_bad_step = news.first_bad_step
        self._health = news.health
        self._take_pace(job, clock)

    def _take_pace(self, job: Job, clock: float) -> None:
        if job.status not in HELD:
            self._meter = PaceMeter()
        elif job.current_stage is Stage.TRAINING:
            self._meter.observe(job.current_step, clock)
        else:
            self._meter.interrupt()

    def wants_forecast(self, clock: float) -> bool:
        """Say whether it is time for another forecast; once said, it is not for a while."""
        if self._job is None or self._job.status.has_ended or clock < self._forecast_due:
            return False
        self._forecast_due = clock + FORECAST_SECONDS
        return True

    @property
    def marks(self) -> tuple[int, ...]:
        """The steps at which something was found to be wrong."""
        return tuple(change.finding.step for change in self._health if not change.is_over)

    def figures(self, history: History, smoothing: float, gpus: GpuState, clock: float) -> Figures:
        """Return the figures of the present curve, smoothed as the chart is (0..1)."""
        pace, is_quiet = self._meter.seconds_per_step, self._meter.is_quiet(clock)
        figures = Figures(
            steps_per_second=1 / pace if pace and not is_quiet else None,
            is_quiet=is_quiet,
            findings=self._findings(),
            recovery=next((c.finding for c in reversed(self._health) if c.is_over), None),
            forecast=self.forecast,
            gpus=gpus,
        )
        best = history.lowest("loss")
        if best is None:
            return figures
        return replace(
            figures,
            smoothed=history.smoothed_last("loss", smoothing),
            best=best.value,
            best_step=best.step,
            evaluations=history.evaluations(),
            first_bad_step=self._first_bad_step,
        )

    def _findings(self) -> tuple[Finding, ...]:
        """Return what is wrong; nothing that nobody works on stands still."""
        found = standing(self._health)
        if self._job is None or self._job.status is not Status.RUNNING:
            found.pop(HealthKind.STALLED, None)
        return tuple(found.values())
