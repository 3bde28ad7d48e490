"""What people were told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, case, func, insert, select, update

from vapor_tui.domain.jobs import Engine
from vapor_tui.domain.notifications import Notice, Notification, NotificationPage, Priority
from vapor_tui.storage.tables import Table

NOTIFICATIONS = Table.metadata.tables["notifications"]
JOBS = Table.metadata.tables["training_jobs"]

_RANKS = {Priority.HIGH: 0, Priority.NORMAL: 1, Priority.LOW: 2}


def notify(
    connection: Connection,
    owner: str,
    notice: Notice,
    job_id: int | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> int:
    """Write a notification, in the transaction of the change that it tells of; return its id."""
    inserted = connection.execute(
        insert(NOTIFICATIONS)
        .values(
            owner=owner,
            type=notice.kind,
            title=notice.title,
            message=notice.message,
            priority=notice.priority,
            read=False,
            job_id=job_id,
            metadata=dict(metadata or {}),
            created_at=datetime.now(UTC),
        )
        .returning(NOTIFICATIONS.c.id)
    )
    return int(inserted.scalar_one())


def notifications(
    connection: Connection,
    owner: str,
    *,
    unread_only: bool = False,
    after_id: int = 0,
    limit: int = 100,
) -> list[Notification]:
    """Return a person's notifications, newest first."""
    rows = connection.execute(
        _joined(owner, unread_only).where(NOTIFICATIONS.c.id > after_id).limit(limit)
    )
    return [_notification(row) for row in rows]


def most_important(
    connection: Connection, owner: str, after_id: int, limit: int
) -> tuple[list[Notification], int]:
    """Return the most important notifications behind a number, oldest first, and how many
    there are in all; of those that matter alike the newest are taken."""
    is_behind = NOTIFICATIONS.c.id > after_id
    total = connection.execute(
        select(func.count()).select_from(NOTIFICATIONS).where(*_conditions(owner, False), is_behind)
    ).scalar_one()
    rank = case(_RANKS, value=NOTIFICATIONS.c.priority, else_=len(_RANKS))
    question = _joined(owner, False).where(is_behind).order_by(None)
    rows = connection.execute(question.order_by(rank, NOTIFICATIONS.c.id.desc()).limit(limit))
    return sorted(map(_notification, rows), key=lambda note: note.id), total


def notification_page(
    connection: Connection, owner: str, *, unread_only: bool = False, page: int = 1, limit: int = 20
) -> NotificationPage:
    """Return one page of a person's notifications, and how many there are in all."""
    total = connection.execute(
        select(func.count()).select_from(NOTIFICATIONS).where(*_conditions(owner, unread_only))
    ).scalar_one()
    rows = connection.execute(_joined(owner, unread_only).limit(limit).offset((page - 1) * limit))
    return NotificationPage(
        notifications=[_notification(row) for row in rows], page=page, limit=limit, total=total
    )


def notification_by_id(connection: Connection, owner: str, number: int) -> Notification | None:
    """Return one of a person's notifications."""
    row = connection.execute(_joined(owner, False).where(NOTIFICATIONS.c.id == number)).first()
    return None if row is None else _notification(row)


def unknown_ids(connection: Connection, owner: str, ids: Sequence[int]) -> list[int]:
    """Return those of some numbers that no notification of a person has."""
    rows = connection.execute(
        select(NOTIFICATIONS.c.id).where(
            NOTIFICATIONS.c.owner == owner, NOTIFICATIONS.c.id.in_(ids)
        )
    )
    known = {row.id for row in rows}
    return [number for number in ids if number not in known]


def unread_count(connection: Connection, owner: str) -> int:
    """Return how many notifications a person has not read."""
    return int(
        connection.execute(
            select(func.count())
            .select_from(NOTIFICATIONS)
            .where(NOTIFICATIONS.c.owner == owner, NOTIFICATIONS.c.read.is_(False))
        ).scalar_one()
    )


def latest_id(connection: Connection, owner: str) -> int:
    """Return the number of a person's newest notification, 0 when there is none."""
    newest = connection.execute(
        select(func.max(NOTIFICATIONS.c.id)).where(NOTIFICATIONS.c.owner == owner)
    ).scalar()
    return newest or 0


def set_read(
    connection: Connection, owner: str, ids: Sequence[int] | None, *, read: bool = True
) -> int:
    """Mark these notifications, or all, as read or unread; return how many were not so before."""
    statement = update(NOTIFICATIONS).where(
        NOTIFICATIONS.c.owner == owner, NOTIFICATIONS.c.read.is_(not read)
    )
    if ids is not None:
        statement = statement.where(NOTIFICATIONS.c.id.in_(ids))
    return connection.execute(statement.values(read=read)).rowcount


def _conditions(owner: str, unread_only: bool) -> list[Any]:
    mine = [NOTIFICATIONS.c.owner == owner]
    return [*mine, NOTIFICATIONS.c.read.is_(False)] if unread_only else mine


def _joined(owner: str, unread_only: bool) -> Select[Any]:
    """Return the question for a person's notifications with the jobs that they tell of."""
    return (
        select(NOTIFICATIONS, JOBS.c.name.label("job_name"), JOBS.c.engine)
        .outerjoin(JOBS, JOBS.c.id == NOTIFICATIONS.c.job_id)
        .where(*_conditions(owner, unread_only))
        .order_by(NOTIFICATIONS.c.id.desc())
    )


def _notification(row: Row[Any]) -> Notification:
    values = dict(row._mapping)
    return Notification(simulated=values.pop("engine") == Engine.SIMULATOR, **values)
