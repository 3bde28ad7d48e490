"""Up to which notification a person's own program was run."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from vapor_tui.domain.notifications import Kind, Notification
from vapor_tui.storage.notifications import NOTIFICATIONS, latest_id, notification_by_id
from vapor_tui.storage.tables import Table

DELIVERIES = Table.metadata.tables["event_deliveries"]


def listen(connection: Connection, owner: str, known: int | None = None) -> int:
    """Return the notification up to which the program was run; begin now where nobody did.

    `known` is where to begin instead: what a listener remembers whose row was removed.
    """
    told = _told(connection, owner)
    if told is None:
        told = latest_id(connection, owner) if known is None else known
        connection.execute(insert(DELIVERIES).values(owner=owner, notification_id=told))
    return told


def is_listening(connection: Connection, owner: str) -> bool:
    """Say whether a program of this person's is told of notifications."""
    return _told(connection, owner) is not None


def stop_listening(connection: Connection, owner: str) -> None:
    """Forget the program: what is told until there is one again is not for it."""
    connection.execute(delete(DELIVERIES).where(DELIVERIES.c.owner == owner))


def waits(connection: Connection, owner: str) -> bool:
    """Say whether there is something to claim, or nobody has begun to listen."""
    told = _told(connection, owner)
    return told is None or _next(connection, owner, told) is not None


def claim_next(connection: Connection, owner: str, known: int) -> Notification | None:
    """Take the oldest notification that the program was not run for; None without any.

    Nobody else gets it afterwards, whatever becomes of the one who took it.
    """
    number = _next(connection, owner, listen(connection, owner, known))
    if number is None:
        return None
    connection.execute(
        update(DELIVERIES).where(DELIVERIES.c.owner == owner).values(notification_id=number)
    )
    return notification_by_id(connection, owner, number)


def _told(connection: Connection, owner: str) -> int | None:
    return connection.execute(
        select(DELIVERIES.c.notification_id).where(DELIVERIES.c.owner == owner)
    ).scalar()


def _next(connection: Connection, owner: str, told: int) -> Any:
    return connection.execute(
        select(func.min(NOTIFICATIONS.c.id)).where(
            NOTIFICATIONS.c.owner == owner,
            NOTIFICATIONS.c.id > told,
            # Whoever writes a test runs the program for it, and shows how it went.
            NOTIFICATIONS.c.type != Kind.TEST,
        )
    ).scalar()
