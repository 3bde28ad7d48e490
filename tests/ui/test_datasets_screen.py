"""The list of datasets, one dataset in full, and the form that adds one."""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.widgets import Button, Input, Static

from tests.conftest import AddDataset, AddJob
from tests.ui.support import PATIENCE, Session, frozen_app, session
from vapor_tui.domain.datasets import Dataset, DatasetStatus, ReadProgress
from vapor_tui.domain.results import Refused
from vapor_tui.own_thread import in_own_thread
from vapor_tui.services import datasets as dataset_services
from vapor_tui.services.datasets import get_dataset, list_datasets
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import datasets as queries
from vapor_tui.ui.messages import (
    DatasetDeleted,
    DatasetRead,
    ReadingEnded,
    SampleAdded,
)
from vapor_tui.ui.screens.add_dataset import AddDatasetScreen
from vapor_tui.ui.screens.configure import ConfigureScreen
from vapor_tui.ui.screens.confirm import ConfirmScreen
from vapor_tui.ui.screens.dataset_details import DatasetDetailsScreen
from vapor_tui.ui.screens.datasets import DatasetsScreen
from vapor_tui.ui.screens.jobs import JobsScreen
from vapor_tui.ui.widgets.dataset_tree import DatasetTree
from vapor_tui.ui.widgets.no_dataset import NoDataset
from vapor_tui.ui.widgets.path_completion import PathCandidate
from vapor_tui.ui.widgets.plain_input import PlainInput

GOOD = '{"prompt": "p", "completion": "c"}\n'
HOSTILE = "[red]x\x1b[31m.jsonl"

ENDING_SECONDS = 10.0
"""Far more than a reading that is stopped goes on for."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    place = tmp_path / "data"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


async def listing(open_session: Session, *texts: str) -> DatasetsScreen:
    """Go to the datasets and wait until they are listed."""
    await open_session.press("2")
    await open_session.sees("Datasets", *texts)
    return open_session.top(DatasetsScreen)


async def paste(open_session: Session, field: str, text: str) -> None:
    box = open_session.app.screen.query_one(f"#{field}", PlainInput)
    box.focus()
    box.post_message(events.Paste(text))
    await open_session.until(lambda: box.value == text)


def ids(screen: DatasetsScreen) -> list[int]:
    return [dataset.id for dataset in screen.table.shown.rows]


class SlowReading:
    """Stands in for the service: goes on until it is let go, or stopped."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go = threading.Event()
        self.begun = threading.Event()
        self._real = dataset_services.add_dataset
        monkeypatch.setattr(dataset_services, "add_dataset", self)

    def __call__(
        self,
        workspace: Workspace,
        path: Path,
        *,
        progress: Callable[[ReadProgress], None],
        cancelled: Callable[[], bool],
        **others: Any,
    ) -> Any:
        progress(ReadProgress(bytes_read=1024, bytes_total=4096, records=12))
        self.begun.set()
        while not self.go.wait(0.01):
            if cancelled():
                return Refused("Reading was cancelled; nothing was stored", is_input=False)
        return self._real(workspace, path, **others)


async def test_the_empty_list_says_what_to_do(workspace: Workspace) -> None:
    async with session(frozen_app(workspace)) as opened:
        screen = await listing(opened, "No datasets yet", "add a file", "the sample dataset")
        assert screen.state == "-none"
        await opened.press("i")
        await opened.sees("support-chats", "168")
        assert opened.heard(SampleAdded) == ["SampleAdded"]
        assert screen.state == "-listing"
    (dataset,) = list_datasets(workspace)
    assert dataset.name == "support-chats"


async def test_rows_follow_what_is_stored_and_keep_the_cursor(
    workspace: Workspace, add_dataset_row: AddDataset
) -> None:
    first = add_dataset_row("first")
    second = add_dataset_row("second")
    async with session(frozen_app(workspace)) as opened:
        screen = await listing(opened, "first", "second")
        await opened.press("j")
        assert screen.subject is not None
        assert screen.subject.id == first.id
        third = add_dataset_row("third", status=DatasetStatus.INVALID, training_ready=False)
        await opened.sees("third", "✗ invalid")
        assert ids(screen) == [third.id, second.id, first.id]
        assert screen.subject.id == first.id
        await opened.press("g")
        assert "train" not in opened.keys
        assert "read again" in opened.keys
        await opened.press("j")
        assert "t train on this" in opened.keys


