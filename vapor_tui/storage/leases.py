"""What a worker writes: claims of jobs, and their progress under a fence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
    update,
)

from vapor_tui.domain.estimate import final_cost
from vapor_tui.domain.health.findings import HealthChange
from vapor_tui.domain.jobs import CurrentMetrics, Job, Placement
from vapor_tui.domain.lifecycle import HELD, Desired, Position, Status
from vapor_tui.domain.metrics import MetricsBlock, Void
from vapor_tui.domain.notifications import Notice, budget_notice, status_notice
from vapor_tui.domain.sources import SourceState
from vapor_tui.storage.events import record
from vapor_tui.storage.health import store_health
from vapor_tui.storage.job_rows import JOBS
from vapor_tui.storage.jobs import EVERYTHING, Claimable, jobs_by_id
from vapor_tui.storage.logs import append_lines
from vapor_tui.storage.metrics import store_blocks
from vapor_tui.storage.notifications import notify


@dataclass(frozen=True, slots=True)
class Lease:
    """A worker's right to write a job: every write names the fence it was given with."""

    job_id: int
    worker_id: int
    fence: int

    @property
    def who(self) -> str:
        """The worker, as the history names it."""
        return f"worker {self.worker_id}"


@dataclass(frozen=True, slots=True)
class Advance:
    """What a worker has to store of one job in one tick.

    It applies only to a job that is still at `before` under the lease's fence.
    """

    lease: Lease
    before: Position
    after: Position
    status: Status
    """What the job is after this: still held, ended, paused, or queued again."""
    progress: float
    """Percent."""
    current_metrics: CurrentMetrics
    current_cost: float
    """USD without storage."""
    estimated_completion_at: datetime | None = None
    blocks: Sequence[MetricsBlock | Void] = ()
    lines: Sequence[str] = ()
    source: SourceState | None = None
    """Of a run that is followed: how far these blocks go, and what is known of it."""
    final_cost: float | None = None
    error_message: str | None = None
    error_stack: str | None = None
    error_repeats: bool = False
    artifact_path: str | None = None
    reason: str = ""
    """Why it ended, for the history and the notification."""
    notices: Sequence[Notice] = ()
    health: Sequence[HealthChange] = ()
    """What the blocks have shown, or that there are none."""

    @property
    def moved(self) -> bool:
        """Whether the job has come further, in its run or in what there is to read of it."""
        return self.after != self.before or self.source is not None


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
    suspect = JOBS.c.barren_claims > 0
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


_ADVANCE = (
    update(JOBS)
    .where(
        JOBS.c.id == bindparam("job"),
        JOBS.c.fence == bindparam("held_fence"),
        JOBS.c.lease_owner == bindparam("holder"),
        JOBS.c.current_stage == bindparam("from_stage"),
        JOBS.c.current_epoch == bindparam("from_epoch"),
        JOBS.c.stage_seconds == bindparam("from_seconds"),
        JOBS.c.current_step == bindparam("from_step"),
    )
    .values(
        {
            name: bindparam(f"new_{name}")
            for name in (
                "status",
                "lease_owner",
                "current_stage",
                "current_epoch",
                "stage_seconds",
                "current_step",
                "progress",
                "current_metrics",
                "current_cost",
                "estimated_completion_at",
                "completed_at",
                "final_cost",
                "error_message",
                "error_stack",
                "error_repeats",
                "artifact_path",
                "barren_claims",
                "updated_at",
            )
        }
    )
)


def store_advances(connection: Connection, advances: Sequence[Advance]) -> set[int]:
    """Store one tick of a worker; return the numbers of the jobs that are no longer its own.

    A job whose fence, holder or position does not match is left untouched, metrics included.
    """
    if not advances:
        return set()
    jobs = {job.id: job for job in jobs_by_id(connection, [a.lease.job_id for a in advances])}
    lost: set[int] = set()
    for advance in advances:
        job = jobs.get(advance.lease.job_id)
        if job is None or not _store(connection, job, advance):
            lost.add(advance.lease.job_id)
    return lost


