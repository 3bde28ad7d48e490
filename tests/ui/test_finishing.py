"""Screens end once, take nothing else away, and lose nothing that a person typed."""

from __future__ import annotations

import importlib
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.command import CommandPalette

import vapor_tui.ui
from tests.ui.support import PATIENCE, Session, frozen_app, session
from vapor_tui.domain.jobs import Job
from vapor_tui.services.workspace import Workspace
from vapor_tui.ui.commands import JobCommands
from vapor_tui.ui.messages import ReadingEnded, RunAttached
from vapor_tui.ui.screens.add_dataset import AddDatasetScreen
from vapor_tui.ui.screens.attach import AttachScreen
from vapor_tui.ui.screens.configure import ConfigureScreen
from vapor_tui.ui.screens.confirm import ConfirmScreen
from vapor_tui.ui.screens.datasets import DatasetsScreen
from vapor_tui.ui.screens.monitor import MonitorScreen
from vapor_tui.ui.screens.note import NoteScreen
from vapor_tui.ui.screens.tags import TagsScreen
from vapor_tui.ui.widgets.path_completion import PathCandidate
from vapor_tui.ui.widgets.plain_input import PlainInput

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
        if re.search(r"\bdismiss\(", path.read_text(encoding="utf-8"))
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
    workspace: Workspace,
    add_job: AddJob,
    opening: tuple[str, ...],
    key: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)  # an export is written where one is
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


class SlowAdding:
    """Lets a dataset be registered, or a run attached, only when the test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        self.begun, self.go = threading.Event(), threading.Event()
        module, function = name.rsplit(".", 1)
        real = getattr(importlib.import_module(module), function)

        def wait(*args: Any, **kwargs: Any) -> Any:
            self.begun.set()
            self.go.wait(PATIENCE)
            return real(*args, **kwargs)

        monkeypatch.setattr(name, wait)


async def test_a_dataset_that_is_read_behind_the_palette_is_taken_in_front(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "chats.jsonl"
    file.write_text('{"prompt": "a", "completion": "b"}\n' * 50)
    slow = SlowAdding(monkeypatch, "vapor_tui.services.datasets.add_dataset")
    async with session(frozen_app(workspace)) as app:
        await app.press("2", "n")
        app.top(AddDatasetScreen).query_one("#path", PlainInput).value = str(file)
        await app.press("enter")
        await app.until(slow.begun.is_set)
        await app.press("ctrl+p")
        palette = app.top(CommandPalette)
        slow.go.set()
        await app.until(lambda: len(app.heard(ReadingEnded)) > 1)
        assert app.app.screen is palette
        await app.press("escape")
        await app.until(lambda: isinstance(app.app.screen, DatasetsScreen))
        await app.sees("chats", "ready")


async def test_a_run_that_is_attached_behind_the_palette_is_watched_in_front(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "loss.csv"
    log.write_text("step,loss\n1,2\n2,1\n")
    slow = SlowAdding(monkeypatch, "vapor_tui.services.attach.attach_inspected")
    async with session(frozen_app(workspace, directory=tmp_path)) as app:
        await app.press("a")
        app.top(AttachScreen).query_one(PlainInput).value = str(log)
        await app.press("enter")
        await app.until(slow.begun.is_set)
        await app.press("ctrl+p")
        palette = app.top(CommandPalette)
        slow.go.set()
        await app.until(lambda: bool(app.heard(RunAttached)))
        assert app.app.screen is palette
        await app.press("escape")
        await app.until(lambda: isinstance(app.app.screen, MonitorScreen))


async def test_a_disk_that_does_not_answer_holds_one_thread(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, begun = threading.Event(), []

    def hang(typed: str) -> list[PathCandidate]:
        begun.append(typed)
        go.wait(PATIENCE)
        return []

    monkeypatch.setattr("vapor_tui.ui.widgets.path_completion.path_candidates", hang)
    async with session(frozen_app(workspace)) as app:
        await app.press("a", *"/mnt/share")
        assert begun == ["/"]
        go.set()
        await app.until(lambda: len(begun) == 2)
        assert begun[-1] == "/mnt/share"


@pytest.mark.parametrize(("key", "lost"), [("N", "a note"), ("number_sign", "a tag")])
async def test_what_is_typed_in_a_dialog_is_not_lost_without_a_question(
    workspace: Workspace, add_job: AddJob, key: str, lost: str
) -> None:
    add_job(name="job-one")
    async with session(frozen_app(workspace)) as app:
        await app.sees("job-one")
        await app.press(key)
        await app.until(lambda: isinstance(app.app.screen, NoteScreen | TagsScreen))
        dialog = app.app.screen
        assert not dialog.is_changed
        await app.press(*lost)
        app.app.action_jobs()
        assert app.app.screen is dialog
        await app.press("ctrl+q")
        app.top(ConfirmScreen)
        await app.press("escape")
        assert app.app.screen is dialog
        await app.press("ctrl+p", *"job-one")
        await app.pilot.pause()
        assert [hit async for hit in JobCommands(dialog).search("job-one")] == []


async def test_a_path_that_is_typed_is_not_lost_without_a_question(workspace: Workspace) -> None:
    async with session(frozen_app(workspace)) as app:
        await app.press("2", "n")
        dialog = app.top(AddDatasetScreen)
        assert not dialog.is_changed
        await app.press(*"ab")
        assert dialog.is_changed


async def test_a_job_is_opened_once(workspace: Workspace, add_job: AddJob) -> None:
    add_job(name="job-one")
    async with session(frozen_app(workspace)) as app:
        await app.sees("job-one")
        await twice(app, "enter")
        assert len(app.app.screen_stack) == 2
        app.app.open_monitor(1)
        assert len(app.app.screen_stack) == 2
        await app.press("escape")
        assert app.app.screen is app.app.home
