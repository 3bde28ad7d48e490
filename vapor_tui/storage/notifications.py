"""What people were told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from vapor_tui.domain.notifications import Notice, Notification
from vapor_tui.storage.tables import Table

NOTIFICATIONS = Table.metadata.tables["notifications"]


def notify(
    connection: Connection,
    owner: str,
    notice: Notice,
    job_id: int | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Write a notification, in the transaction of the change that it tells of."""
    connection.execute(
        insert(NOTIFICATIONS).values(
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
    )


def notifications(
    connection: Connection,
    owner: str,
    *,
    unread_only: bool = False,
    after_id: int = 0,
    limit: int = 100,
) -> list[Notification]:
    """Return a person's notifications, newest first."""
    statement = (
        select(NOTIFICATIONS)
        .where(NOTIFICATIONS.c.owner == owner, NOTIFICATIONS.c.id > after_id)
        .order_by(NOTIFICATIONS.c.id.desc())
        .limit(limit)
    )
    if unread_only:
        statement = statement.where(NOTIFICATIONS.c.read.is_(False))
    return [
        Notification.model_validate(dict(row)) for row in connection.execute(statement).mappings()
    ]


def unread_count(connection: Connection, owner: str) -> int:
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


def mark_read(connection: Connection, owner: str, ids: Sequence[int] | None = None) -> int:
    """Mark these notifications read, or all; return how many were unread."""
    statement = update(NOTIFICATIONS).where(
        NOTIFICATIONS.c.owner == owner, NOTIFICATIONS.c.read.is_(False)
    )
    if ids is not None:
        statement = statement.where(NOTIFICATIONS.c.id.in_(ids))
    return connection.execute(statement.values(read=True)).rowcount
