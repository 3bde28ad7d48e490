"""Draws the pictures of the README anew: `python -m tests.pictures [FOLDER]`, a minute or two."""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from vapor_tui import paths
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.results import Ok
from vapor_tui.services.datasets import add_dataset
from vapor_tui.services.jobs import Simulation, create_job
from vapor_tui.services.workspace import Workspace, open_workspace
from vapor_tui.ui.app import create_app
from vapor_tui.ui.backend import Backend
from vapor_tui.ui.exporting import picture_of
from vapor_tui.worker.worker import Worker

FOLDER = Path(__file__).parents[1] / "data" / "screenshots"
SIZES = {"": (120, 40), "-80": (80, 24)}
_LARGE_ALONE, _SMALL_ALONE = ("alert",), ("details",)
_SCREENS = ("monitor", "jobs", "datasets", "notifications", "compare", "configure", "plans")
NAMES = frozenset(
    (
        *(f"{name}" for name in (*_SCREENS, *_LARGE_ALONE)),
        *(f"{name}-80" for name in (*_SCREENS, *_SMALL_ALONE)),
    )
)
"""The pictures that there are, without their ending."""
_SECONDS_TO_SETTLE = 2.5
_SECONDS_OF_TRAINING = 40

PAST: tuple[Mapping[str, Any], ...] = (
    {"name": "first-try", "preset": "fast", "base_model": "LFM2-350M", "seed": 3},
    {"name": "too-hot", "base_model": "LFM2-1.2B", "learning_rate": "0.02", "seed": 5},
    {"name": "tone-v2", "preset": "quality", "base_model": "LFM2-700M", "seed": 7},
    {"name": "tone-v3", "preset": "quality", "base_model": "LFM2-700M", "epochs": 3, "seed": 7}
    | {"learning_rate": "3e-4"},
)
PRESENT = {
    "name": "support-bot",
    "base_model": "LFM2-1.2B",
    "seed": 11,
    "budget": "10",
    "epochs": "8",
}
SPIKED = {"name": "warm-start", "base_model": "LFM2-700M", "seed": 13, "epochs": 8}
SPIKE = "spike@262"
"""A little before the step that a run of a minute has reached when its picture is taken."""
NEXT = {"name": "support-quality", "preset": "quality", "base_model": "LFM2-2.6B", "seed": 11}


LARGE_MODEL = "Qwen2.5-7B-Instruct"
_LARGE_PAIRS = 12_000


def add(
    workspace: Workspace,
    dataset_id: int,
    values: Mapping[str, Any],
    speed: str,
    injection: str | None = None,
) -> Job:
    simulation = Simulation(speed=speed, injection=injection)
    made = create_job(workspace, values, dataset_id, simulation=simulation)
    assert isinstance(made, Ok), made
    return made.value


def large_dataset(folder: Path) -> Path:
    """Write a dataset on which GPUs differ, of records of many lengths."""
    path = folder / "tickets.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(_LARGE_PAIRS):
            answer = "We have looked into it, and this is what to do. " * (3 + number * 7 % 29)
            record = {"prompt": f"Ticket {number}: where is my order?", "completion": answer}
            file.write(json.dumps(record) + "\n")
    return path


@dataclass(frozen=True)
class Stage:
    """What there is to draw."""

    job_id: int
    """Of a run that goes well."""
    spiked_id: int
    dataset_id: int
    """Of the large dataset."""


async def prepare(database: Path) -> Stage:
    """Fill a database with jobs that have ended, and some that wait."""
    workspace = open_workspace(database)
    # Its path is shown: not that of this checkout.
    sample = database.with_name(paths.sample_dataset().name)
    shutil.copy(paths.sample_dataset(), sample)
    added = add_dataset(workspace, sample)
    assert isinstance(added, Ok), added
    for values in PAST:
        add(workspace, added.value.id, values, "max")
    await Worker(workspace.database, workspace.owner).run(asyncio.Event(), once=True)
    job = add(workspace, added.value.id, PRESENT, "60s")
    spiked = add(workspace, added.value.id, SPIKED, "60s", SPIKE)
    add(workspace, added.value.id, NEXT, "auto")
    large = add_dataset(workspace, large_dataset(database.parent))
    assert isinstance(large, Ok), large
    workspace.close()
    return Stage(job.id, spiked.id, large.value.id)


async def draw(database: Path, stage: Stage, folder: Path) -> None:
    """Walk through the screens and keep a picture of each, in two sizes."""
    for suffix, size in SIZES.items():
        app = create_app(Backend(database, runs_worker=not suffix))
        async with app.run_test(size=size) as pilot:

            async def keep(name: str, *keys: str, pilot: Any = pilot, suffix: str = suffix) -> None:
                await pilot.press(*keys)
                await pilot.pause(_SECONDS_TO_SETTLE)
                _save(pilot, folder / f"{name}{suffix}.svg")

            await pilot.pause(_SECONDS_TO_SETTLE)
            app.open_monitor(stage.job_id)
            await pilot.pause(0 if suffix else _SECONDS_OF_TRAINING)
            await keep("monitor")
            if suffix:
                await keep("details", "tab")
            else:
                await pilot.press("q")
                app.open_monitor(stage.spiked_id)
                await keep("alert")
            await keep("jobs", "q")
            await keep("datasets", "2")
            await keep("notifications", "3")
            await pilot.press("1")
            app.open_compare([3, 4])
            await keep("compare")
            await pilot.press("q")
            app.open_configure(dataset_id=stage.dataset_id, model=LARGE_MODEL)
            await keep("configure")
            await keep("plans", "f2")


def _save(pilot: Pilot[Any], path: Path) -> None:
    path.write_text(picture_of(pilot.app))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.gettempdir()) / "vapor-tui-pictures"
    place.mkdir()
    try:
        database = place / "pictures.db"
        asyncio.run(draw(database, asyncio.run(prepare(database)), folder))
    finally:
        shutil.rmtree(place)


if __name__ == "__main__":
    main()
