"""What a person's jobs come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    func,
    select,
    union_all,
)

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
    counted = connection.execute(_COUNTED, {"owner": owner}).all()
    moments = {"now": now.astimezone(UTC), "today": today, "month": month}
    spent = connection.execute(_SPENT, {"owner": owner, **moments}).all()
    return Totals(
        real=_tally(counted, spent, is_simulated=False),
        simulated=_tally(counted, spent, is_simulated=True),
    )


def _tally(counted: Sequence[Any], spent: Sequence[Any], *, is_simulated: bool) -> Tally:
    counts: Counter[Status] = Counter()
    for engine, status, count in counted:
        if (engine == Engine.SIMULATOR) == is_simulated:
            counts[Status(status)] += count
    ours = [row for row in spent if (row[0] == Engine.SIMULATOR) == is_simulated]
    return Tally(
        counts=counts,
        today=sum(today for _, today, _ in ours),
        month=sum(month for *_, month in ours),
    )


def _moment(name: str) -> BindParameter[Any]:
    return bindparam(name, type_=JOBS.c.created_at.type)


def _worked_until() -> ColumnElement[Any]:
    """Return the day, as a Julian number, until which a job's cost grew."""
    changed = (
        select(func.max(EVENTS.c.at))
        .where(EVENTS.c.job_id == JOBS.c.id, EVENTS.c.what == "status")
        .correlate(JOBS)
        .scalar_subquery()
    )
    return case(
        (JOBS.c.completed_at.is_not(None), func.julianday(JOBS.c.completed_at)),
        (JOBS.c.status.in_(HELD), func.julianday(_moment("now"))),
        else_=func.julianday(changed),
    )


def _spent_since(begin: BindParameter[Any]) -> ColumnElement[Any]:
    """Return the part of a job's cost that falls behind a moment; few jobs are reckoned with."""
    started, ended = func.julianday(JOBS.c.started_at), _worked_until()
    share = (ended - func.julianday(begin)) / func.max(ended - started, 1e-9)
    return case(
        (and_(JOBS.c.completed_at.is_not(None), JOBS.c.completed_at < begin), 0.0),
        (JOBS.c.started_at.is_(None), 0.0),
        (JOBS.c.started_at >= begin, _COST),
        else_=_COST * func.min(func.max(share, 0.0), 1.0),
    )


_THEIRS = (JOBS.c.owner == bindparam("owner"), JOBS.c.deleted_at.is_(None))
_COUNTED = (
    select(JOBS.c.engine, JOBS.c.status, func.count())
    .where(*_THEIRS, JOBS.c.status.in_(list(Status)))  # any other cannot be read
    .group_by(JOBS.c.status, JOBS.c.engine)
)
"""Answered by an index alone."""


def _spent_of(*conditions: ColumnElement[bool]) -> Select[Any]:
    spent = (func.total(_spent_since(_moment(begin))) for begin in ("today", "month"))
    return select(JOBS.c.engine, *spent).where(*_THEIRS, *conditions).group_by(JOBS.c.engine)


_SPENT = union_all(
    _spent_of(JOBS.c.completed_at.is_(None)), _spent_of(JOBS.c.completed_at >= _moment("month"))
)
"""Of the few jobs that cost something lately, each half found by its index."""
