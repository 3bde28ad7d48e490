"""Keys that come faster than pages are read move by as many rows as there are keys."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.conftest import AddDataset, AddJob
from tests.ui.support import Session, frozen_app, session
from tests.ui.test_keys_in_turn import type_at_once
from vapor_tui.domain.notifications import Kind, Notice, Priority
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage.notifications import notify
from vapor_tui.ui.backend import Backend
from vapor_tui.ui.screens.monitor import MonitorScreen
from vapor_tui.ui.screens.paging import PagingScreen

ROWS = 70
SIZE = (80, 24)


@pytest.fixture
def three_lists(workspace: Workspace, add_dataset_row: AddDataset, add_job: AddJob) -> None:
    """So many jobs, datasets and notifications, each several pages."""
    for number in range(ROWS):
        add_job(name=f"job-{number}")
        add_dataset_row(f"chats-{number}")
        notice = Notice(Kind.STALLED, f"note {number}", "", Priority.NORMAL)
        workspace.database.write(notify, workspace.owner, notice, None)


@pytest.fixture
def slow_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each answer of the database takes a while, as on a busy machine."""
    ask_at_once = Backend.ask

    async def ask_slowly(self: Backend, *args: Any, **options: Any) -> Any:
        def slowly(workspace: Workspace, *rest: Any, **more: Any) -> Any:
            time.sleep(0.05)
            return args[0](workspace, *rest, **more)

        return await ask_at_once(self, slowly, *args[1:], **options)

    monkeypatch.setattr(Backend, "ask", ask_slowly)


def place(app: Session) -> int:
    """The row under the cursor, counted over all pages from 0."""
    screen = app.app.screen
    assert isinstance(screen, PagingScreen)
    return (screen.page - 1) * screen.table.room + screen.table.cursor


async def type_burst(app: Session, *keys: str) -> None:
    """Type all at once, and wait until the last key has been handled."""
    type_at_once(app, *keys)
    await app.until(lambda: app.app._turns._settling is not None)
    await app.until(lambda: app.app._turns._settling is None)


@pytest.mark.usefixtures("three_lists", "slow_reading")
@pytest.mark.parametrize("where", ["1", "2", "3"])
async def test_a_burst_moves_by_as_many_rows_as_keys(workspace: Workspace, where: str) -> None:
    async with session(frozen_app(workspace), size=SIZE) as app:
        await app.press(where, "g")
        await app.sees("page 1 of")
        await type_burst(app, *"j" * 50)
        assert place(app) == 50
        await type_burst(app, *"k" * 40, "j", "k", "j")
        assert place(app) == 11
        await type_burst(app, *"j" * 30)
        assert place(app) == 41


@pytest.mark.usefixtures("three_lists", "slow_reading")
async def test_a_key_after_a_page_was_turned_acts_on_a_row_of_that_page(
    workspace: Workspace,
) -> None:
    async with session(frozen_app(workspace), size=SIZE) as app:
        await app.sees("page 1 of")
        await app.pilot.pause(0.2)
        room = app.app.home.table.room
        type_at_once(app, "pagedown", "j", "enter")
        await app.until(lambda: isinstance(app.app.screen, MonitorScreen))
        await app.sees(f"job-{ROWS - 1 - room - 1}")


@pytest.mark.usefixtures("three_lists", "slow_reading")
async def test_the_wheel_turns_one_page_while_that_is_read(workspace: Workspace) -> None:
    async with session(frozen_app(workspace), size=SIZE) as app:
        await app.sees("page 1 of")
        await app.pilot.pause(0.2)
        table = app.app.home.table
        table.cursor = table.room - 1
        for _ in range(5):
            table.wheel(1)
        await app.sees("page 2 of")
        await app.pilot.pause(0.3)
        assert app.app.home.page == 2
