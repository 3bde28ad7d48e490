"""How a job fares: what was found, what happened to it, where its loss will end."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from vapor_tui.domain.forecast import Forecast, Silence
from vapor_tui.domain.health.findings import Finding, HealthChange, standing
from vapor_tui.domain.jobs import Job
from vapor_tui.services.forecast import read_forecast
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage.events import JobEvent, history
from vapor_tui.storage.health import health_history


@dataclass(frozen=True, slots=True)
class JobHealth:
    """One job's condition at one moment."""

    changes: list[HealthChange]
    """What was ever found, and what of it is over."""
    events: list[JobEvent]
    forecast: Forecast | Silence

    @property
    def findings(self) -> list[Finding]:
        """What is wrong now, the gravest first."""
        return list(standing(self.changes).values())


def job_health(workspace: Workspace, job: Job) -> JobHealth:
    """Return how a job fares."""
    return workspace.database.read(_read, job)


def _read(connection: Connection, job: Job) -> JobHealth:
    return JobHealth(
        changes=health_history(connection, job.id),
        events=history(connection, job.id),
        forecast=read_forecast(connection, job),
    )
