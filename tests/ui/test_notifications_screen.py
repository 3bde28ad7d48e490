"""The notifications: what is listed, what keys change of what is stored, and ways there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.widgets import Input

from tests.conftest import count_unread
from tests.ui.support import Session, frozen_app, session
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.notifications import Kind, Notice, Priority
from vapor_tui.services.notifications import list_notifications, mark_read
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage.notifications import notify
from vapor_tui.ui.messages import NotificationsMarked, NotificationsRead
from vapor_tui.ui.screens.configure import ConfigureScreen
from vapor_tui.ui.screens.jobs import JobsScreen
from vapor_tui.ui.screens.monitor import MonitorScreen
from vapor_tui.ui.screens.notifications import NotificationsScreen
from vapor_tui.ui.widgets.header import HeaderLine
from vapor_tui.ui.widgets.notification_table import NotificationTable

AddJob = Callable[..., Job]


def tell(workspace: Workspace, title: str, job_id: int | None = None) -> int:
    notice = Notice(Kind.STALLED, title, f"{title} in full", Priority.NORMAL)
    return workspace.database.write(notify, workspace.owner, notice, job_id)


def tell_many(workspace: Workspace, count: int) -> None:
    for number in range(count):
        tell(workspace, f"note {number}")


def titles(app: Session) -> list[str]:
    """The titles on the page."""
    return [note.title for note in app.top(NotificationsScreen).table.shown.rows]


def current(app: Session) -> str | None:
    note = app.top(NotificationsScreen).table.row
    return note.title if note else None


def unread(workspace: Workspace) -> list[str]:
    return [note.title for note in list_notifications(workspace, unread_only=True)]


async def test_without_any_it_says_what_comes_here(workspace: Workspace) -> None:
    async with session(frozen_app(workspace)) as app:
        await app.press("3")
        await app.sees("No notifications yet", "When a job is queued", "near its budget")
        assert "open job" not in app.keys
        assert "read/unread" not in app.keys
        await app.press("escape")
        assert app.top(JobsScreen)


async def test_opening_marks_nothing_read(workspace: Workspace, add_job: AddJob) -> None:
    add_job()
    tell(workspace, "second")
    async with session(frozen_app(workspace)) as app:
        await app.press("3")
        await app.sees("● ", "second in full", "#1 support-bot", "sim", "2 notifications")
        assert titles(app) == ["second", "Training job queued"]
        assert app.heard(NotificationsRead)
        assert app.heard(NotificationsMarked) == []
    assert count_unread(workspace) == 2


async def test_u_marks_and_takes_back(workspace: Workspace) -> None:
    tell_many(workspace, 2)
    async with session(frozen_app(workspace)) as app:
        await app.press("3")
        await app.sees("note 0")
        await app.press("j", "u")
        await app.until(lambda: unread(workspace) == ["note 1"])
        await app.until(lambda: "note 0" in app.text and app.text.count("●") == 1)
        assert current(app) == "note 0", "the cursor stays"
        await app.press("u")
        await app.until(lambda: len(unread(workspace)) == 2)
        assert app.heard(NotificationsMarked) == ["NotificationsMarked"] * 2
        await app.sees("2 new")


async def test_all_are_marked_at_once(workspace: Workspace) -> None:
    tell_many(workspace, 60)
    theirs = workspace.database.write(notify, "grace", Notice(Kind.STALLED, "", "", Priority.LOW))
    async with session(frozen_app(workspace)) as app:
        await app.press("3")
        await app.sees("60 new")
        await app.press("U")
        await app.until(lambda: not unread(workspace))
        await app.until(lambda: "●" not in app.text and "new" not in app.text)
    marked = workspace.database.read(
        lambda c: c.exec_driver_sql(f"SELECT read FROM notifications WHERE id={theirs}").scalar()
    )
    assert marked == 0, "others' are theirs"


async def test_the_filter_leaves_what_is_unread(workspace: Workspace) -> None:
    tell_many(workspace, 3)
    mark_read(workspace, [2])
    async with session(frozen_app(workspace)) as app:
        await app.press("3")
        await app.sees("3 notifications")
        await app.press("f")
        await app.sees("show unread", "2 notifications")
        assert titles(app) == ["note 2", "note 0"]
        await app.press("u")
        await app.until(lambda: titles(app) == ["note 0"])
        await app.press("u")
        await app.sees("Nothing is unread", "list everything again")
        await app.press("escape")
        await app.sees("show all", "3 notifications")
        await app.press("escape")
        assert app.top(JobsScreen)


async def test_enter_watches_the_job_and_marks_read(workspace: Workspace, add_job: AddJob) -> None:
    job = add_job()
    async with session(frozen_app(workspace)) as app:
        await app.press("3")
        await app.sees("Training job queued")
        await app.press("enter")
        await app.until(lambda: isinstance(app.app.screen, MonitorScreen))
        assert app.top(MonitorScreen).job_id == job.id
        await app.until(lambda: not unread(workspace))
        await app.press("q")
        await app.until(lambda: isinstance(app.app.screen, NotificationsScreen))
        await app.until(lambda: "●" not in app.text)


async def test_what_tells_of_no_job_opens_none(workspace: Workspace) -> None:
    tell(workspace, "of no job")
    async with session(frozen_app(workspace)) as app:
        await app.press("3")
        await app.sees("of no job")
        assert "open job" not in app.keys
        await app.press("enter")
        assert app.top(NotificationsScreen)


async def test_new_ones_come_in_while_it_is_open(workspace: Workspace) -> None:
    tell(workspace, "first")
    async with session(frozen_app(workspace)) as app:
        await app.press("3")
        await app.sees("first")
        tell(workspace, "second")
        await app.until(lambda: titles(app) == ["second", "first"])
        assert current(app) == "first", "the cursor stays on what is being read"


async def test_pages_are_as_long_as_there_is_room(workspace: Workspace) -> None:
    tell_many(workspace, 40)
    async with session(frozen_app(workspace), size=(80, 24)) as app:
        await app.press("3")
        await app.sees("note 39", "40 notifications", "page 1 of")
        rows = app.top(NotificationsScreen).table.room
        assert len(titles(app)) == rows
        app.top(NotificationsScreen).table.cursor = rows - 1
        await app.press("j")
        await app.sees("page 2 of")
        assert current(app) == f"note {39 - rows}"
        await app.press("k")
        await app.sees("page 1 of")
        assert current(app) == f"note {40 - rows}"
        await app.press("G")
        await app.until(lambda: current(app) == "note 0")
        await app.press("g")
        await app.until(lambda: current(app) == "note 39")


async def test_hostile_texts_are_harmless(workspace: Workspace) -> None:
    tell(workspace, "[/] [red]evil\x1b[2J\u202e")
    for size in ((120, 40), (60, 18)):
        async with session(frozen_app(workspace), size=size) as app:
            await app.press("3")
            await app.sees("[/] [red]evil")
            assert "\x1b" not in app.text
            assert "\u202e" not in app.text


@pytest.mark.parametrize("size", [(120, 40), (60, 18)])
async def test_a_click_on_the_count_leads_there(
    workspace: Workspace, add_job: AddJob, size: tuple[int, int]
) -> None:
    add_job()
    async with session(frozen_app(workspace), size=size) as app:
        await app.sees("1 new")
        header = app.text.splitlines()[0]
        at = header.index("1 new")
        for wrong in (header.index("12:00") + 1, at - 2):
            await app.pilot.click(HeaderLine, offset=(wrong, 0))
            assert app.top(JobsScreen)
        await app.pilot.click(HeaderLine, offset=(at + 2, 0))
        await app.until(lambda: isinstance(app.app.screen, NotificationsScreen))


async def test_the_mouse_chooses_and_opens(workspace: Workspace, add_job: AddJob) -> None:
    job = add_job()
    tell(workspace, "newer")
    async with session(frozen_app(workspace)) as app:
        await app.press("3")
        await app.sees("newer")
        await app.pilot.click(NotificationTable, offset=(10, 2))
        assert current(app) == "Training job queued"
        await app.pilot.click(NotificationTable, offset=(10, 2), times=2)
        await app.until(lambda: isinstance(app.app.screen, MonitorScreen))
        assert app.top(MonitorScreen).job_id == job.id


async def test_going_there_twice_opens_it_once(workspace: Workspace, add_job: AddJob) -> None:
    add_job()
    async with session(frozen_app(workspace)) as app:
        await app.press("3")
        await app.sees("Training job queued")
        await app.press("3", "enter")
        await app.until(lambda: isinstance(app.app.screen, MonitorScreen))
        await app.press("3")
        assert app.top(NotificationsScreen)
        assert len(app.app.screen_stack) == 2


async def test_the_palette_leads_there(workspace: Workspace) -> None:
    tell(workspace, "of no job")
    async with session(frozen_app(workspace)) as app:
        await app.press("ctrl+p", *"notif")
        await app.sees("Notifications  (3)")
        await app.pilot.pause(0.3)
        await app.press("enter")
        await app.sees("of no job in full")


async def test_a_form_is_not_lost_and_its_fields_take_the_key(
    workspace: Workspace, add_job: AddJob
) -> None:
    add_job()
    async with session(frozen_app(workspace)) as app:
        await app.press("3")
        await app.sees("Training job queued")
        app.app.open_configure()
        await app.until(lambda: isinstance(app.app.screen, ConfigureScreen))
        form = app.top(ConfigureScreen)
        field = form.query(Input).first()
        await app.until(lambda: field.focusable)
        field.focus()
        await app.pilot.pause()
        await app.press("3")
        assert "3" in field.value
        await app.app.run_action("app.notifications")
        await app.until(lambda: isinstance(app.app.screen, NotificationsScreen))
        assert form in app.app.screen_stack


async def test_every_size_is_drawn(workspace: Workspace) -> None:
    tell_many(workspace, 50)
    async with session(frozen_app(workspace)) as app:
        await app.press("3")
        await app.sees("note 49")
        for size in ((1, 1), (59, 18), (60, 18), (250, 17), (76, 24), (110, 24), (150, 80)):
            await app.pilot.resize_terminal(*size)
            await app.pilot.pause()
        await app.pilot.resize_terminal(120, 40)
        await app.sees("note 49", "50 notifications")
