"""Fixtures that several tiers share."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from vapor_tui import paths
from vapor_tui.domain.datasets import Dataset, DatasetFormat, DatasetStatus
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.results import Ok
from vapor_tui.services.jobs import Simulation, create_job
from vapor_tui.services.workspace import Workspace, open_workspace
from vapor_tui.storage import datasets as dataset_queries
from vapor_tui.storage.notifications import unread_count

OWNER = "ada"


# The same examples every time, however long one takes: what lands must not depend on luck. To
# search for others: pytest --hypothesis-profile=default
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")


def pytest_configure() -> None:
    """Let programs be interrupted: those started in the background inherit that they are not."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers() -> int:
    """Run twice as many tests at once as there are processors: half of their time they wait."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep every test, and the programs that it starts, out of the person's own files."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "VAPOR_TUI_DB"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """Take back what a command has made of the log: the next test may look for it."""
    yield
    root = logging.getLogger("vapor_tui")
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()
    root.propagate = True
    root.setLevel(logging.NOTSET)


@pytest.fixture
def config_directory() -> Path:
    """The directory of the person's own settings, made."""
    directory = paths.config_directory()
    directory.mkdir(parents=True)
    return directory


@pytest.fixture(scope="session")
def _new_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database: laying one out anew takes longer than many a test."""
    path = tmp_path_factory.mktemp("new") / "new.db"
    open_workspace(path, owner=OWNER).close()
    return path


@pytest.fixture
def workspace(tmp_path: Path, _new_database: Path) -> Iterator[Workspace]:
    path = tmp_path / "test.db"
    shutil.copy(_new_database, path)
    opened = open_workspace(path, owner=OWNER)
    yield opened
    opened.close()


AddDataset = Callable[..., Dataset]
AddJob = Callable[..., Job]


@pytest.fixture
def add_dataset_row(workspace: Workspace) -> AddDataset:
    """Registers a dataset as if its file had been read: 1,000 pairs of 200 tokens."""

    def add(name: str = "support-chats", owner: str = OWNER, **values: Any) -> Dataset:
        row = {
            "owner": owner,
            "name": name,
            "description": "",
            "format": DatasetFormat.MESSAGES,
            "status": DatasetStatus.READY,
            "path": f"/data/{name}.jsonl",
            "file_name": f"{name}.jsonl",
            "file_size": 1_000,
            "sha256": hashlib.sha256(name.encode()).hexdigest(),
            "total_training_pairs": 1_000,
            "total_validation_pairs": 0,
            "total_tokens": 200_000,
            "avg_turns_per_conversation": 2.0,
            "avg_tokens_per_turn": 100.0,
            "training_ready": True,
            "validated_at": datetime.now(UTC),
            "validation_errors": [],
            "sample_data": [],
            **values,
        }
        number = workspace.database.write(dataset_queries.insert_dataset, row)
        stored = workspace.database.read(dataset_queries.dataset_by_id, owner, number)
        assert stored is not None
        return stored

    return add


@pytest.fixture
def add_job(workspace: Workspace, add_dataset_row: AddDataset) -> AddJob:
    """Queues a simulated job that does not wait; keywords are fields of its configuration."""
    datasets: list[Dataset] = []

    def add(*, speed: str = "max", leased_to: int | None = None, **raw: Any) -> Job:
        if not datasets:
            datasets.append(add_dataset_row())
        values = {"name": "support-bot", "preset": "balanced", "seed": 11, **raw}
        created = create_job(
            workspace,
            values,
            datasets[0].id,
            simulation=Simulation(speed=speed),
            leased_to=leased_to,
        )
        assert isinstance(created, Ok), created
        return created.value

    return add


def count_unread(workspace: Workspace) -> int:
    """Return how many notifications a person has not read."""
    return workspace.database.read(unread_count, workspace.owner)
