"""All that one refresh of a monitor needs, in one short read."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from vapor_tui.domain.health.findings import HealthChange
from vapor_tui.domain.history import History
from vapor_tui.domain.jobs import Job
from vapor_tui.services.traces import first_lost_step, history_now
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import jobs as job_queries
from vapor_tui.storage.health import health_history
from vapor_tui.storage.logs import LogLine, lines_after


@dataclass(frozen=True, slots=True)
class Seen:
    """What a monitor has already, so that only what is new is read."""

    version: int | None = None
    history: History | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class News:
    """What has come since; `job` is None when there is no such job."""

    job: Job | None
    history: History
    """The very same one when no point is new."""
    lines: tuple[LogLine, ...]
    version: int | None
    """The data version it was read at."""
    health: tuple[HealthChange, ...] = ()
    """What was ever found, and what of it is over."""
    first_bad_step: int | None = None
    """Where the loss became what it is now: no finite number."""


def monitor_news(workspace: Workspace, job_id: int, seen: Seen) -> News | None:
    """Return what is new of a job, or None when nothing at all was written since `seen`."""
    version = workspace.database.data_version()
    if version is not None and version == seen.version:
        return None
    return workspace.database.read(_news, workspace.owner, job_id, seen, version)


def _news(connection: Connection, owner: str, job_id: int, seen: Seen, version: int | None) -> News:
    job = job_queries.job_by_id(connection, owner, job_id)
    if job is None:
        return News(None, History(), (), version)
    history = history_now(connection, job_id, seen.history)
    is_bad = "loss" in job.current_metrics.non_finite
    return News(
        job=job,
        history=history,
        lines=tuple(lines_after(connection, job_id, seen.line)),
        version=version,
        health=tuple(health_history(connection, job_id)),
        first_bad_step=first_lost_step(connection, job_id, history) if is_bad else None,
    )
