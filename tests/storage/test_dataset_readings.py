"""Registering files: what can be seen while one is read, and what is left of it afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import AddDataset, AddJob
from vapor_tui.datasets import DatasetFileError, ReadingCancelledError, reader
from vapor_tui.domain.datasets import (
    Dataset,
    DatasetFilter,
    DatasetSort,
    DatasetStatus,
    ListedDataset,
    ReadProgress,
)
from vapor_tui.domain.results import Ok, Refused
from vapor_tui.services import dataset_readings
from vapor_tui.services.datasets import (
    add_dataset,
    delete_dataset,
    get_dataset,
    list_datasets,
    page_of_datasets,
)
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage.datasets import DATASETS

GOOD = '{"prompt": "p", "completion": "c"}\n'
_ENDINGS: dict[str, BaseException] = {
    "cancelled": ReadingCancelledError(),
    "no dataset": DatasetFileError("This is no dataset."),
    "a bug": ZeroDivisionError(),
    "interrupted": KeyboardInterrupt(),
}
LATER = timedelta(seconds=dataset_readings.STALE_SECONDS + 1)


@pytest.fixture
def _notes_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every report of progress be noted."""
    monkeypatch.setattr(dataset_readings, "FIRST_SECONDS", 0.0)
    monkeypatch.setattr(dataset_readings, "RENEW_SECONDS", 0.0)
    monkeypatch.setattr("vapor_tui.datasets.progress.INTERVAL", 0.0)


def written(path: Path, text: str = GOOD) -> Path:
    path.write_text(text)
    return path


def stored(answer: Any) -> Dataset:
    assert isinstance(answer, Ok), answer
    dataset: Dataset = answer.value
    return dataset


def rows(workspace: Workspace) -> list[tuple[int, str, str | None]]:
    """The id, status and reason of every dataset that is listed."""
    return [(d.id, d.status.value, d.reason) for d in reversed(list_datasets(workspace))]


def all_rows(workspace: Workspace) -> int:
    """How many rows there are, deleted ones too."""
    return workspace.database.read(lambda c: len(c.execute(DATASETS.select()).all()))


@pytest.mark.usefixtures("_notes_at_once")
def test_a_reading_can_be_seen_and_becomes_the_dataset(
    workspace: Workspace, tmp_path: Path
) -> None:
    seen: list[tuple[int, str, str | None]] = []

    def look(_progress: ReadProgress) -> None:
        seen.extend(rows(workspace))
        (listed,) = page_of_datasets(workspace, DatasetFilter()).datasets
        assert (listed.name, listed.is_being_read) == ("chats", True)

    dataset = stored(add_dataset(workspace, written(tmp_path / "chats.jsonl"), progress=look))
    assert set(seen) == {(dataset.id, "validating", None)}
    assert rows(workspace) == [(dataset.id, "ready", None)]
    assert dataset.total_training_pairs == 1
    assert all_rows(workspace) == 1


def test_a_short_reading_leaves_no_note(workspace: Workspace, tmp_path: Path) -> None:
    seen: list[int] = []
    file = written(tmp_path / "chats.jsonl")
    add_dataset(workspace, file, progress=lambda _: seen.append(all_rows(workspace)))
    assert seen == [0]


