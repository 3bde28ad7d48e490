"""Adding a dataset from a file, and the list of paths it is chosen from."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.widgets import Button, Static

from tests.ui.configure_support import Form, opened
from vapor_tui.domain.datasets import ReadProgress
from vapor_tui.domain.results import Refused
from vapor_tui.services import datasets as dataset_services
from vapor_tui.services.datasets import list_datasets
from vapor_tui.services.workspace import Workspace
from vapor_tui.ui.screens.add_dataset import AddDatasetScreen
from vapor_tui.ui.screens.configure import ConfigureScreen
from vapor_tui.ui.widgets.lines import LinesView
from vapor_tui.ui.widgets.path_completion import path_candidates
from vapor_tui.ui.widgets.pick_list import PickList
from vapor_tui.ui.widgets.plain_input import PlainInput

GOOD = '{"prompt": "a", "completion": "b"}\n'


async def entered(form: Form, path: str) -> AddDatasetScreen:
    """Open the screen and paste a path into it."""
    await form.press("ctrl+o")
    screen = form.top(AddDatasetScreen)
    screen.query_one(PlainInput).post_message(events.Paste(path))
    await form.pilot.pause(0.05)
    return screen


def said(screen: AddDatasetScreen, selector: str = "#message") -> str:
    return str(screen.query_one(selector, Static).render())


async def test_a_path_is_completed_and_read(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "chats.jsonl").write_text(GOOD * 3)
    async with opened(workspace) as form:
        screen = await entered(form, f"{tmp_path}/fo")
        await form.press("tab")
        assert screen.query_one(PlainInput).value == f"{tmp_path}/folder/"
        await form.until(lambda: screen.query_one(PickList).option_count == 1)
        await form.press("enter")
        await form.until(lambda: isinstance(form.app.screen, ConfigureScreen))
        await form.until(lambda: form.shown("dataset") == "chats")
        assert form.field("dataset").message == "3 pairs, 6 tokens, ready"
        assert form.shown("name") == "chats-lfm2-350m"
    (dataset,) = list_datasets(workspace)
    assert dataset.total_training_pairs == 3


async def test_bad_lines_are_listed_with_their_numbers(
    workspace: Workspace, tmp_path: Path
) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text(GOOD + "nonsense [red]\n" + GOOD + "[1]\n")
    async with opened(workspace) as form:
        screen = await entered(form, str(file))
        await form.press("enter")
        await form.until(lambda: "not valid" in said(screen))
        lines = said(screen, "#error-lines").splitlines()
        assert lines[0].startswith("line 2  ")
        assert lines[1] == "line 4  a list, not an object"
        await form.press("escape")
        assert form.shown("dataset") == ""


async def test_a_file_that_does_not_exist(workspace: Workspace, tmp_path: Path) -> None:
    async with opened(workspace) as form:
        screen = await entered(form, f"{tmp_path}/missing.jsonl")
        await form.press("enter")
        await form.until(lambda: "missing.jsonl" in said(screen))
        assert screen.query_one("#message").has_class("-error")
        assert screen.focused is screen.query_one(PlainInput)
        await form.press("x")
        assert not screen.query_one("#message").has_class("-error")


async def test_reading_shows_its_progress_and_can_be_stopped(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(
        _workspace: Workspace,
        _path: Path,
        *,
        progress: Callable[[ReadProgress], None],
        cancelled: Callable[[], bool],
        **_others: object,
    ) -> Any:
        progress(ReadProgress(bytes_read=1024, bytes_total=4096, records=12))
        while not cancelled():
            time.sleep(0.01)
        return Refused("Reading was cancelled; nothing was stored", is_input=False)

    monkeypatch.setattr(dataset_services, "add_dataset", slow)
    (tmp_path / "chats.jsonl").write_text(GOOD)
    async with opened(workspace) as form:
        screen = await entered(form, f"{tmp_path}/chats.jsonl")
        await form.press("enter")
        progress = screen.query_one("#progress", LinesView)
        await form.until(lambda: "1.0 KiB of 4.0 KiB, 12 records" in progress.plain)
        assert "25 %" in progress.plain
        assert str(screen.query_one("#back", Button).label) == "Stop"
        await form.press("enter", "escape")
        await form.until(lambda: not screen.is_reading)
        assert said(screen) == "Reading was cancelled; nothing was stored"
        await form.press("enter")
        await form.until(lambda: screen.is_reading)
        # Leaving the program now must not wait for the file.


def test_candidates_of_a_path(tmp_path: Path) -> None:
    for name in ("b.txt", "a.jsonl", ".hidden.jsonl", "A2.csv.gz"):
        (tmp_path / name).write_text(GOOD)
    (tmp_path / "zoo").mkdir()
    os.symlink(tmp_path / "nowhere", tmp_path / "broken.json")

    def names(typed: str) -> list[str]:
        return [candidate.name for candidate in path_candidates(f"{tmp_path}/{typed}")]

    assert names("") == ["zoo/", "a.jsonl", "A2.csv.gz", "broken.json", "b.txt"]
    assert names("A") == ["a.jsonl", "A2.csv.gz"]
    assert names(".h") == [".hidden.jsonl"]
    assert names("zoo/") == []
    assert names("missing/x") == []
    assert path_candidates("\0") == []
    assert path_candidates("~nobody-by-this-name/") == []
    found = path_candidates(f"{tmp_path}/broken")
    assert found[0].facts == "cannot be read"
