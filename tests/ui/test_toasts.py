"""Toasts as they pop up over the screens."""

from __future__ import annotations

import pytest

from tests.conftest import AddJob
from tests.ui.support import Session, frozen_app, session
from vapor_tui.domain.notifications import Kind, Notice, Priority
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage.notifications import notify
from vapor_tui.ui.toasting import ToastingApp

TEXT = "The loss is NaN, and has been for a hundred steps of this long run"


def toasts(app: Session) -> list[str]:
    return [toast.title or toast.message for toast in app.app._notifications]


@pytest.mark.parametrize(
    ("size", "shown"), [((80, 24), ["Three"]), ((120, 40), ["One", "Two", "Three"])]
)
async def test_a_newer_toast_takes_the_place_of_the_older_where_there_is_little_room(
    workspace: Workspace, add_job: AddJob, size: tuple[int, int], shown: list[str]
) -> None:
    add_job()
    async with session(frozen_app(workspace), size) as app:
        await app.sees("queued")
        for title in ("One", "Two", "Three"):
            app.app.notify(TEXT, title=title, timeout=60)
        await app.sees("Three")
        assert toasts(app) == shown
        *_, note, totals, keys = app.text.splitlines()
        assert "1 active job has no worker. Start one with: vapor-tui worker" in note
        assert totals.endswith(("month", "today"))
        assert keys.endswith("? help")


async def test_news_that_come_together_share_a_toast_where_there_is_little_room(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = add_job()
    grave = Notice(Kind.DIVERGENCE, "NaN loss", "It is NaN", Priority.HIGH)
    async with session(frozen_app(workspace), (80, 24)) as app:
        await app.sees("queued")
        await app.until(lambda: app.app.overview is not None)

        def write(connection: object) -> None:
            for title in ("First", "Second"):
                plain = Notice(Kind.TEST, title, "News", Priority.NORMAL)
                notify(connection, workspace.owner, plain, job.id)  # type: ignore[arg-type]
            notify(connection, workspace.owner, grave, job.id)  # type: ignore[arg-type]

        workspace.database.write(write)
        await app.until(lambda: bool(toasts(app)))
        assert toasts(app) == ["#1 NaN loss, and 2 more"]


async def test_a_refusal_is_withdrawn_by_the_next_action(
    workspace: Workspace, add_job: AddJob
) -> None:
    add_job()
    async with session(frozen_app(workspace)) as app:
        await app.sees("queued")
        await app.press("p")
        await app.sees("paused")
        app.app.notify("It is NaN", title="#1 NaN loss", severity="error", timeout=60)
        await app.press("p")
        await app.sees("A paused job can't be paused")
        await app.press("r")
        await app.sees("◌ queued")
        assert "#1 NaN loss" in toasts(app), "news stay"
        assert not any("be paused" in toast for toast in toasts(app))


def test_a_confirmation_goes_soon() -> None:
    assert ToastingApp.NOTIFICATION_TIMEOUT <= 4
