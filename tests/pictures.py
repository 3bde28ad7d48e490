"""Draws the pictures of the README anew: `python -m tests.pictures [FOLDER]`, a minute or two."""

from __future__ import annotations

import argparse
import asyncio
import re
import shutil
import tempfile
from collections.abc import Mapping
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
from vapor_tui.worker.worker import Worker

FOLDER = Path(__file__).parents[1] / "data" / "screenshots"
SIZES = {"": (120, 40), "-80": (80, 24)}
_FONTS = re.compile(r"@font-face\s*\{[^}]*\}")
_SECONDS_TO_SETTLE = 2.5
_SECONDS_OF_TRAINING = 40

PAST: tuple[Mapping[str, Any], ...] = (
    {"name": "first-try", "preset": "fast", "base_model": "LFM2-350M", "seed": 3},
    {"name": "too-hot", "base_model": "LFM2-1.2B", "learning_rate": "0.02", "seed": 5},
    {"name": "tone-v2", "preset": "quality", "base_model": "LFM2-700M", "seed": 7},
    {"name": "tone-v3", "preset": "quality", "base_model": "LFM2-700M", "lora_rank": 64, "seed": 7},
)
PRESENT = {
    "name": "support-bot",
    "base_model": "LFM2-1.2B",
    "seed": 11,
    "budget": "10",
    "epochs": "8",
}
NEXT = {"name": "support-quality", "preset": "quality", "base_model": "LFM2-2.6B", "seed": 11}


def add(workspace: Workspace, dataset_id: int, values: Mapping[str, Any], speed: str) -> Job:
    made = create_job(workspace, values, dataset_id, simulation=Simulation(speed=speed))
    assert isinstance(made, Ok), made
    return made.value


async def prepare(database: Path) -> int:
    """Fill a database with jobs that have ended, and two that wait; return the first of these."""
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
    add(workspace, added.value.id, NEXT, "auto")
    workspace.close()
    return job.id


async def draw(database: Path, job_id: int, folder: Path) -> None:
    """Walk through the screens and keep a picture of each, in two sizes."""
    for suffix, size in SIZES.items():
        app = create_app(Backend(database, runs_worker=not suffix))
        async with app.run_test(size=size) as pilot:

            async def keep(name: str, *keys: str, pilot: Any = pilot, suffix: str = suffix) -> None:
                await pilot.press(*keys)
                await pilot.pause(_SECONDS_TO_SETTLE)
                _save(pilot, folder / f"{name}{suffix}.svg")

            await pilot.pause(_SECONDS_TO_SETTLE)
            app.open_monitor(job_id)
            await pilot.pause(0 if suffix else _SECONDS_OF_TRAINING)
            await keep("monitor")
            await keep("jobs", "q")
            await keep("datasets", "2")
            await keep("notifications", "3")
            await pilot.press("1")
            app.open_compare([3, 4])
            await keep("compare")
            await keep("configure", "q", "n")
            await keep("plans", "f2")


def _save(pilot: Pilot[Any], path: Path) -> None:
    path.write_text(_FONTS.sub("", pilot.app.export_screenshot(title="vapor-tui")))


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
