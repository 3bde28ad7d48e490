"""Keys that arrive all at once, as over a line that hung, do what they do one at a time."""

from __future__ import annotations

import asyncio
import threading

import pytest
from textual import events
from textual.app import ComposeResult
from textual.widgets import Input, TextArea

from tests.conftest import AddJob
from tests.ui.support import Session, frozen_app, session
from vapor_tui.domain.lifecycle import Action
from vapor_tui.services.annotations import tags_in_use
from vapor_tui.services.jobs import apply_action, list_jobs
from vapor_tui.services.workspace import Workspace
from vapor_tui.ui import keys_in_turn
from vapor_tui.ui.screens.add_dataset import AddDatasetScreen
from vapor_tui.ui.screens.finishing import DialogScreen
from vapor_tui.ui.screens.jobs import JobsScreen
from vapor_tui.ui.screens.note import NoteScreen
from vapor_tui.ui.screens.pick import PickScreen
from vapor_tui.ui.screens.tags import TagsScreen


def type_at_once(app: Session, *keys: str) -> None:
    """Post keys as the driver does with what one read brought."""
    for key in keys:
        app.app.post_message(events.Key(key, key if len(key) == 1 else None))


async def test_a_search_takes_what_was_typed_with_it(workspace: Workspace, add_job: AddJob) -> None:
    add_job(name="extract")
    add_job(name="other")
    async with session(frozen_app(workspace)) as app:
        await app.sees("extract", "other")
        type_at_once(app, "slash", *"extract")
        await app.until(lambda: "other" not in app.text)
        assert app.app.screen.query_one(Input).value == "extract"
        app.top(JobsScreen)


async def test_a_dialog_takes_what_was_typed_with_it(workspace: Workspace, add_job: AddJob) -> None:
    add_job()
    async with session(frozen_app(workspace)) as app:
        await app.sees("support-bot")
        type_at_once(app, "N", *"dnq")
        await app.until(lambda: isinstance(app.app.screen, NoteScreen))
        await app.until(lambda: app.app.screen.query_one(TextArea).text == "dnq")


async def test_a_paste_waits_for_its_field(workspace: Workspace) -> None:
    async with session(frozen_app(workspace)) as app:
        type_at_once(app, "2", "n")
        app.app.post_message(events.Paste("chats.jsonl"))
        type_at_once(app, "l")
        await app.until(lambda: isinstance(app.app.screen, AddDatasetScreen))
        await app.until(lambda: app.app.screen.query_one(Input).value == "chats.jsonll")


@pytest.mark.parametrize("keys", [("number_sign",), ("enter", "c")])
async def test_a_dialog_that_reads_first_takes_what_was_typed_with_it(
    workspace: Workspace, add_job: AddJob, keys: tuple[str, ...]
) -> None:
    for name in ("first", "dyn"):
        apply_action(workspace, Action.CANCEL, add_job(name=name).id)
    async with session(frozen_app(workspace)) as app:
        await app.sees("dyn")
        type_at_once(app, *keys, *"dyn")
        await app.until(lambda: isinstance(app.app.screen, TagsScreen | PickScreen))
        await app.until(lambda: app.app.screen.query_one(Input).value == "dyn")
    assert list_jobs(workspace).total == 2


async def test_what_was_meant_for_a_dialog_that_does_not_come_does_nothing(
    workspace: Workspace, add_job: AddJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys_in_turn, "SETTLE_SECONDS", 0.05)
    apply_action(workspace, Action.CANCEL, add_job().id)
    may_read = threading.Event()

    def read_slowly(workspace: Workspace) -> list[str]:
        may_read.wait(10)
        return tags_in_use(workspace)

    monkeypatch.setattr("vapor_tui.services.annotations.tags_in_use", read_slowly)
    async with session(frozen_app(workspace)) as app:
        await app.sees("support-bot")
        type_at_once(app, "number_sign", *"dy")
        await asyncio.sleep(0.3)
        app.top(JobsScreen)
        type_at_once(app, "ctrl+c")
        await app.sees("Press ctrl+c again to quit")
        may_read.set()
        await app.until(lambda: isinstance(app.app.screen, TagsScreen))
        assert app.app.screen.query_one(Input).value == ""


class _Slow(DialogScreen[None]):
    """Takes a key and is busy with it until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.may_go_on = asyncio.Event()

    def compose(self) -> ComposeResult:
        yield Input()

    async def on_input_changed(self) -> None:
        await self.may_go_on.wait()


async def test_a_key_that_takes_long_does_not_hold_the_rest(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys_in_turn, "SETTLE_SECONDS", 0.05)
    async with session(frozen_app(workspace)) as app:
        slow = _Slow()
        await app.app.push_screen(slow)
        box = slow.query_one(Input)
        type_at_once(app, *"abc")
        try:
            async with asyncio.timeout(5):
                while box.value != "abc":
                    await asyncio.sleep(0.01)
        finally:
            slow.may_go_on.set()


@pytest.mark.parametrize("kind", ["new", "risen"])
async def test_what_is_typed_while_the_app_is_left_is_nobodys(
    workspace: Workspace, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with session(frozen_app(workspace)) as app:
        key = events.Key("j", "j")
        if kind == "risen":
            key._set_forwarded()
        with monkeypatch.context() as left:
            left.setattr(app.app, "_screen_stacks", {app.app.current_mode: []})
            await app.app.on_event(key)
