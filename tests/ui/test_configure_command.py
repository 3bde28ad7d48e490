"""The form as a command: what the line says, and that it creates the same job."""

from __future__ import annotations

import asyncio
import shlex
from typing import Any

import pytest
from textual.widgets import Static

from tests.conftest import AddDataset, AddJob
from tests.ui.configure_support import Form, opened
from vapor_tui import paths
from vapor_tui.cli.app import run as run_program
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.results import Ok, Refused
from vapor_tui.services.command_line import submit_command
from vapor_tui.services.jobs import Simulation, create_job, list_jobs
from vapor_tui.services.workspace import Workspace
from vapor_tui.ui.backend import Backend
from vapor_tui.ui.screens import configure_requests as requests
from vapor_tui.ui.screens.command import CommandScreen
from vapor_tui.ui.screens.configure import ConfigureScreen

SAME = (
    "dataset_id",
    "base_model",
    "preset_id",
    "preset_base",
    "hyperparameters",
    "gpu_config",
    "budget",
    "seed",
    "mode",
    "speed",
    "injection",
    "total_steps",
    "estimate",
)


@pytest.fixture(autouse=True)
def _same_person(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "owner", lambda: workspace.owner)


def submitted(workspace: Workspace, line: str) -> Job:
    """Run a line as a shell would and return the job that it made."""
    words = shlex.split(line)
    assert words[0] == "vapor-tui"
    assert run_program(words[1:]) == 0
    return list_jobs(workspace).jobs[0]


CONFIGURATIONS: list[tuple[dict[str, Any], Simulation, str]] = [
    ({}, Simulation(), ""),
    ({"preset": "fast"}, Simulation(), "--preset fast"),
    ({"epochs": "5", "learning_rate": "0.00005"}, Simulation(), "--epochs 5"),
    ({"lora_rank": "64"}, Simulation(), "--rank 64"),
    ({"lora_rank": "64", "lora_alpha": "32"}, Simulation(), "--rank 64 --alpha 32"),
    ({"preset": "custom", "lora_dropout": "0"}, Simulation(), "--preset custom --dropout 0"),
    ({"budget": "12.50", "seed": "7"}, Simulation(), "--budget 12.5 --seed 7"),
    (
        {"base_model": "me/model", "gpu_type": "h100", "gpu_count": "4"},
        Simulation(),
        "--model me/model --gpu H100 --gpus 4",
    ),
    (
        {"name": 'it\'s my "run" $HOME; rm', "quantization": "4-bit", "packing": "on"},
        Simulation(),
        "",
    ),
    ({"name": "--help"}, Simulation(), "--name=--help"),
    ({"learning_rate": str(1 / 3000), "weight_decay": "0.0123456789012"}, Simulation(), ""),
    (
        {"preset": "quality"},
        Simulation("power", "30s", "nan@100"),
        "--preset quality --mode power --speed 30s --inject nan@100",
    ),
]


@pytest.mark.parametrize(("raw", "simulation", "says"), CONFIGURATIONS)
def test_the_line_creates_the_same_job(
    workspace: Workspace,
    add_dataset_row: AddDataset,
    raw: dict[str, Any],
    simulation: Simulation,
    says: str,
) -> None:
    dataset = add_dataset_row("sup port")
    short = submit_command(workspace, raw, dataset, simulation)
    assert isinstance(short, Ok)
    assert says in short.value
    raw = {"seed": "11", **raw}
    line = submit_command(workspace, raw, dataset, simulation)
    assert isinstance(line, Ok)
    created = create_job(workspace, raw, dataset.id, simulation=simulation)
    assert isinstance(created, Ok)
    job = submitted(workspace, line.value)
    assert job.id == created.value.id + 1
    for field in SAME:
        assert getattr(job, field) == getattr(created.value, field), field
    name = created.value.name
    assert job.name == (name if "name" in raw else f"{name}-2"), "its own, unless it is given"


def test_only_what_differs_is_named(workspace: Workspace, add_dataset_row: AddDataset) -> None:
    line = submit_command(workspace, {}, add_dataset_row())
    assert line == Ok(f"vapor-tui submit 1 --db {workspace.database.path}")


def test_what_is_not_valid_has_no_line(workspace: Workspace, add_dataset_row: AddDataset) -> None:
    refused = submit_command(workspace, {"epochs": "0"}, add_dataset_row())
    assert isinstance(refused, Refused)
    assert refused.details == {"epochs": "At least 1 epoch required"}


def test_a_line_holds_nothing_that_a_terminal_obeys(
    workspace: Workspace, add_dataset_row: AddDataset
) -> None:
    line = submit_command(workspace, {"name": "a\x1b[201~\nb\x07"}, add_dataset_row())
    assert isinstance(line, Ok)
    assert line.value.isprintable()


def copied(form: Form) -> str:
    line = form.top(CommandScreen).line
    assert form.app.clipboard == line
    return line


async def test_the_form_is_copied_and_submitted_from_a_shell(
    workspace: Workspace, add_dataset_row: AddDataset
) -> None:
    add_dataset_row()
    async with opened(workspace) as form:
        await form.press("right")
        await form.fill("budget", "40")
        await form.fill("name", "it's mine")
        await form.press("f4")
        line = copied(form)
        assert str(form.app.screen.query_one("#line", Static).render()) == line
        await form.press("escape")
        form.top(ConfigureScreen)
        await form.press("ctrl+s")
        await form.until(lambda: bool(form.results))
    (started,) = list_jobs(workspace).jobs
    job = submitted(workspace, line)
    for field in SAME:
        if field != "seed":  # none was asked for, so that each job has its own
            assert getattr(job, field) == getattr(started, field), field


async def test_a_clone_is_copied_with_its_seed(workspace: Workspace, add_job: AddJob) -> None:
    original = add_job(epochs=5, lora_alpha=40, gpu_type="H100", budget=20, speed="30s")
    async with opened(workspace, clone=original) as form:
        await form.press("f4")
        job = submitted(workspace, copied(form))
    for field in SAME:
        if field != "name":
            assert getattr(job, field) == getattr(original, field), field
    assert job.name == "support-bot-2"


async def test_what_is_missing_comes_first(workspace: Workspace) -> None:
    async with opened(workspace) as form:
        await form.press("f4")
        form.top(ConfigureScreen)
        await form.pilot.pause()
        assert form.screen.focused is form.field("dataset").control
        assert form.app.clipboard == ""


async def test_what_is_wanted_while_datasets_are_read_is_done_when_they_are_there(
    workspace: Workspace, add_dataset_row: AddDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_dataset_row()
    may_read = asyncio.Event()
    read = requests.read_datasets

    async def read_slowly(
        wanted: int | None, backend: Backend
    ) -> requests.DatasetsRead | requests.StorageFailed:
        await may_read.wait()
        return await read(wanted, backend)

    async with opened(workspace) as form:
        monkeypatch.setattr(requests, "read_datasets", read_slowly)
        form.screen.take_dataset_id(1)
        focused = form.screen.focused
        await form.press("f4")
        assert form.screen.focused is focused
        may_read.set()
        await form.until(lambda: isinstance(form.app.screen, CommandScreen))
        assert "submit 1" in copied(form)