async def test_search_and_order(workspace: Workspace, add_dataset_row: AddDataset) -> None:
    for name, tokens in (("zebra", 1), ("apple", 3), ("mango", 2)):
        add_dataset_row(name, total_tokens=tokens)
    async with session(frozen_app(workspace)) as opened:
        screen = await listing(opened, "zebra")
        await opened.press("slash", "a", "p", "p", "enter")
        await opened.until(lambda: len(ids(screen)) == 1)
        assert opened.app.focused is screen.table
        await opened.press("escape")
        await opened.until(lambda: len(ids(screen)) == 3)
        for order in ("oldest", "name", "pairs", "tokens"):
            await opened.press("o")
            await opened.sees(f"sort {order}")
        await opened.until(lambda: ids(screen) == [2, 3, 1])
        await opened.press("slash", "n", "o", "n", "e", "enter")
        await opened.sees("No dataset matches")
        await opened.press("escape")
        await opened.sees("zebra")


async def test_pages_are_turned_in_both_directions(
    workspace: Workspace, add_dataset_row: AddDataset
) -> None:
    for number in range(40):
        add_dataset_row(f"chats-{number}")
    async with session(frozen_app(workspace), size=(80, 24)) as opened:
        screen = await listing(opened, "page 1 of 3, 40 datasets")
        first = ids(screen)
        await opened.press("G")
        await opened.sees("page 3 of 3")
        assert screen.subject is not None
        assert screen.subject.id == 1
        await opened.press("g")
        await opened.sees("page 1 of 3")
        assert ids(screen) == first
        assert screen.table.cursor == 0
        await opened.press(*["j"] * len(first))
        await opened.sees("page 2 of 3")
        await opened.press("k")
        await opened.sees("page 1 of 3")
        assert screen.table.cursor == len(first) - 1


async def test_details_stand_beside_the_list_where_there_is_room(
    workspace: Workspace, add_dataset_row: AddDataset
) -> None:
    chat = {"messages": [{"role": "user", "content": "Is it\x1b[31m [red]on its way?\u202e"}]}
    add_dataset_row("other", total_tokens=777)
    dataset = add_dataset_row(sample_data=[chat], path="/data/[red]\x1b]0;x\x07.jsonl")
    async with session(frozen_app(workspace)) as opened:
        screen = await listing(opened, "1,000 pairs", "200,000", "First records")
        assert screen.details == dataset
        await opened.sees("Is it�[31m [red]on its way?�", "/data/[red]�]0;x�.jsonl")
        await opened.press("j")
        await opened.sees("777")
        await opened.pilot.resize_terminal(80, 24)
        await opened.until(lambda: "First records" not in opened.text)
        await opened.press("g", "enter")
        details = opened.top(DatasetDetailsScreen)
        await opened.sees("1,000 pairs")
        await opened.press("G")
        await opened.sees("Is it�[31m")
        assert details.subject == dataset
        await opened.press("escape")
        opened.top(DatasetsScreen)
        await opened.press("q")
        opened.top(JobsScreen)
        assert opened.heard(DatasetRead)


async def test_a_dataset_that_is_gone_is_answered(workspace: Workspace) -> None:
    async with session(frozen_app(workspace)) as opened:
        opened.app.push_screen(DatasetDetailsScreen(9))
        await opened.sees("There is no dataset 9")


async def test_delete_asks_first(workspace: Workspace, add_dataset_row: AddDataset) -> None:
    kept, gone = add_dataset_row("kept"), add_dataset_row("gone")
    async with session(frozen_app(workspace)) as opened:
        screen = await listing(opened, "gone")
        await opened.press("d")
        opened.top(ConfirmScreen)
        await opened.press("enter")  # the answer that changes nothing has the focus
        assert get_dataset(workspace, gone.id) is not None
        await opened.press("d", "y")
        await opened.until(lambda: ids(screen) == [kept.id])
        assert opened.heard(DatasetDeleted) == ["DatasetDeleted"]
        await opened.sees(f"Deleted #{gone.id} gone")
    assert get_dataset(workspace, gone.id) is None
    assert get_dataset(workspace, kept.id) is not None


