"""All that one refresh of a monitor needs, in one short read."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from vapor_tui.domain.health.findings import HealthChange
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.metrics import MetricsBlock
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import jobs as job_queries
from vapor_tui.storage.health import health_history
from vapor_tui.storage.logs import LogLine, lines_after
from vapor_tui.storage.metrics import metrics_after


@dataclass(frozen=True, slots=True)
class Seen:
    """What a monitor has already, so that only what is new is read."""

    version: int | None = None
    step: int = 0
    line: int = 0


@dataclass(frozen=True, slots=True)
class News:
    """What has come since; `job` is None when there is no such job."""

    job: Job | None
    metrics: MetricsBlock | None
    """Points from the last known step on: an evaluation completes the row of that step."""
    lines: tuple[LogLine, ...]
    version: int | None
    """The data version it was read at."""
    health: tuple[HealthChange, ...] = ()
    """What was ever found, and what of it is over."""


def monitor_news(workspace: Workspace, job_id: int, seen: Seen) -> News | None:
    """Return what is new of a job, or None when nothing at all was written since `seen`."""
    version = workspace.database.data_version()
    if version is not None and version == seen.version:
        return None
    return workspace.database.read(_news, workspace.owner, job_id, seen, version)


def _news(connection: Connection, owner: str, job_id: int, seen: Seen, version: int | None) -> News:
    job = job_queries.job_by_id(connection, owner, job_id)
    if job is None:
        return News(None, None, (), version)
    # Where the steps of a followed run have fallen, earlier points may be others than they were.
    known = seen.step if job.current_step >= seen.step else 0
    metrics = metrics_after(connection, job_id, max(0, known - 1))
    return News(
        job=job,
        metrics=metrics if len(metrics) else None,
        lines=tuple(lines_after(connection, job_id, seen.line)),
        version=version,
        health=tuple(health_history(connection, job_id)),
    )
