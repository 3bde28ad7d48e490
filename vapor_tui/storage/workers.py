"""The workers that are alive, as they say themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from vapor_tui.domain.lifecycle import HELD
from vapor_tui.processes import ProcessIdentity
from vapor_tui.storage.tables import Table

WORKERS = Table.metadata.tables["workers"]
_JOBS = Table.metadata.tables["training_jobs"]


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker's row."""

    id: int
    owner: str
    process: ProcessIdentity
    started_at: datetime
    heartbeat: int
    version: str
    is_separate: bool


def register(
    connection: Connection, owner: str, process: ProcessIdentity, version: str, is_separate: bool
) -> int:
    """Write a worker's row and return its number."""
    inserted = connection.execute(
        insert(WORKERS)
        .values(
            owner=owner,
            hostname=process.hostname,
            boot_id=process.boot_id,
            pid=process.pid,
            process_start=process.process_start,
            started_at=datetime.now(UTC),
            heartbeat=0,
            version=version,
            is_separate=is_separate,
        )
        .returning(WORKERS.c.id)
    )
    return int(inserted.scalar_one())


def beat(connection: Connection, worker_id: int) -> bool:
    """Raise a worker's heartbeat; say whether its row is still there."""
    changed = connection.execute(
        update(WORKERS).where(WORKERS.c.id == worker_id).values(heartbeat=WORKERS.c.heartbeat + 1)
    )
    return changed.rowcount == 1


def unregister(connection: Connection, worker_id: int) -> None:
    """Remove a worker, unless it still holds a job."""
    connection.execute(
        delete(WORKERS).where(WORKERS.c.id == worker_id, WORKERS.c.id.not_in(_holders()))
    )


def worker_by_id(connection: Connection, worker_id: int) -> Worker | None:
    """Return one worker."""
    row = connection.execute(select(WORKERS).where(WORKERS.c.id == worker_id)).first()
    return None if row is None else _worker(row)


def holders(connection: Connection, owner: str) -> list[Worker]:
    """Return those of a person's workers that hold a job."""
    rows = connection.execute(
        select(WORKERS).where(WORKERS.c.owner == owner, WORKERS.c.id.in_(_holders()))
    )
    return [_worker(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Holding:
    """Who holds a person's jobs."""

    workers: list[Worker]
    holders: set[int]
    """The numbers of those that hold a job."""
    orphans: list[int]
    """The numbers of the jobs that are held by a worker that has no row."""


def holding(connection: Connection, owner: str) -> Holding:
    """Return who holds a person's jobs, as it is at one moment."""
    return Holding(
        workers(connection, owner),
        {w.id for w in holders(connection, owner)},
        orphaned(connection, owner),
    )


def workers(connection: Connection, owner: str) -> list[Worker]:
    """Return a person's workers, oldest first, alive or not."""
    rows = connection.execute(
        select(WORKERS).where(WORKERS.c.owner == owner).order_by(WORKERS.c.id)
    )
    return [_worker(row) for row in rows]


def orphaned(connection: Connection, owner: str) -> list[int]:
    """Return the numbers of a person's jobs that are held by a worker that has no row."""
    # By the status, which goes with a holder and has an index with the owner.
    held = _JOBS.c.status.in_(HELD), _JOBS.c.lease_owner.not_in(select(WORKERS.c.id))
    rows = connection.execute(select(_JOBS.c.id).where(_JOBS.c.owner == owner, *held))
    return list(rows.scalars())


def _holders() -> Any:
    return select(_JOBS.c.lease_owner).where(_JOBS.c.lease_owner.is_not(None))


def _worker(row: Row[Any]) -> Worker:
    return Worker(
        id=row.id,
        owner=row.owner,
        process=ProcessIdentity(row.hostname, row.boot_id, row.pid, row.process_start),
        started_at=row.started_at,
        heartbeat=row.heartbeat,
        version=row.version,
        is_separate=row.is_separate,
    )