async def test_delete_is_refused_while_a_job_needs_it(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = add_job()
    async with session(frozen_app(workspace)) as opened:
        await listing(opened, "support-chats")
        await opened.press("enter")
        await opened.sees("1,000 pairs")
        await opened.press("d", "y")
        await opened.sees(f"support-chats is still needed by job {job.id}")
        opened.top(DatasetDetailsScreen)
    assert get_dataset(workspace, job.dataset_id or 0) is not None


@pytest.mark.parametrize("keys", [["t"], ["enter", "t"]], ids=["list", "details"])
async def test_train_on_this_opens_the_form_with_it(
    workspace: Workspace, add_dataset_row: AddDataset, keys: list[str]
) -> None:
    add_dataset_row("wanted")
    add_dataset_row("newest")
    async with session(frozen_app(workspace)) as opened:
        await listing(opened, "wanted")
        await opened.press("j")
        for key in keys:
            await opened.press(key)
            await opened.sees("wanted", "train on this" if key == "enter" else "")
        await opened.until(lambda: isinstance(opened.app.screen, ConfigureScreen))
        await opened.sees("wanted-lfm2-350m")


async def test_a_form_without_a_dataset_goes_there_and_takes_one_back(
    workspace: Workspace, add_dataset_row: AddDataset
) -> None:
    dataset = add_dataset_row("chats")
    async with session(frozen_app(workspace, configure={"dataset_id": 99})) as opened:
        await opened.sees("Datasets", "Use the sample")
        opened.app.screen.query_one("#dataset-choose", Button).press()
        await opened.until(lambda: isinstance(opened.app.screen, DatasetsScreen))
        await opened.sees("chats")
        await opened.press("t")
        form = opened.top(ConfigureScreen)
        await opened.sees("chats-lfm2-350m")
        assert form._form.dataset == get_dataset(workspace, dataset.id)
        assert not form.query_one(NoDataset).display
        assert len(opened.app.screen_stack) == 2


async def test_a_file_is_added_with_its_name_and_validation_file(
    workspace: Workspace, folder: Path
) -> None:
    (folder / "chats.jsonl").write_text(GOOD * 3)
    (folder / "held-out.jsonl").write_text(GOOD * 2)
    async with session(frozen_app(workspace)) as opened:
        screen = await listing(opened, "No datasets yet")
        await opened.press("n")
        await opened.sees("Add a dataset", "held-out.jsonl")
        await paste(opened, "path", "ch")
        await opened.until(lambda: opened.top(AddDatasetScreen)._completed == "ch")
        await opened.press("tab")
        assert opened.app.screen.query_one("#path", PlainInput).value == "chats.jsonl"
        await opened.press("tab")
        assert opened.app.focused is opened.app.screen.query_one("#validation")
        await opened.press("tab")
        assert opened.app.focused is opened.app.screen.query_one("#name")
        await paste(opened, "name", "support 2")
        await paste(opened, "validation", "held-out.jsonl")
        await opened.press("enter")
        await opened.until(lambda: opened.app.screen is screen)
        await opened.sees("support 2")
        assert "ReadingEnded" in opened.heard(ReadingEnded)
    (dataset,) = list_datasets(workspace)
    assert (dataset.name, dataset.total_training_pairs) == ("support 2", 3)
    assert dataset.total_validation_pairs == 2


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (60, 18)])
async def test_a_file_is_chosen_in_the_tree(
    workspace: Workspace, folder: Path, size: tuple[int, int]
) -> None:
    (folder / "deep").mkdir()
    (folder / "deep" / HOSTILE).write_text(GOOD)
    (folder / "notes.txt").write_text("no dataset")
    async with session(frozen_app(workspace), size=size) as opened:
        await listing(opened, "No datasets yet")
        await opened.press("n", "ctrl+t")
        tree = opened.app.screen.query_one(DatasetTree)
        await opened.until(lambda: len(tree.root.children) == 2 and tree.has_focus)
        await opened.sees("▸ deep")
        await opened.press("down", "down", "enter")
        await opened.sees("[red]x�[31m.jsonl  35 B")
        assert "\x1b" not in opened.text
        assert len(tree.root.children) == 2  # the text file is not offered
        await opened.press("down", "enter")
        box = opened.app.screen.query_one("#path", PlainInput)
        assert box.value == "deep/[red]x�[31m.jsonl"
        assert opened.app.focused is box
        await opened.until(lambda: opened.top(AddDatasetScreen)._completed == box.value)
        await opened.press("enter")
        await opened.until(lambda: isinstance(opened.app.screen, DatasetsScreen))
        await opened.sees("[red]x�[31m")
    (dataset,) = list_datasets(workspace)
    assert dataset.path == str(folder / "deep" / HOSTILE)


async def test_the_tree_goes_up(workspace: Workspace, folder: Path) -> None:
    (folder.parent / "above.csv").write_text("text\nhello\n")
    async with session(frozen_app(workspace)) as opened:
        await listing(opened, "No datasets yet")
        await opened.press("n", "ctrl+t")
        tree = opened.app.screen.query_one(DatasetTree)
        await opened.until(lambda: len(tree.root.children) == 1 and tree.has_focus)
        await opened.press("down", "enter")
        await opened.sees("above.csv")
        assert tree.root.data == str(folder.parent)


