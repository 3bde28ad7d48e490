"""Pictures of the notifications, at the sizes that have a layout of their own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, update
from textual.pilot import Pilot

from tests.ui.support import NOON, Session, frozen_app
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.lifecycle import Status
from vapor_tui.domain.notifications import (
    TEST_NOTICE,
    Notice,
    budget_notice,
    queued_notice,
    status_notice,
)
from vapor_tui.services.notifications import mark_read
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage.notifications import NOTIFICATIONS, notify

AddJob = Callable[..., Job]
SIZES = [(160, 45), (120, 40), (80, 24), (60, 18)]
REASON = (
    "The loss became NaN at step 140. A learning rate below 2e-4 is likely to be steadier; "
    "clone the job and edit it, since a retry would end in the same way"
)


@pytest.fixture
def told(workspace: Workspace, add_job: AddJob) -> None:
    """What happened to three jobs within two days, the older half of it read."""
    first = add_job(name="first-try")
    legal = add_job(name="legal-summaries [draft]")
    bot = add_job(name="nächster Versuch 数据集 mit einem langen Namen")
    stories: list[tuple[Job | None, Notice | None, float]] = [
        (first, queued_notice("support-chats"), 2900),
        (first, status_notice(first.name, Status.INITIALIZING), 2899),
        (first, status_notice(first.name, Status.COMPLETED, seconds=1980, cost=4.32), 2866),
        (legal, queued_notice("contracts"), 200),
        (legal, status_notice(legal.name, Status.FAILED, reason=REASON), 170),
        (bot, status_notice(bot.name, Status.INITIALIZING), 42),
        (bot, budget_notice(bot.name, 10.0, 7.9, 8.1), 3),
        (None, TEST_NOTICE, 0.2),
    ]

    def change(connection: Connection) -> None:
        connection.execute(NOTIFICATIONS.delete())
        for job, notice, minutes in stories:
            assert notice is not None
            number = notify(connection, workspace.owner, notice, job.id if job else None)
            connection.execute(
                update(NOTIFICATIONS)
                .where(NOTIFICATIONS.c.id == number)
                .values(created_at=NOON - timedelta(minutes=minutes))
            )

    workspace.database.write(change)
    mark_read(workspace, range(1, 8))


def showing(*texts: str, keys: tuple[str, ...] = ()) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Go to the notifications and wait until these texts stand there."""

    async def wait(pilot: Pilot[None]) -> None:
        app = Session(pilot, [])
        app.app.animation_level = "none"
        await app.until(lambda: app.app.overview is not None)
        await app.press("3")
        await app.sees(*texts)
        await app.press(*keys)
        await pilot.pause()

    return wait


@pytest.mark.parametrize("theme", ["vapor-dark", "vapor-light"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_notifications(
    workspace: Workspace, told: None, snap_compare: Any, size: tuple[int, int], theme: str
) -> None:
    app = frozen_app(workspace)
    app.theme = theme
    ready = showing("Test notification", "8 notifications", keys=("j", "j", "j"))
    assert snap_compare(app, terminal_size=size, run_before=ready)


def test_no_notifications_yet(workspace: Workspace, snap_compare: Any) -> None:
    ready = showing("No notifications yet")
    assert snap_compare(frozen_app(workspace), terminal_size=(80, 24), run_before=ready)
