"""Screens end once, take nothing else away, and lose nothing that a person typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from textual import events

import vapor_tui.ui
from tests.ui.support import Session, frozen_app, session
from vapor_tui.domain.jobs import Job
from vapor_tui.services.workspace import Workspace
from vapor_tui.ui.screens.configure import ConfigureScreen

AddJob = Callable[..., Job]


async def twice(app: Session, key: str) -> None:
    """Press a key again before the first has been dealt with."""
    character = key if len(key) == 1 else None
    for _ in range(2):
        app.app.post_message(events.Key(key, character))
    await app.pilot.pause()
    await app.pilot.pause()


def test_nothing_is_dismissed_but_by_finish() -> None:
    folder = Path(vapor_tui.ui.__file__).parent
    users = {
        path.name
        for path in folder.rglob("*.py")
        if re.search(r"\bdismiss\(|\"dismiss\"", path.read_text(encoding="utf-8"))
    }
    assert users == {"finishing.py"}


@pytest.mark.parametrize("key", ["enter", "escape"])
@pytest.mark.parametrize(
    "opening",
    [
        ("question_mark",),
        ("v",),
        ("x",),
        ("o",),
        ("2",),
        ("2", "enter"),
        ("2", "n"),
        ("3",),
        ("a",),
        ("N",),
        ("number_sign",),
        ("d",),
        ("enter",),
        ("space", "j", "space", "c"),
    ],
    ids="-".join,
)
async def test_a_key_pressed_twice_takes_one_screen_away_and_no_more(
    workspace: Workspace, add_job: AddJob, opening: tuple[str, ...], key: str
) -> None:
    add_job(name="job-one")
    add_job(name="job-two")
    async with session(frozen_app(workspace)) as app:
        await app.sees("job-one")
        for each in opening:
            await app.press(each)
            await app.pilot.pause()
        await twice(app, key)
        assert app.app._exception is None
        assert not app.app._exit
        assert app.app.screen_stack[0] is app.app.home


@pytest.mark.parametrize(
    ("opening", "key"),
    [
        (("f2",), "enter"),
        (("f2",), "escape"),
        (("f2",), "q"),
        (("tab", "enter"), "enter"),
        (("tab", "enter"), "escape"),
        (("ctrl+o",), "escape"),
    ],
    ids=str,
)
async def test_the_form_beneath_is_not_thrown_away(
    workspace: Workspace, add_job: AddJob, opening: tuple[str, ...], key: str
) -> None:
    add_job()
    async with session(frozen_app(workspace)) as app:
        await app.sees("support-bot")
        await app.press("n")
        await app.sees("needs")
        form = app.top(ConfigureScreen)
        await app.press("right", "tab", *"precious")
        await app.press(*opening)
        await app.until(lambda: app.app.screen is not form)
        await twice(app, key)
        assert app.app._exception is None
        assert form in app.app.screen_stack
        assert form.is_changed
