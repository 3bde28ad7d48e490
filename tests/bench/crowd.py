"""Many jobs on one worker. As a program: `python -m tests.bench.crowd DATABASE JOBS SECONDS`."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.bench.measure import Measurement
from tests.bench.stock import add_job, stock
from vapor_tui import paths
from vapor_tui.storage.engine import open_database
from vapor_tui.worker.worker import Worker

LIVE = 1_000
SPEED = "900s"
"""Longer than any benchmark."""
_STATM_RESIDENT = 1


@dataclass(frozen=True, slots=True)
class Load:
    """What a worker took once all of its jobs were live."""

    cpu: float
    """Share of one core."""
    longest_tick: float
    """Seconds."""
    median_tick: float
    memory: float
    """Resident MiB."""


class TimedWorker(Worker):
    """Keeps how long its ticks take."""

    ticks: list[float]

    async def _tick(self) -> bool:
        begun = time.perf_counter()
        try:
            return await super()._tick()
        finally:
            self.ticks.append(time.perf_counter() - begun)


def crowd(seconds: int) -> list[Measurement]:
    """Take what a worker with a thousand live jobs uses."""
    load = load_of(LIVE, seconds)
    return [
        Measurement("1,000 live jobs", "%", 100 * load.cpu, None, 100, is_absolute=True),
        Measurement("1,000 live jobs, median tick", "s", load.median_tick),
        Measurement(
            "1,000 live jobs, longest tick", "s", load.longest_tick, None, 0.5, is_absolute=True
        ),
        Measurement("1,000 live jobs", "MiB", load.memory, None, 300, is_absolute=True),
    ]


def load_of(jobs: int, seconds: int) -> Load:
    """Return what a worker in a process of its own takes for so many live jobs."""
    with stock() as workspace:
        for _ in range(jobs):
            add_job(workspace, speed=SPEED)
        arguments = [str(workspace.database.path), str(jobs), str(seconds)]
        ran = subprocess.run(
            [sys.executable, "-m", "tests.bench.crowd", *arguments],
            check=True,
            capture_output=True,
            text=True,
        )
    return Load(**json.loads(ran.stdout))


async def _drive(path: Path, jobs: int, seconds: int) -> Load:
    database = open_database(path)
    worker = TimedWorker(database, paths.owner(), concurrency=jobs, is_separate=True)
    worker.ticks = []
    stop = asyncio.Event()
    running = asyncio.create_task(worker.run(stop))
    while len(worker._drives) < jobs:
        await asyncio.sleep(0.1)
    await asyncio.sleep(5.0)  # the first training steps of all
    worker.ticks.clear()
    cpu, begun = time.process_time(), time.perf_counter()
    await asyncio.sleep(seconds)
    share = (time.process_time() - cpu) / (time.perf_counter() - begun)
    ticks = sorted(worker.ticks)
    pages = int(Path("/proc/self/statm").read_text().split()[_STATM_RESIDENT])
    memory = pages * os.sysconf("SC_PAGESIZE") / 2**20
    stop.set()
    await running
    database.close()
    return Load(share, ticks[-1], ticks[len(ticks) // 2], memory)


if __name__ == "__main__":
    load = asyncio.run(_drive(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
    print(json.dumps(asdict(load)))
