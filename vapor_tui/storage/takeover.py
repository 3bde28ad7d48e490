"""Takes jobs from workers that are gone, and gives them to whoever comes next."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, select, update

from vapor_tui.domain.jobs import Job
from vapor_tui.domain.lifecycle import Desired, Status
from vapor_tui.domain.notifications import status_notice
from vapor_tui.storage.events import record
from vapor_tui.storage.jobs import JOBS, jobs_by_id
from vapor_tui.storage.leases import released_status
from vapor_tui.storage.notifications import notify
from vapor_tui.storage.workers import Worker, unregister, worker_by_id

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
    held = connection.execute(select(JOBS.c.id).where(JOBS.c.lease_owner == dead.id)).scalars()
    jobs = jobs_by_id(connection, list(held))
    for job in jobs:
        release(connection, job, who)
    unregister(connection, dead.id)
    return jobs


def release(connection: Connection, job: Job, who: str, desired: Desired | None = None) -> None:
    """End or queue a job whose worker is gone, by what is wanted of it."""
    wanted = job.desired if desired is None else desired
    barren = job.barren_claims + 1
    status, reason, error = released_status(wanted), "its worker is gone", None
    if wanted is Desired.FAIL:
        status, error = Status.FAILED, "Made to fail by hand"
    elif status is Status.QUEUED and barren >= BARREN_CLAIMS:
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
    connection.execute(
        update(JOBS).where(JOBS.c.id == job.id, JOBS.c.fence == job.fence).values(**values)
    )
    reason = error or reason
    record(
        connection,
        job.id,
        "status",
        job.status,
        status,
        who=who,
        fence=job.fence,
        note=reason,
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
