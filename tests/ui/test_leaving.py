"""Leaving the app with ctrl+q and ctrl+c, from wherever one is."""

from __future__ import annotations

import pytest

from tests.conftest import AddDataset
from tests.ui.configure_support import opened
from tests.ui.support import Session, frozen_app, session
from tests.ui.tour import STOPS, AddJob, Stop, standing_at
from vapor_tui.services.workspace import Workspace
from vapor_tui.ui import leaving
from vapor_tui.ui.screens.configure import ConfigureScreen
from vapor_tui.ui.screens.confirm import ConfirmScreen

AT = {stop.name: stop for stop in STOPS}


def has_left(app: Session) -> bool:
    return bool(app.app._exit)


@pytest.mark.parametrize("stop", STOPS, ids=str)
async def test_ctrl_c_twice_leaves_every_screen(
    workspace: Workspace, add_job: AddJob, stop: Stop
) -> None:
    async with standing_at(stop, workspace, add_job) as app:
        await app.press("ctrl+c")
        toast = next(iter(app.app._notifications))
        assert toast.message == "Press ctrl+c again to quit"
        assert not has_left(app)
        await app.press("ctrl+c")
        assert has_left(app)
    assert app.app.return_code == 0


async def test_a_second_ctrl_c_that_comes_late_is_a_first_one(
    workspace: Workspace, add_job: AddJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with standing_at(AT["jobs"], workspace, add_job) as app:
        now = 100.0
        monkeypatch.setattr(leaving, "monotonic", lambda: now)
        await app.press("ctrl+c")
        now += leaving.AGAIN_SECONDS + 0.1
        await app.press("ctrl+c")
        assert not has_left(app)
        now += 0.1
        await app.press("ctrl+c")
        assert has_left(app)


@pytest.mark.parametrize("keys", [("ctrl+q",), ("ctrl+c", "ctrl+c")])
async def test_what_was_entered_is_not_lost_without_a_question(
    workspace: Workspace, add_job: AddJob, keys: tuple[str, ...]
) -> None:
    async with standing_at(AT["new job"], workspace, add_job) as app:
        await app.press("right", "tab", *"my run")
        await app.press(*keys)
        question = app.top(ConfirmScreen)
        await app.sees("Quit?", "What was entered here is not kept.")
        await app.press("ctrl+q")
        assert app.top(ConfirmScreen) is question
        await app.press("escape")
        assert not has_left(app)
        await app.sees("my run")
        await app.press(*keys)
        await app.press("y")
        assert has_left(app)


async def test_ctrl_q_leaves_at_once_where_nothing_was_entered(
    workspace: Workspace, add_job: AddJob
) -> None:
    async with standing_at(AT["new job"], workspace, add_job) as app:
        await app.press("ctrl+q")
        assert has_left(app)


async def test_ctrl_c_copies_what_is_selected(workspace: Workspace, add_job: AddJob) -> None:
    async with standing_at(AT["new job"], workspace, add_job) as app:
        await app.press("tab", *"my run", "shift+home", "ctrl+c", "ctrl+c")
        assert app.app.clipboard.endswith("my run")
        assert not has_left(app)


async def test_a_key_leads_back_to_the_list_from_everywhere(
    workspace: Workspace, add_job: AddJob
) -> None:
    add_job()
    async with session(frozen_app(workspace)) as app:
        await app.sees("support-bot")
        await app.press("enter", "3", "2")
        assert len(app.app.screen_stack) > 2
        await app.press("1")
        assert app.app.screen is app.app.home
        await app.press("1")
        assert app.app.screen is app.app.home


async def test_going_to_the_list_loses_nothing_that_was_entered(
    workspace: Workspace, add_dataset_row: AddDataset
) -> None:
    add_dataset_row()
    async with opened(workspace) as form:
        await form.press("right")
        form.app.action_jobs()
        await form.until(lambda: len(form.app._notifications) > 0)
        form.top(ConfigureScreen)
        assert [toast.message for toast in form.app._notifications] == [
            "Something was entered here: leave it with esc first"
        ]
