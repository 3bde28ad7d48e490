"""What a worker writes of the jobs that it holds, under the fence it was given with each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Connection,
    select,
    update,
)

from vapor_tui.domain.estimate import final_cost
from vapor_tui.domain.health.findings import HealthChange, Withdrawn
from vapor_tui.domain.jobs import (
    CurrentMetrics,
    Job,
)
from vapor_tui.domain.lifecycle import HELD, Desired, Position, Status, closing_line
from vapor_tui.domain.metrics import MetricsBlock, Void
from vapor_tui.domain.notifications import Notice, budget_notice, status_notice
from vapor_tui.domain.sources import SourceState
from vapor_tui.storage.events import record
from vapor_tui.storage.health import store_health
from vapor_tui.storage.job_rows import JOBS
from vapor_tui.storage.jobs import jobs_by_id
from vapor_tui.storage.logs import append_lines
from vapor_tui.storage.metrics import driver, store_blocks
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
    health: Sequence[HealthChange | Withdrawn] = ()
    """What the blocks have shown, or that there are none."""

    @property
    def moved(self) -> bool:
        """Whether the job has come further, in its run or in what there is to read of it."""
        return self.after != self.before or self.source is not None


_LIFE = ("status", "lease_owner", "completed_at")
"""What changes with the status alone. Indexes have it, which would be written with every step."""
_FIGURES = (
    "current_stage",
    "current_epoch",
    "stage_seconds",
    "current_step",
    "progress",
    "current_metrics",
    "current_cost",
    "estimated_completion_at",
    "final_cost",
    "error_message",
    "error_stack",
    "error_repeats",
    "artifact_path",
    "barren_claims",
    "updated_at",
)


def _update(columns: Sequence[str]) -> str:
    """Return the statement that sets columns of a job at a position.

    It goes the driver's own way, and without the whole job where only figures change: a worker
    can hold a thousand jobs.
    """
    return f"""
    UPDATE training_jobs SET {", ".join(f"{name} = ?" for name in columns)}
    WHERE id = ? AND fence = ? AND lease_owner = ?
    AND current_stage = ? AND current_epoch = ? AND stage_seconds = ? AND current_step = ?
    """


_GO_ON = _update(_FIGURES)
_CHANGE = _update((*_FIGURES, *_LIFE))


@dataclass(frozen=True, slots=True)
class _Known:
    """What of a stored job says whether more than figures is to be written."""

    id: int
    status: str
    budget: float | None
    barren_claims: int


def store_advances(connection: Connection, advances: Sequence[Advance]) -> set[int]:
    """Store one tick of a worker; return the numbers of the jobs that are no longer its own.

    A job whose fence, holder or position does not match is left untouched, metrics included.
    """
    if not advances:
        return set()
    stored = [JOBS.c[field.name] for field in fields(_Known)]
    held = JOBS.c.id.in_([advance.lease.job_id for advance in advances])
    known = {row.id: _Known(*row) for row in connection.execute(select(*stored).where(held))}
    eventful = [
        advance.lease.job_id
        for advance in advances
        if advance.lease.job_id in known and _is_eventful(known[advance.lease.job_id], advance)
    ]
    jobs = {job.id: job for job in jobs_by_id(connection, eventful)} if eventful else {}
    now = datetime.now(UTC)
    lost: set[int] = set()
    for advance in advances:
        job_id = advance.lease.job_id
        if job_id not in known or not _store(
            connection, known[job_id], jobs.get(job_id), advance, now
        ):
            lost.add(job_id)
    return lost


def _is_eventful(known: _Known, advance: Advance) -> bool:
    """Say whether an advance has something for the history, a notification or the settings."""
    before, after = advance.before, advance.after
    return (
        advance.status != known.status
        or (before.stage, before.epoch) != (after.stage, after.epoch)
        or advance.source is not None
        or bool(advance.health or advance.notices)
        or known.budget is not None
    )


def _store(
    connection: Connection, known: _Known, job: Job | None, advance: Advance, now: datetime
) -> bool:
    """Store one advance; `job` is there if it is an eventful one."""
    lease, before, after = advance.lease, advance.before, advance.after
    status, final = advance.status, advance.final_cost
    if job is not None and status in (Status.QUEUED, Status.PAUSED):
        # What a person asked for last must not be lost with the worker that they asked.
        status = released_status(job.desired)
        final = job.final_cost_of(advance.current_cost) if status.has_ended else None
    values = {
        "status": status,
        "lease_owner": lease.worker_id if status in HELD else None,
        "current_stage": after.stage,
        "current_epoch": after.epoch,
        "stage_seconds": after.seconds,
        "current_step": after.step,
        "progress": advance.progress,
        "current_metrics": advance.current_metrics.model_dump_json(),
        "current_cost": advance.current_cost,
        "estimated_completion_at": _moment(advance.estimated_completion_at),
        "completed_at": _moment(now if status.has_ended else None),
        "final_cost": final,
        "error_message": advance.error_message,
        "error_stack": advance.error_stack,
        "error_repeats": advance.error_repeats,
        "artifact_path": advance.artifact_path,
        "barren_claims": 0 if advance.moved else known.barren_claims,
        "updated_at": _moment(now),
    }
    mine = (lease.job_id, lease.fence, lease.worker_id)
    position = (before.stage, before.epoch, before.seconds, before.step)
    goes_on = status == known.status and status in HELD
    statement, columns = (_GO_ON, _FIGURES) if goes_on else (_CHANGE, (*_FIGURES, *_LIFE))
    bound = (*(values[name] for name in columns), *mine, *position)
    if driver(connection).execute(statement, bound).rowcount != 1:
        return False
    if job is not None and advance.source is not None:
        _store_source(connection, job, advance.source, status)
    store_blocks(connection, known.id, advance.blocks)
    append_lines(connection, known.id, advance.lines)
    if job is not None and status.has_ended and not job.is_attached:
        closing = closing_line(status, job.desired, after.epoch, advance.reason)
        append_lines(connection, job.id, [closing])
    if job is not None:
        store_health(connection, job, advance.health, who=lease.who, fence=lease.fence)
        _tell(connection, job, replace(advance, status=status, final_cost=final), now)
    return True


def _moment(at: datetime | None) -> str | None:
    """Return a moment as SQLAlchemy stores it: microseconds, UTC."""
    if at is None:
        return None
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


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
