"""What a person was told: how much of it is unread, the list, and marking it read."""

from __future__ import annotations

from collections.abc import Sequence

from vapor_tui.domain.notifications import Notification
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import notifications as queries


def list_notifications(
    workspace: Workspace, *, unread_only: bool = False, limit: int = 100
) -> list[Notification]:
    """Return the notifications, newest first."""
    return workspace.database.read(
        queries.notifications, workspace.owner, unread_only=unread_only, limit=limit
    )


def count_unread(workspace: Workspace) -> int:
    return workspace.database.read(queries.unread_count, workspace.owner)


def mark_read(workspace: Workspace, ids: Sequence[int] | None = None) -> int:
    """Mark these notifications read, or all; return how many were unread."""
    return workspace.database.write(queries.mark_read, workspace.owner, ids)