async def test_escape_stops_the_reading_and_leaves_nothing(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SlowReading(monkeypatch)
    (folder / "chats.jsonl").write_text(GOOD)
    async with session(frozen_app(workspace)) as opened:
        await listing(opened, "No datasets yet")
        await opened.press("n")
        await paste(opened, "path", "chats.jsonl")
        await opened.press("enter")
        await opened.sees("1.0 KiB of 4.0 KiB, 12 records", "25 %")
        await opened.press("escape")
        await opened.sees("Reading was cancelled; nothing was stored")
        await opened.press("escape")
        await opened.sees("No datasets yet")
    assert list_datasets(workspace) == []


async def test_a_reading_goes_on_behind_the_list(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = SlowReading(monkeypatch)
    (folder / "chats.jsonl").write_text(GOOD)
    async with session(frozen_app(workspace)) as opened:
        screen = await listing(opened, "No datasets yet")
        await opened.press("n")
        await paste(opened, "path", "chats.jsonl")
        await opened.press("enter")
        await opened.sees("12 records")
        await opened.press("ctrl+b")
        await opened.sees("Reading chats.jsonl", "25 %, 1.0 KiB of 4.0 KiB")
        assert screen.state == "-reading"
        row = _being_read(workspace, folder / "chats.jsonl")
        await opened.sees("◔ reading 25%")
        assert "stop…" in opened.keys
        assert "delete" not in opened.keys
        workspace.database.write(queries.remove_reading, row)
        slow.go.set()
        await opened.sees("chats is ready to train on", "✓ ready")
    (dataset,) = list_datasets(workspace)
    assert dataset.training_ready


async def test_a_reading_behind_the_list_can_be_stopped(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    SlowReading(monkeypatch)
    (folder / "chats.jsonl").write_text(GOOD)
    async with session(frozen_app(workspace)) as opened:
        await listing(opened, "No datasets yet")
        await opened.press("n")
        await paste(opened, "path", "chats.jsonl")
        await opened.press("enter")
        await opened.sees("12 records")
        await opened.press("ctrl+b")
        await opened.sees("Reading chats.jsonl")
        _being_read(workspace, folder / "chats.jsonl")
        await opened.sees("◔ reading 25%")
        await opened.press("s", "y")
        await opened.sees("Reading was cancelled; nothing was stored")
        assert opened.app.readings.running == ()


async def test_leaving_the_program_stops_what_is_read(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = SlowReading(monkeypatch)
    (folder / "chats.jsonl").write_text(GOOD)
    async with session(frozen_app(workspace)) as opened:
        await listing(opened, "No datasets yet")
        await opened.press("n")
        await paste(opened, "path", "chats.jsonl")
        await opened.press("enter")
        await opened.until(slow.begun.is_set)
        (reading,) = opened.app.readings.running
    assert reading.is_stopping
    for thread in [t for t in threading.enumerate() if t.name == "_read"]:
        thread.join(ENDING_SECONDS)
        assert not thread.is_alive()


async def test_an_interrupted_reading_is_shown_and_read_again(
    workspace: Workspace, folder: Path
) -> None:
    file = folder / "chats.jsonl"
    file.write_text(GOOD)
    row = _being_read(workspace, file, updated_at=datetime.now(UTC) - timedelta(hours=1))
    async with session(frozen_app(workspace)) as opened:
        await listing(opened, "⊘ interrupted", "Its reading was interrupted")
        stored = get_dataset(workspace, row)
        assert stored is not None
        assert stored.status is DatasetStatus.INVALID
        await opened.press("r")
        await opened.sees("Add a dataset")
        assert opened.app.screen.query_one("#path", PlainInput).value == str(file)
        await opened.press("enter")
        await opened.sees("✓ ready")
        assert "⊘" not in opened.text
    assert [dataset.id != row for dataset in list_datasets(workspace)] == [True]


async def test_errors_of_an_invalid_file_are_listed_with_their_lines(
    workspace: Workspace, folder: Path
) -> None:
    (folder / "bad.jsonl").write_text(GOOD + "nonsense [red]\n" + GOOD)
    async with session(frozen_app(workspace), size=(60, 18)) as opened:
        await listing(opened, "No datasets yet")
        await opened.press("n")
        await paste(opened, "path", "bad.jsonl")
        await opened.press("enter")
        await opened.sees("bad.jsonl is not valid", "line 2")
        said = opened.app.screen.query_one("#error-lines", Static)
        assert str(said.render()).startswith("line 2  not valid JSON")
        await opened.press("escape")
        await opened.sees("✗ invalid")
        await opened.press("enter")
        await opened.sees("1 of 3 records are bad", "line 2  not valid JSON")


async def test_a_slow_file_never_keeps_the_database_waiting(
    workspace: Workspace, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = threading.Event()

    def hang(_path: str) -> list[PathCandidate]:
        hold.wait(PATIENCE)
        return []

    monkeypatch.setattr("vapor_tui.ui.widgets.path_completion.path_candidates", hang)
    monkeypatch.setattr("vapor_tui.ui.widgets.dataset_tree.dataset_entries", hang)
    slow = SlowReading(monkeypatch)
    (folder / "chats.jsonl").write_text(GOOD)
    try:
        async with session(frozen_app(workspace)) as opened:
            # All threads of the event loop's own, to the last one.
            asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
            await listing(opened, "No datasets yet")
            await opened.press("n")
            await paste(opened, "path", "chats.jsonl")
            await opened.press("enter")
            await opened.until(slow.begun.is_set)
            async with asyncio.timeout(PATIENCE / 2):
                assert await opened.app.backend.ask(list_datasets) == []
            slow.go.set()
            await opened.sees("✓ ready")
    finally:
        hold.set()


async def test_an_own_thread_hands_over_what_happens() -> None:
    assert await in_own_thread(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await in_own_thread(divmod, 7, 0)
    assert await in_own_thread(lambda: threading.current_thread().daemon)


@pytest.mark.parametrize("screen", ["list", "details", "add"])
async def test_no_size_makes_it_crash(
    workspace: Workspace, add_dataset_row: AddDataset, folder: Path, screen: str
) -> None:
    add_dataset_row(sample_data=[{"prompt": "p" * 300, "completion": "日本" * 90}])
    async with session(frozen_app(workspace)) as opened:
        await listing(opened, "support-chats")
        if screen != "list":
            await opened.press("enter" if screen == "details" else "n")
        for width, height in ((60, 18), (20, 5), (1, 1), (119, 18), (160, 45)):
            await opened.pilot.resize_terminal(width, height)
            await opened.pilot.pause()
        await opened.sees("support-chats" if screen != "add" else "Add a dataset")


async def test_digits_are_typed_into_fields(
    workspace: Workspace, add_dataset_row: AddDataset
) -> None:
    add_dataset_row()
    async with session(frozen_app(workspace)) as opened:
        screen = await listing(opened, "support-chats")
        await opened.press("slash", "2", "t", "d")
        assert screen.query_one(Input).value == "2td"
        assert len(opened.app.screen_stack) == 2


async def test_what_is_listed_can_be_exported(
    workspace: Workspace, add_dataset_row: AddDataset
) -> None:
    add_dataset_row()
    async with session(frozen_app(workspace)) as opened:
        screen = await listing(opened, "support-chats")
        table = await screen.exported_table()
        assert table is not None
        (row,) = table.rows
        named = dict(zip(table.columns, row, strict=True))
        assert (named["name"], named["status"]) == ("support-chats", "ready")
        assert json.loads(json.dumps(named)) == named


def _being_read(workspace: Workspace, path: Path, **values: Any) -> int:
    """Store the row of a file that is being read."""
    row = {
        "owner": workspace.owner,
        "name": path.stem,
        "status": DatasetStatus.VALIDATING,
        "path": os.fspath(path),
        "file_name": path.name,
        "file_size": 4096,
        "validation_errors": [],
        "sample_data": [],
        **values,
    }
    return workspace.database.write(queries.insert_dataset, row)


async def test_a_dataset_that_is_still_being_looked_up_is_not_said_to_be_missing(
    workspace: Workspace, add_dataset_row: AddDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_dataset_row()
    go = threading.Event()

    def slow(asked: Workspace, dataset_id: int) -> Dataset | None:
        go.wait(PATIENCE)
        return get_dataset(asked, dataset_id)

    async with session(frozen_app(workspace), size=(100, 30)) as opened:
        await listing(opened, "support-chats")
        monkeypatch.setattr("vapor_tui.services.datasets.get_dataset", slow)
        await opened.press("enter")
        await opened.sees("Reading dataset 1…")
        go.set()
        await opened.until(lambda: "Reading dataset" not in opened.text)
        assert "There is no dataset" not in opened.text
        opened.app.push_screen(DatasetDetailsScreen(77))
        await opened.sees("There is no dataset 77")
