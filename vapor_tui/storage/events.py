"""The append-only history of jobs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, select

from vapor_tui.storage.tables import Table

EVENTS = Table.metadata.tables["job_events"]

_RECORD = insert(EVENTS)


@dataclass(frozen=True, slots=True)
class JobEvent:
    """One change of a job: what changed, from what to what, who did it, under which fence."""

    job_id: int
    what: str
    before: str | None
    after: str | None
    who: str
    at: datetime
    fence: int
    note: str = ""


def record(
    connection: Connection,
    job_id: int,
    what: str,
    before: str | None,
    after: str | None,
    *,
    who: str,
    fence: int,
    note: str = "",
) -> None:
    """Add a line to a job's history."""
    connection.execute(
        _RECORD,
        {
            "job_id": job_id,
            "what": what,
            "from": before,
            "to": after,
            "who": who,
            "at": datetime.now(UTC),
            "fence": fence,
            "note": note,
        },
    )


def history(connection: Connection, job_id: int) -> list[JobEvent]:
    """Return a job's history, oldest first."""
    rows = connection.execute(
        select(EVENTS).where(EVENTS.c.job_id == job_id).order_by(EVENTS.c.id)
    ).mappings()
    return [
        JobEvent(
            job_id=row["job_id"],
            what=row["what"],
            before=row["from"],
            after=row["to"],
            who=row["who"],
            at=row["at"],
            fence=row["fence"],
            note=row["note"],
        )
        for row in rows
    ]
