"""Takes jobs from workers that are gone or give them up, for whoever comes next."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import IntegrityError

from vapor_tui.domain.estimate import final_cost
from vapor_tui.domain.jobs import (
    Job,
    Placement,
)
from vapor_tui.domain.lifecycle import Desired, Status, closing_line
from vapor_tui.domain.notifications import status_notice
from vapor_tui.storage.claims import held_by
from vapor_tui.storage.events import record
from vapor_tui.storage.job_rows import JOBS
from vapor_tui.storage.jobs import jobs_by_id
from vapor_tui.storage.leases import released_status
from vapor_tui.storage.logs import append_lines
from vapor_tui.storage.notifications import notify
from vapor_tui.storage.workers import Worker, orphaned, unregister, worker_by_id

log = logging.getLogger(__name__)

BARREN_CLAIMS = 3
"""So many times a job may lose its worker without having come any further."""

_BARREN = (
    f"It made no progress in {BARREN_CLAIMS} attempts: each time, its worker died. "
    "See the log, then retry or start anew with other settings"
)


def take_over(connection: Connection, dead: Worker, who: str) -> list[Job]:
    """Release the jobs of a worker that is gone; return them as they were.

    Compares before it swaps: a worker that has given a sign of life since `dead` was read keeps
    its jobs. What a person had asked of a job is done to it.
    """
    now = worker_by_id(connection, dead.id)
    if now is None or now.heartbeat != dead.heartbeat:
        return []
    jobs = _release_each(connection, held_by(connection, dead.id), who)
    unregister(connection, dead.id)
    return jobs


def release_orphans(connection: Connection, owner: str, who: str) -> list[Job]:
    """Release a person's jobs whose worker has no row any more; return them as they were.

    Somebody has removed that row by hand: the jobs are not to blame.
    """
    orphans = jobs_by_id(connection, orphaned(connection, owner))
    return _release_each(connection, orphans, who, is_barren=False)


def leave(connection: Connection, worker_id: int) -> None:
    """Release whatever a worker still holds, known to it or not, and remove its row."""
    _release_each(
        connection,
        held_by(connection, worker_id),
        f"worker {worker_id}",
        is_barren=False,
        note="its worker left",
    )
    unregister(connection, worker_id)


def _release_each(connection: Connection, jobs: Iterable[Job], who: str, **how: Any) -> list[Job]:
    """Release jobs; one whose row the database refuses to change keeps no other from it."""
    released = []
    for job in jobs:
        try:
            with connection.begin_nested():
                release(connection, job, who, **how)
        except IntegrityError:
            log.exception("job %s cannot be released", job.id)
            continue
        released.append(job)
    return released


def release(
    connection: Connection,
    job: Job,
    who: str,
    desired: Desired | None = None,
    *,
    is_barren: bool = True,
    note: str = "its worker is gone",
) -> None:
    """End or queue a job whose worker is gone, by what is wanted of it.

    `is_barren` counts it as an attempt of which the job may have been the end.
    """
    wanted = job.desired if desired is None else desired
    # A log that is only watched may rest for days: that its job does not move says nothing.
    is_barren = is_barren and job.placement is not Placement.ATTACHED
    barren = job.barren_claims + is_barren
    status, error = released_status(wanted), None
    if wanted is Desired.FAIL:
        status, error = Status.FAILED, "Made to fail by hand"
    elif is_barren and status is Status.QUEUED and barren >= BARREN_CLAIMS:
        status, error = Status.FAILED, _BARREN
    values: dict[str, Any] = {
        "status": status,
        "lease_owner": None,
        "barren_claims": barren,
        "estimated_completion_at": None,
        "error_message": error,
    }
    if status.has_ended:
        values |= {
            "completed_at": datetime.now(UTC),
            "final_cost": job.final_cost_of(job.current_cost),
        }
    if status.has_ended and not job.is_attached:
        closing = closing_line(status, wanted, job.current_epoch, error or "")
        append_lines(connection, job.id, [closing])
    connection.execute(
        update(JOBS).where(JOBS.c.id == job.id, JOBS.c.fence == job.fence).values(**values)
    )
    record(
        connection,
        job.id,
        "status",
        job.status,
        status,
        who=who,
        fence=job.fence,
        note=error or note,
    )
    notice = status_notice(
        job.name,
        status,
        reason=error or "",
        cost=job.current_cost,
        is_attached=job.is_attached,
    )
    if notice is not None:
        notify(connection, job.owner, notice, job.id)


def fail_held(connection: Connection, worker_id: int, job_id: int, reason: str) -> None:
    """Fail a job that its worker cannot drive or store, and change nothing else of it."""
    row = connection.execute(
        select(
            JOBS.c.owner,
            JOBS.c.name,
            JOBS.c.placement,
            JOBS.c.status,
            JOBS.c.fence,
            JOBS.c.current_cost,
        ).where(JOBS.c.id == job_id, JOBS.c.lease_owner == worker_id)
    ).first()
    if row is None:
        return
    # The row may be one that cannot be read.
    cost = row.current_cost if isinstance(row.current_cost, float) else 0.0
    is_attached = row.placement == Placement.ATTACHED
    connection.execute(
        update(JOBS)
        .where(JOBS.c.id == job_id)
        .values(
            status=Status.FAILED,
            lease_owner=None,
            estimated_completion_at=None,
            completed_at=datetime.now(UTC),
            final_cost=None if is_attached else final_cost(cost),
            error_message=reason,
        )
    )
    if not is_attached:
        closing = closing_line(Status.FAILED, Desired.RUN, 0, reason)
        append_lines(connection, job_id, [closing])
    who = f"worker {worker_id}"
    record(
        connection,
        job_id,
        "status",
        row.status,
        Status.FAILED,
        who=who,
        fence=row.fence,
        note=reason,
    )
    notice = status_notice(
        row.name, Status.FAILED, reason=reason, cost=cost, is_attached=is_attached
    )
    if notice is not None:
        notify(connection, row.owner, notice, job_id)
