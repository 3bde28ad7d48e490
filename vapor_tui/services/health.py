"""How a job fares: what was found, what happened to it, where its loss will end."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from vapor_tui.domain.forecast import Forecast, Silence
from vapor_tui.domain.health.findings import Finding, HealthChange, standing
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.metrics import MetricsBlock
from vapor_tui.services.forecast import forecast_of, read_points
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
    is_measured: bool
    """Whether a loss has been logged, so that something can be said."""

    @property
    def findings(self) -> list[Finding]:
        """What is wrong now, the gravest first."""
        return list(standing(self.changes).values())


def job_health(workspace: Workspace, job: Job) -> JobHealth:
    """Return how a job fares."""
    points, changes, events = workspace.database.read(_read, job)
    is_measured = bool(len(points)) and points.last_measured("loss") is not None
    return JobHealth(changes, events, forecast_of(job, points, changes), is_measured)


def _read(
    connection: Connection, job: Job
) -> tuple[MetricsBlock, list[HealthChange], list[JobEvent]]:
    """Return what is stored; a forecast takes too long for a transaction."""
    return (
        read_points(connection, job),
        health_history(connection, job.id),
        history(connection, job.id),
    )
