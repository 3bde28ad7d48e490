"""How a worker takes queued jobs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, exists, func, or_, select, update

from vapor_tui.domain.jobs import Job, Placement
from vapor_tui.domain.lifecycle import Status
from vapor_tui.domain.notifications import status_notice
from vapor_tui.storage.events import record
from vapor_tui.storage.job_rows import JOBS
from vapor_tui.storage.jobs import EVERYTHING, Claimable, jobs_by_id
from vapor_tui.storage.notifications import notify

MOST_WATCHED = 64
"""Attached jobs that are claimed at once: to follow a log takes next to nothing."""


def claim(
    connection: Connection,
    owner: str,
    worker_id: int,
    most: int,
    kinds: Claimable = EVERYTHING,
) -> list[Job]:
    """Take up to `most` of a person's queued jobs, oldest first, in one atomic step.

    Those that only watch come on top: they must not wait for others to be trained.
    Of the jobs that may have killed their last worker, one at a time, until it has come further:
    a job that kills every worker must not take the others with it.
    """
    return _take(connection, worker_id, _wanted(owner, worker_id, most, kinds))


def candidates(
    connection: Connection, owner: str, worker_id: int, most: int, kinds: Claimable
) -> list[int]:
    """Return the numbers of the jobs that `claim` would take."""
    wanted = select(JOBS.c.id).where(_wanted(owner, worker_id, most, kinds))
    return list(connection.execute(wanted.order_by(JOBS.c.queued_at, JOBS.c.id)).scalars())


def _wanted(owner: str, worker_id: int, most: int, kinds: Claimable) -> ColumnElement[bool]:
    queued = (JOBS.c.owner == owner, JOBS.c.status == Status.QUEUED, kinds.condition)
    is_attached = JOBS.c.placement == Placement.ATTACHED
    by_age = (JOBS.c.queued_at, JOBS.c.id)
    suspect = and_(JOBS.c.barren_claims > 0, ~is_attached)
    first_suspect = select(JOBS.c.id).where(*queued, suspect).order_by(*by_age).limit(1)
    on_trial = exists().where(JOBS.c.lease_owner == worker_id, suspect)
    free = or_(~suspect, and_(JOBS.c.id == first_suspect.scalar_subquery(), ~on_trial))
    oldest = select(JOBS.c.id).where(*queued, free, ~is_attached).order_by(*by_age).limit(most)
    watched = select(JOBS.c.id).where(*queued, free, is_attached).limit(MOST_WATCHED)
    return or_(*(JOBS.c.id.in_(which.scalar_subquery()) for which in (oldest, watched)))


def held_by(connection: Connection, worker_id: int) -> list[Job]:
    """Return the jobs that a worker holds, whether it knows or not."""
    held = connection.execute(select(JOBS.c.id).where(JOBS.c.lease_owner == worker_id)).scalars()
    return jobs_by_id(connection, list(held))


def claim_job(connection: Connection, worker_id: int, job_id: int) -> Job | None:
    """Take this one job if it is queued; None when it is not any more."""
    taken = _take(connection, worker_id, JOBS.c.id == job_id)
    return taken[0] if taken else None


def _take(connection: Connection, worker_id: int, which: Any) -> list[Job]:
    claimed = connection.execute(
        update(JOBS)
        .where(JOBS.c.status == Status.QUEUED, which)
        .values(
            status=Status.INITIALIZING,
            lease_owner=worker_id,
            fence=JOBS.c.fence + 1,
            # When a run began that is only watched, its own log says.
            started_at=case(
                (JOBS.c.placement == Placement.ATTACHED, JOBS.c.started_at),
                else_=func.coalesce(JOBS.c.started_at, datetime.now(UTC)),
            ),
            estimated_completion_at=None,
        )
        .returning(JOBS.c.id)
    ).scalars()
    jobs = jobs_by_id(connection, list(claimed))
    for job in jobs:
        record(
            connection,
            job.id,
            "status",
            Status.QUEUED,
            Status.INITIALIZING,
            who=f"worker {worker_id}",
            fence=job.fence,
        )
        notice = status_notice(job.name, Status.INITIALIZING, is_attached=job.is_attached)
        if notice is not None and job.fence == 1:
            notify(connection, job.owner, notice, job.id)
    return jobs