def _store(connection: Connection, job: Job, advance: Advance) -> bool:
    lease, now = advance.lease, datetime.now(UTC)
    status, final = advance.status, advance.final_cost
    if status in (Status.QUEUED, Status.PAUSED):
        # What a person asked for last must not be lost with the worker that they asked.
        status = released_status(job.desired)
        final = job.final_cost_of(advance.current_cost) if status.has_ended else None
    held = status in HELD
    changed = connection.execute(
        _ADVANCE,
        {
            "job": lease.job_id,
            "held_fence": lease.fence,
            "holder": lease.worker_id,
            "from_stage": advance.before.stage,
            "from_epoch": advance.before.epoch,
            "from_seconds": advance.before.seconds,
            "from_step": advance.before.step,
            "new_status": status,
            "new_lease_owner": lease.worker_id if held else None,
            "new_current_stage": advance.after.stage,
            "new_current_epoch": advance.after.epoch,
            "new_stage_seconds": advance.after.seconds,
            "new_current_step": advance.after.step,
            "new_progress": advance.progress,
            "new_current_metrics": advance.current_metrics,
            "new_current_cost": advance.current_cost,
            "new_estimated_completion_at": advance.estimated_completion_at,
            "new_completed_at": now if status.has_ended else None,
            "new_final_cost": final,
            "new_error_message": advance.error_message,
            "new_error_stack": advance.error_stack,
            "new_error_repeats": advance.error_repeats,
            "new_artifact_path": advance.artifact_path,
            "new_barren_claims": 0 if advance.moved else job.barren_claims,
            "new_updated_at": now,
        },
    )
    if changed.rowcount != 1:
        return False
    if advance.source is not None:
        _store_source(connection, job, advance.source, status)
    store_blocks(connection, job.id, advance.blocks)
    append_lines(connection, job.id, advance.lines)
    store_health(connection, job, advance.health, who=lease.who, fence=lease.fence)
    _tell(connection, job, replace(advance, status=status, final_cost=final), now)
    return True


def _store_source(connection: Connection, job: Job, source: SourceState, status: Status) -> None:
    """Store how far a followed run has been read, and what it says of itself."""
    facts = source.facts
    values: dict[str, Any] = {
        "source_state": source.model_copy(update={"settings": None}),
        "source_offset": source.offset,
        "total_steps": facts.total_steps or job.total_steps,
        "total_epochs": facts.total_epochs or job.total_epochs,
        "started_at": facts.started_at or job.started_at,
    }
    if source.settings is not None:
        base_model = source.settings.get("base_model")
        values["run_settings"] = source.settings
        values["base_model"] = job.base_model or (str(base_model) if base_model else None)
    if status.has_ended:
        values["completed_at"] = source.heard_at or datetime.now(UTC)
    connection.execute(update(JOBS).where(JOBS.c.id == job.id).values(**values))


def released_status(desired: Desired) -> Status:
    """Return what becomes of a held job that its worker gives up, by what a person wants."""
    return {
        Desired.STOP: Status.CANCELLED,
        Desired.PAUSE: Status.PAUSED,
    }.get(desired, Status.QUEUED)


def _tell(connection: Connection, job: Job, advance: Advance, now: datetime) -> None:
    """Write the history and the notifications of a change of status or stage."""
    lease = advance.lease
    if (advance.before.stage, advance.before.epoch) != (advance.after.stage, advance.after.epoch):
        record(
            connection,
            job.id,
            "stage",
            _stage(advance.before),
            _stage(advance.after),
            who=lease.who,
            fence=lease.fence,
        )
    if advance.status is not job.status:
        record(
            connection,
            job.id,
            "status",
            job.status,
            advance.status,
            who=lease.who,
            fence=lease.fence,
            note=advance.reason,
        )
        notice = status_notice(
            job.name,
            advance.status,
            reason=advance.reason,
            seconds=_elapsed(job, advance, now),
            cost=advance.final_cost or advance.current_cost,
            is_attached=job.is_attached,
        )
        if notice is not None:
            notify(connection, job.owner, notice, job.id)
    spent = budget_notice(
        job.name,
        job.budget,
        final_cost(job.current_cost),
        final_cost(advance.current_cost),
    )
    for notice in (spent, *advance.notices):
        if notice is not None:
            notify(connection, job.owner, notice, job.id)


def _elapsed(job: Job, advance: Advance, now: datetime) -> float | None:
    """Return the seconds that a run took: by its own log, where that is what is known of it."""
    if advance.source is None:
        return job.elapsed(now)
    begun, ended = advance.source.facts.started_at, advance.source.heard_at
    return (ended - begun).total_seconds() if begun and ended else None


def _stage(position: Position) -> str:
    return f"{position.stage} {position.epoch}" if position.epoch else position.stage.value
