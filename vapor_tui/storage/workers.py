"""The workers that are alive, as they say themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, insert, select, update

from vapor_tui.storage.tables import Table

WORKERS = Table.metadata.tables["workers"]


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """Tells a process from every other, also from a later one of the same number."""

    hostname: str
    boot_id: str
    pid: int
    process_start: str


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
    """Remove a worker that holds no job any more."""
    connection.execute(delete(WORKERS).where(WORKERS.c.id == worker_id))


def workers(connection: Connection, owner: str) -> list[Worker]:
    """Return a person's workers, oldest first, alive or not."""
    rows = connection.execute(
        select(WORKERS).where(WORKERS.c.owner == owner).order_by(WORKERS.c.id)
    )
    return [
        Worker(
            id=row.id,
            owner=row.owner,
            process=ProcessIdentity(row.hostname, row.boot_id, row.pid, row.process_start),
            started_at=row.started_at,
            heartbeat=row.heartbeat,
            version=row.version,
            is_separate=row.is_separate,
        )
        for row in rows
    ]
