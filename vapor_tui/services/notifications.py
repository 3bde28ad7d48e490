"""What a person was told: how much of it is unread, the list, and marking it read."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from vapor_tui.domain.notifications import TEST_NOTICE, Notification, NotificationPage
from vapor_tui.domain.results import Ok, Refused, Result
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import notifications as queries


def list_notifications(
    workspace: Workspace, *, unread_only: bool = False, after_id: int = 0, limit: int = 100
) -> list[Notification]:
    """Return the notifications, newest first."""
    return workspace.database.read(
        queries.notifications,
        workspace.owner,
        unread_only=unread_only,
        after_id=after_id,
        limit=limit,
    )


def notification_page(
    workspace: Workspace, *, unread_only: bool = False, page: int = 1, limit: int = 20
) -> NotificationPage:
    """Return one page of the notifications, newest first; the last one for one behind it."""
    return workspace.database.read(_page, workspace.owner, unread_only, page, limit)


def mark_read(workspace: Workspace, ids: Sequence[int] | None = None, *, read: bool = True) -> int:
    """Mark these notifications, or all, as read or unread; return how many were not so before."""
    return workspace.database.write(queries.set_read, workspace.owner, ids, read=read)


def mark_these_read(workspace: Workspace, ids: Sequence[int], *, read: bool = True) -> Result[int]:
    """Mark these notifications as `mark_read` does; none when one of them is not there."""
    return workspace.database.write(_mark_known, workspace.owner, ids, read)


def write_test(workspace: Workspace) -> Notification:
    """Write a notification that tells of nothing; whoever asks runs the program for it."""
    return workspace.database.write(_write_test, workspace.owner)


def _page(
    connection: Connection, owner: str, unread_only: bool, page: int, limit: int
) -> NotificationPage:
    found = queries.notification_page(
        connection, owner, unread_only=unread_only, page=page, limit=limit
    )
    if page <= found.total_pages:
        return found
    return _page(connection, owner, unread_only, found.total_pages, limit)


def _mark_known(connection: Connection, owner: str, ids: Sequence[int], read: bool) -> Result[int]:
    unknown = queries.unknown_ids(connection, owner, ids)
    if unknown:
        return Refused(f"There is no notification {', '.join(map(str, unknown))}")
    return Ok(queries.set_read(connection, owner, ids, read=read))


def _write_test(connection: Connection, owner: str) -> Notification:
    number = queries.notify(connection, owner, TEST_NOTICE)
    written = queries.notification_by_id(connection, owner, number)
    assert written is not None
    return written
