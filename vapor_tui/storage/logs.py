"""What runners printed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select

from vapor_tui.storage.tables import Table

LOGS = Table.metadata.tables["log_lines"]

KEPT_LINES = 10_000
"""Per job; older lines go."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a job's log; `number` counts from 1, `at` is in seconds since the epoch."""

    number: int
    at: float
    text: str


def append_lines(connection: Connection, job_id: int, lines: Sequence[str]) -> None:
    """Add lines to a job's log and drop the oldest beyond what is kept."""
    if not lines:
        return
    last = connection.execute(
        select(func.max(LOGS.c.number)).where(LOGS.c.job_id == job_id)
    ).scalar()
    first = (last or 0) + 1
    now = time.time()
    connection.execute(
        insert(LOGS),
        [
            {"job_id": job_id, "number": number, "created_at": now, "text": text}
            for number, text in enumerate(lines, first)
        ],
    )
    end = first + len(lines) - 1
    connection.execute(
        delete(LOGS).where(LOGS.c.job_id == job_id, LOGS.c.number <= end - KEPT_LINES)
    )


def lines_after(
    connection: Connection, job_id: int, number: int = 0, limit: int = KEPT_LINES
) -> list[LogLine]:
    """Return the latest lines behind a number, oldest first."""
    rows = connection.execute(
        select(LOGS)
        .where(LOGS.c.job_id == job_id, LOGS.c.number > number)
        .order_by(LOGS.c.number.desc())
        .limit(limit)
    ).all()
    return [LogLine(row.number, row.created_at, row.text) for row in reversed(rows)]
