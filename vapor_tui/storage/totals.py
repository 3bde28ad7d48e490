"""What a person's jobs come to, in one statement."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, literal, select

from vapor_tui.domain.jobs import Engine
from vapor_tui.domain.lifecycle import HELD, Status
from vapor_tui.domain.totals import Tally, Totals
from vapor_tui.storage.events import EVENTS
from vapor_tui.storage.job_rows import JOBS

_COST: ColumnElement[Any] = func.coalesce(JOBS.c.final_cost, JOBS.c.current_cost)


def totals(connection: Connection, owner: str, now: datetime) -> Totals:
    """Return how many jobs a person has of each status and what they cost lately.

    Day and month are those of the zone of `now`. No table says when a dollar was spent: a
    job's cost is spread evenly over the time from its first start to its end, or to the last
    change of its status while it waits or is paused.
    """
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    today, month = (day.astimezone(UTC) for day in (midnight, midnight.replace(day=1)))
    is_simulated = JOBS.c.engine == Engine.SIMULATOR
    rows = connection.execute(
        select(
            is_simulated,
            JOBS.c.status,
            func.count(),
            func.total(_spent_since(today, now)),
            func.total(_spent_since(month, now)),
        )
        .where(
            JOBS.c.owner == owner,
            JOBS.c.deleted_at.is_(None),
            JOBS.c.status.in_(list(Status)),  # any other cannot be read
        )
        .group_by(is_simulated, JOBS.c.status)
    ).all()
    return Totals(
        real=_tally([row for row in rows if not row[0]]),
        simulated=_tally([row for row in rows if row[0]]),
    )


def _tally(rows: list[Any]) -> Tally:
    return Tally(
        counts={Status(status): count for _, status, count, _, _ in rows},
        today=sum(today for *_, today, _ in rows),
        month=sum(month for *_, month in rows),
    )


def _spent_since(begin: datetime, now: datetime) -> ColumnElement[Any]:
    """Return the part of a job's cost that falls behind a moment; few jobs are reckoned with."""
    started, ended = func.julianday(JOBS.c.started_at), _worked_until(now)
    later = func.julianday(literal(begin, JOBS.c.created_at.type))
    share = (ended - later) / func.max(ended - started, 1e-9)
    return case(
        (and_(JOBS.c.completed_at.is_not(None), JOBS.c.completed_at < begin), 0.0),
        (JOBS.c.started_at.is_(None), 0.0),
        (JOBS.c.started_at >= begin, _COST),
        else_=_COST * func.min(func.max(share, 0.0), 1.0),
    )


def _worked_until(now: datetime) -> ColumnElement[Any]:
    """Return the day, as a Julian number, until which a job's cost grew."""
    changed = (
        select(func.max(EVENTS.c.at))
        .where(EVENTS.c.job_id == JOBS.c.id, EVENTS.c.what == "status")
        .correlate(JOBS)
        .scalar_subquery()
    )
    return case(
        (JOBS.c.completed_at.is_not(None), func.julianday(JOBS.c.completed_at)),
        (
            JOBS.c.status.in_(HELD),
            func.julianday(literal(now.astimezone(UTC), JOBS.c.created_at.type)),
        ),
        else_=func.julianday(changed),
    )
