"""Queued jobs that nobody takes, and why."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select

from vapor_tui.domain.jobs import Engine
from vapor_tui.domain.lifecycle import ACTIVE, Status
from vapor_tui.storage.job_rows import JOBS


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many of a person's jobs wait."""

    ready: int
    """For nothing but a worker with room, and for some time."""
    foreign: int
    """For a worker of another version: their engine is not run here."""


def waiting(
    connection: Connection, owner: str, engines: Collection[Engine], since: datetime
) -> Waiting:
    """Count the jobs that wait; those that were queued after `since` do not count as ready."""
    ours = JOBS.c.engine.in_(engines)
    return Waiting(
        ready=_queued(connection, owner, ours, JOBS.c.queued_at < since),
        foreign=_queued(connection, owner, ~ours),
    )


def held_by_some(connection: Connection, worker_ids: Collection[int]) -> int:
    """Return how many jobs these workers hold."""
    held = select(func.count()).select_from(JOBS).where(JOBS.c.lease_owner.in_(worker_ids))
    return int(connection.execute(held).scalar_one())


def active_jobs(connection: Connection, owner: str, engines: Collection[Engine]) -> int:
    """Return how many of a person's jobs of these engines run or wait to."""
    active = (JOBS.c.owner == owner, JOBS.c.status.in_(ACTIVE), JOBS.c.engine.in_(engines))
    return int(
        connection.execute(select(func.count()).select_from(JOBS).where(*active)).scalar_one()
    )


def _queued(connection: Connection, owner: str, *conditions: ColumnElement[bool]) -> int:
    queued = (JOBS.c.owner == owner, JOBS.c.status == Status.QUEUED)
    counted = select(func.count()).select_from(JOBS).where(*queued, *conditions)
    return int(connection.execute(counted).scalar_one())
