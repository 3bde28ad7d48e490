"""How figures grow with what could make them grow; screens should stay flat.

As a program: `python -m tests.bench.growth DATASET` reads a file and tells what that took.
"""

from __future__ import annotations

import json
import math
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.crowd import load_of
from tests.bench.lists import read_time
from tests.bench.measure import seconds
from tests.bench.program import running, vapor
from tests.bench.stock import add_ended, add_watched, move_on, stock
from tests.bench.watching import opening_time
from vapor_tui.datasets import read_dataset
from vapor_tui.domain.jobs import Job
from vapor_tui.services.workspace import Workspace, open_workspace
from vapor_tui.storage.curves import curve

_POINTS_OF_A_CHART = 1_000
_RECORD = {"instruction": "Explain it. " * 20, "input": "", "output": "Because of this. " * 30}


@dataclass(frozen=True, slots=True)
class Growth:
    """A figure at several sizes of what it depends on."""

    name: str
    unit: str
    cause: str
    figures: dict[int, float]

    @property
    def exponent(self) -> float | None:
        """By which power of the cause it grows, from the first size to the last; 1 is linear."""
        (first, least), *_, (last, most) = self.figures.items()
        return math.log(most / least) / math.log(last / first) if least and most else None


def report(*, short: bool, as_json: bool) -> str:
    """Measure and return a table, or one JSON document."""
    thousands = (1_000, 10_000, 100_000) if short else (1_000, 10_000, 100_000, 1_000_000)
    grown = [
        *_by_points(thousands if short else (*thousands, 10_000_000)),
        *_by_jobs((10, 1_000, 10_000) if short else (10, 1_000, 10_000, 100_000)),
        *_by_live_jobs((1, 100) if short else (1, 10, 100, 1_000), 5 if short else 15),
        *_by_file_size((10_000, 100_000) if short else (10_000, 1_000_000, 10_000_000)),
        *_by_megabytes((1, 10) if short else (1, 10, 100, 2_000)),
    ]
    if as_json:
        rows = [{**asdict(growth), "exponent": growth.exponent} for growth in grown]
        return json.dumps({"growth": rows}, indent=2)
    return "\n".join(_line(growth) for growth in grown)


def _line(growth: Growth) -> str:
    figures = "".join(f"{size:>12,}: {figure:<9.3g}" for size, figure in growth.figures.items())
    power = "" if growth.exponent is None else f"  ~ size^{growth.exponent:.2f}"
    return f"{growth.name} by {growth.cause} ({growth.unit})\n  {figures}{power}"


def _by_points(sizes: Sequence[int]) -> list[Growth]:
    read, stored, opened, one_more, bytes_ = {}, {}, {}, {}, {}
    for size in sizes:
        with stock() as workspace:
            begun = time.perf_counter()
            job = add_watched(workspace, size)
            bytes_[size] = workspace.database.path.stat().st_size / 2**20
            stored[size] = time.perf_counter() - begun
            read[size] = 1000 * min(
                seconds(
                    lambda job=job, size=size: workspace.database.read(
                        curve, job.id, 0, size, _POINTS_OF_A_CHART
                    )
                )
                for _ in range(5)
            )
            one_more[size] = 1000 * _step_time(workspace, job)
        if size <= 1_000_000:
            opened[size] = opening_time(size, 3)
    return [
        Growth("curve read for a chart", "ms", "points of the job", read),
        Growth("monitor opened", "s", "points of the job", opened),
        Growth("one more step stored", "ms", "points of the job", one_more),
        Growth("points stored", "s", "points of the job", stored),
        Growth("database", "MiB", "points of the job", bytes_),
    ]


def _by_jobs(sizes: Sequence[int]) -> list[Growth]:
    pages, opened, listed = {}, {}, {}
    for size in sizes:
        with stock() as workspace:
            add_ended(workspace, size)
            pages[size] = read_time(workspace, 5)
            path = workspace.database.path
            opened[size] = 1000 * seconds(lambda path=path: open_workspace(path).close())
            with running(*vapor(path, "--no-worker")) as program:
                listed[size] = program.seen(f"job {size - 2}") - program.begun
    return [
        Growth("page of the list read", "ms", "jobs", pages),
        Growth("list shown from the start", "s", "jobs", listed),
        Growth("database opened", "ms", "jobs", opened),
    ]


def _by_live_jobs(sizes: Sequence[int], duration: int) -> list[Growth]:
    loads = {size: load_of(size, duration) for size in sizes}
    return [
        Growth("worker's CPU", "%", "live jobs", {n: 100 * x.cpu for n, x in loads.items()}),
        Growth("worker's tick", "s", "live jobs", {n: x.median_tick for n, x in loads.items()}),
        Growth(
            "worker's longest tick", "s", "live jobs", {n: x.longest_tick for n, x in loads.items()}
        ),
        Growth("worker's memory", "MiB", "live jobs", {n: x.memory for n, x in loads.items()}),
    ]


def _by_file_size(points: Sequence[int]) -> list[Growth]:
    """Fill the database with points of a job that nobody looks at."""
    opened, stored, listed = {}, {}, {}
    for number in points:
        with stock() as workspace:
            add_watched(workspace, number, ended=True)
            job = add_watched(workspace, 100)
            path = workspace.database.path
            size = round(path.stat().st_size / 2**20)
            opened[size] = 1000 * min(
                seconds(lambda path=path: open_workspace(path).close()) for _ in range(5)
            )
            stored[size] = 1000 * _step_time(workspace, job)
            listed[size] = read_time(workspace, 5)
    cause = "MiB of the database"
    return [
        Growth("database opened", "ms", cause, opened),
        Growth("one more step stored", "ms", cause, stored),
        Growth("page of the list read", "ms", cause, listed),
    ]


def _step_time(workspace: Workspace, job: Job) -> float:
    """Return the seconds that storing one more step takes, the job read again included."""
    taken = []
    for _ in range(20):
        begun = time.perf_counter()
        [job] = move_on(workspace, [job])
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def _by_megabytes(sizes: Sequence[int]) -> list[Growth]:
    line = f"{json.dumps(_RECORD)}\n"
    taken, memory = {}, {}
    for size in sizes:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "bench.jsonl"
            with path.open("w", encoding="utf-8") as file:
                for _ in range(size):
                    file.write(line * (2**20 // len(line)))
            # In a process of its own, for its memory.
            ran = subprocess.run(
                [sys.executable, "-m", "tests.bench.growth", str(path)],
                check=True,
                capture_output=True,
                text=True,
            )
            taken[size], memory[size] = json.loads(ran.stdout)
    cause = "MiB of the dataset"
    return [
        Growth("dataset read", "s", cause, taken),
        Growth("most memory while it is read", "MiB", cause, memory),
    ]


def _read(path: Path) -> tuple[float, float]:
    """Return the seconds that reading a dataset takes, and the most MiB that were resident."""
    took = seconds(lambda: read_dataset(path))
    return took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    print(json.dumps(_read(Path(sys.argv[1]))))
