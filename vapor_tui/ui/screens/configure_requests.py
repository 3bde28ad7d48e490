"""What the configuration screen asks of the services; each answer is a message to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.message import Message

from vapor_tui.domain.results import Refused, Result
from vapor_tui.ui.widgets.cost_panel import TOO_FEW, UNREADABLE, PastRuns

if TYPE_CHECKING:
    from vapor_tui.domain.catalogue import Gpu, Preset
    from vapor_tui.domain.datasets import Dataset
    from vapor_tui.domain.jobs import Job
    from vapor_tui.services.jobs import Simulation
    from vapor_tui.ui.backend import Backend

CREATE_FAILED = "Failed to create the training job"


@dataclass
class DatasetsRead(Message):
    """The registered datasets, and the one to take; None where it does not exist."""

    datasets: Sequence[Dataset]
    chosen: Dataset | None


@dataclass
class NamesRead(Message):
    """The names that the person's jobs have."""

    names: Collection[str]


@dataclass
class SampleAnswered(Message):
    """The sample dataset was registered, or refused."""

    answer: Result[Dataset]


@dataclass
class JobAnswered(Message):
    """The job was created, or refused."""

    answer: Result[Job]


@dataclass
class PastRunsRead(Message):
    """What finished runs of a model on a GPU type say; `wanted` names both."""

    wanted: tuple[str, str]
    runs: PastRuns


@dataclass
class PresetsChanged(Message):
    """The person's own presets were changed, or the change was refused.

    `done` begins the sentence that says so; `changed` is the id that the preset had before.
    """

    done: str
    answer: Result[Preset]
    changed: str | None


@dataclass
class StorageFailed(Message):
    """The database cannot be used; `task` says what for."""

    task: str
    reason: str


async def read_datasets(wanted: int | None, backend: Backend) -> DatasetsRead | StorageFailed:
    """Read all datasets and the wanted one, or the one used last when none is wanted."""
    from vapor_tui.services.datasets import get_dataset, list_datasets, suggested_dataset
    from vapor_tui.storage.errors import StorageError

    try:
        datasets = await backend.ask(list_datasets)
        if wanted is None:
            return DatasetsRead(datasets, await backend.ask(suggested_dataset))
        return DatasetsRead(datasets, await backend.ask(get_dataset, wanted))
    except StorageError as error:
        return StorageFailed("Failed to read the datasets", str(error))


async def read_names(backend: Backend) -> NamesRead:
    """Read the names of all jobs; none where they cannot be read, as two may have one name."""
    from vapor_tui.services.jobs import job_names
    from vapor_tui.storage.errors import StorageError

    try:
        return NamesRead(await backend.ask(job_names))
    except StorageError:
        return NamesRead(())


async def add_sample(backend: Backend) -> SampleAnswered | StorageFailed:
    """Register the dataset that is shipped with the program."""
    from vapor_tui import paths
    from vapor_tui.services.datasets import add_dataset
    from vapor_tui.storage.errors import StorageError

    try:
        return SampleAnswered(await backend.ask(add_dataset, paths.sample_dataset()))
    except StorageError as error:
        return StorageFailed("Failed to add the sample dataset", str(error))


async def create(
    raw: Mapping[str, Any], dataset_id: int, simulation: Simulation, backend: Backend
) -> JobAnswered | StorageFailed:
    """Store the job."""
    from vapor_tui.services.jobs import create_job
    from vapor_tui.storage.errors import StorageError

    try:
        return JobAnswered(await backend.ask(create_job, raw, dataset_id, simulation=simulation))
    except StorageError as error:
        return StorageFailed(CREATE_FAILED, str(error))


async def change_presets(
    done: str, change: Callable[[], Result[Preset]], changed: str | None, backend: Backend
) -> PresetsChanged:
    """Change the person's file of presets, and take what it says then."""
    from vapor_tui.domain.catalogue import CatalogueError

    answer = await asyncio.to_thread(change)
    try:
        await backend.reload_catalogue()
    except CatalogueError as error:
        answer = Refused(str(error))
    return PresetsChanged(done, answer, changed)


async def read_past_runs(
    wanted: tuple[str, str], gpu: Gpu, delay: float, backend: Backend
) -> PastRunsRead:
    """Read, after so many seconds in which nothing else was wanted, what past runs say."""
    from vapor_tui.services.plans import calibration
    from vapor_tui.storage.errors import StorageError

    await asyncio.sleep(delay)
    try:
        found = await backend.ask(calibration, wanted[0], gpu)
    except StorageError:
        return PastRunsRead(wanted, PastRuns(UNREADABLE))
    return PastRunsRead(wanted, PastRuns("" if found else TOO_FEW, found))