@pytest.mark.usefixtures("_notes_at_once")
@pytest.mark.parametrize("ending", list(_ENDINGS))
def test_a_reading_that_comes_to_nothing_leaves_nothing(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    noted: list[int] = []

    def broken(*_arguments: object) -> Any:
        noted.append(all_rows(workspace))
        raise _ENDINGS[ending]

    monkeypatch.setattr(reader, "_report", broken)
    file = written(tmp_path / "chats.jsonl")
    if ending in ("a bug", "interrupted"):
        with pytest.raises((ZeroDivisionError, KeyboardInterrupt)):
            add_dataset(workspace, file)
    else:
        assert isinstance(add_dataset(workspace, file), Refused)
    assert noted == [1]
    assert all_rows(workspace) == 0


@pytest.mark.usefixtures("_notes_at_once")
def test_nothing_is_noted_of_a_file_that_is_kept_only_if_valid(
    workspace: Workspace, tmp_path: Path
) -> None:
    seen: list[int] = []
    file = written(tmp_path / "bad.jsonl", "nonsense\n")
    answer = add_dataset(
        workspace, file, keep_invalid=False, progress=lambda _: seen.append(all_rows(workspace))
    )
    assert isinstance(answer, Refused)
    assert set(seen) == {0}
    assert all_rows(workspace) == 0


@pytest.mark.usefixtures("_notes_at_once")
def test_known_bytes_take_the_note_back(workspace: Workspace, tmp_path: Path) -> None:
    first = stored(add_dataset(workspace, written(tmp_path / "a.jsonl")))
    again = stored(add_dataset(workspace, written(tmp_path / "b.jsonl")))
    assert again.id == first.id
    assert all_rows(workspace) == 1


KILLED = """
import os, signal, sys
from pathlib import Path
from vapor_tui.services import dataset_readings
from vapor_tui.services.datasets import add_dataset
from vapor_tui.services.workspace import open_workspace

dataset_readings.FIRST_SECONDS = 0.0
workspace = open_workspace(Path(sys.argv[1]), owner=sys.argv[2])
add_dataset(workspace, Path(sys.argv[3]), progress=lambda _: os.kill(os.getpid(), signal.SIGKILL))
"""


def test_a_killed_reading_is_marked_and_replaced_by_the_next(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = written(tmp_path / "chats.jsonl")
    arguments = [str(workspace.database.path), workspace.owner, str(file)]
    ended = subprocess.run([sys.executable, "-c", KILLED, *arguments], env=os.environ, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert rows(workspace) == [(1, "validating", None)]
    refused = delete_dataset(workspace, "1")
    assert isinstance(refused, Refused)
    assert refused.error == "chats is being read; stop the reading first"

    dataset_readings.end_interrupted(workspace)
    assert rows(workspace) == [(1, "validating", None)]  # it could still be alive
    monkeypatch.setattr(dataset_readings, "STALE_SECONDS", 0.0)
    (listed,) = page_of_datasets(workspace, DatasetFilter()).datasets
    assert listed.was_interrupted
    assert rows(workspace) == [(1, "invalid", dataset_readings.INTERRUPTED)]

    dataset = stored(add_dataset(workspace, file))
    assert rows(workspace) == [(dataset.id, "ready", None)]


@pytest.mark.usefixtures("_notes_at_once")
def test_a_reading_taken_for_killed_ends_as_if_nothing_had_been(
    workspace: Workspace, tmp_path: Path
) -> None:
    deleted: list[object] = []

    def sleep(_progress: ReadProgress) -> None:
        dataset_readings.end_interrupted(workspace, datetime.now(UTC) + LATER)
        deleted.append(delete_dataset(workspace, "1"))

    dataset = stored(add_dataset(workspace, written(tmp_path / "chats.jsonl"), progress=sleep))
    assert isinstance(deleted[0], Ok)
    assert rows(workspace) == [(dataset.id, "ready", None)]


def test_a_mended_file_replaces_what_was_wrong_with_it(
    workspace: Workspace, tmp_path: Path
) -> None:
    file = written(tmp_path / "chats.jsonl", "nonsense\n")
    bad = stored(add_dataset(workspace, file))
    other = stored(add_dataset(workspace, written(tmp_path / "other.jsonl", "[]\n")))
    assert (bad.status, other.status) == (DatasetStatus.INVALID, DatasetStatus.INVALID)
    good = stored(add_dataset(workspace, written(file, GOOD)))
    assert [row[0] for row in rows(workspace)] == [other.id, good.id]


def test_pages_searches_and_orders(workspace: Workspace, add_dataset_row: AddDataset) -> None:
    add_dataset_row("Zebra", total_tokens=1, file_size=30)
    add_dataset_row("apple_pie", total_tokens=3, file_size=20)
    add_dataset_row("mango", total_tokens=2, file_size=10, owner="somebody else")
    add_dataset_row("Mango", total_tokens=2, file_size=10, total_training_pairs=2000)

    def names(**wanted: Any) -> list[str]:
        page = page_of_datasets(workspace, DatasetFilter(**wanted))
        return [dataset.name for dataset in page.datasets]

    assert names() == ["Mango", "apple_pie", "Zebra"]
    assert names(sort=DatasetSort.OLDEST) == ["Zebra", "apple_pie", "Mango"]
    assert names(sort=DatasetSort.NAME) == ["apple_pie", "Mango", "Zebra"]
    assert names(sort=DatasetSort.PAIRS) == ["Mango", "apple_pie", "Zebra"]
    assert names(sort=DatasetSort.TOKENS) == ["apple_pie", "Mango", "Zebra"]
    assert names(sort=DatasetSort.SIZE) == ["Zebra", "apple_pie", "Mango"]
    assert names(search="ANG jsonl") == ["Mango"]
    assert names(search="apple%") == []
    assert names(search="messages") == ["Mango", "apple_pie", "Zebra"]
    assert names(limit=2, page=2) == ["Zebra"]
    page = page_of_datasets(workspace, DatasetFilter(limit=2))
    assert (page.total, page.total_pages) == (3, 2)
    assert type(page.datasets[0]) is ListedDataset


def test_a_dataset_that_a_job_needs_is_not_deleted(workspace: Workspace, add_job: AddJob) -> None:
    job = add_job()
    refused = delete_dataset(workspace, str(job.dataset_id))
    assert isinstance(refused, Refused)
    assert refused.error == f"support-chats is still needed by job {job.id}"
    assert get_dataset(workspace, job.dataset_id or 0) is not None
