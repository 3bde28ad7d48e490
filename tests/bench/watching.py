"""What it costs to watch: keys, a live monitor, an idle list, long curves."""

from __future__ import annotations

import statistics

from tests.bench.measure import Measurement
from tests.bench.program import Program, running, vapor
from tests.bench.stock import add_ended, add_job, add_watched, move_on, stock

ENTER, DOWN, UP = b"\r", b"j", b"k"
SETTLING = 4.0
"""Seconds until what is imported behind the first frame is there."""
MANY, FEW = 1_000_000, 1_000


def keys(presses: int) -> list[Measurement]:
    """Time the cursor of the list while a job runs, and the list of a bare app's keys."""
    with stock() as workspace:
        add_ended(workspace, 30)
        add_job(workspace, speed="600s")
        with running(*vapor(workspace.database.path)) as program:
            program.seen("watched")
            program.usage(SETTLING)
            figures = _answers(program, presses)
    with running("-m", "tests.bench.peers", "bare") as program:
        program.seen("Ready")
        floors = _answers(program, presses)
    return [
        Measurement(
            "key to paint with a live job, median",
            "ms",
            statistics.median(figures),
            statistics.median(floors),
            10,
            is_absolute=True,
        ),
        Measurement(
            "key to paint with a live job, p95",
            "ms",
            statistics.quantiles(figures, n=20)[-1],
            statistics.quantiles(floors, n=20)[-1],
            30,
            is_absolute=True,
        ),
    ]


def _answers(program: Program, presses: int) -> list[float]:
    """Return how many milliseconds the frames took that answered to keys."""
    taken = []
    for number in range(presses):
        program.settle(quiet=0.06, patience=0.5)
        pressed = program.press(UP if number % 2 else DOWN)
        taken.append(1000 * (program.frame(patience=10.0) - pressed))
    return taken


def monitor(seconds: float) -> list[Measurement]:
    """Take what a live monitor uses, with its worker, beside a plot drawn once a second."""
    with stock() as workspace:
        add_job(workspace, speed="900s")
        with running(*vapor(workspace.database.path, "--job", "1")) as program:
            program.seen("training", "best ")
            program.usage(SETTLING)
            figure, memory = program.usage(seconds), program.memory
    with running("-m", "tests.bench.peers", "plot") as program:
        program.seen("Ready")
        floor = program.usage(seconds)
    with running("-m", "tests.bench.peers", "bare") as program:
        program.seen("Ready")
        least = program.memory
    share, rate = 100 * figure.cpu, figure.bytes_per_second / 1000
    return [
        Measurement("one live monitor", "%", share, 100 * floor.cpu, 6, is_absolute=True),
        Measurement(
            "one live monitor",
            "kB/s",
            rate,
            floor.bytes_per_second / 1000,
            3,
            is_absolute=True,
        ),
        Measurement("memory with one monitor", "MiB", memory, least, 110, is_absolute=True),
    ]


def idle(seconds: float) -> list[Measurement]:
    """Take what a list uses on which nothing happens."""
    with stock() as workspace:
        add_ended(workspace, 30)
        with running(*vapor(workspace.database.path)) as program:
            program.seen("job 20")
            program.usage(SETTLING)
            figure = program.usage(seconds)
    with running("-m", "tests.bench.peers", "bare") as program:
        program.seen("Ready")
        program.usage(1.0)
        floor = program.usage(seconds)
    share, floor_share = 100 * figure.cpu, 100 * floor.cpu
    return [
        Measurement("nothing happening", "%", share, floor_share, 0.5, is_absolute=True),
        Measurement(
            "nothing happening", "B/s", figure.bytes_per_second, None, 10, is_absolute=True
        ),
    ]


def refresh(seconds: int) -> list[Measurement]:
    """Take what each refresh of a chart costs with many points behind it, and with few."""
    many, few = refresh_cost(MANY, seconds), refresh_cost(FEW, seconds)
    return [
        Measurement("refresh with a million points", "ms", many, None, 45, is_absolute=True),
        Measurement("the same, against a thousand", "ms", many, few, 1.2),
    ]


def refresh_cost(points: int, seconds: int) -> float:
    """Return the milliseconds of CPU that the app takes for each step that a job comes further."""
    with stock() as workspace:
        job = add_watched(workspace, points)
        arguments = vapor(workspace.database.path, "--no-worker", "--job", str(job.id))
        with running(*arguments) as program:
            program.seen("training", "best ")
            program.usage(SETTLING)
            used = 0.0
            for _ in range(seconds):
                [job] = move_on(workspace, [job])
                used += program.usage(1.0).cpu
    return 1000 * used / seconds


def opening(rounds: int) -> list[Measurement]:
    """Time opening a monitor on many points and on few, from the key to the chart."""
    many, few = opening_time(MANY, rounds), opening_time(FEW, rounds)
    return [
        Measurement("opening a monitor on a million points", "s", many, few, 0.3, is_absolute=True)
    ]


def opening_time(points: int, rounds: int) -> float:
    """Return the seconds from the key until the figures of a finished job stand there."""
    taken = []
    with stock() as workspace:
        add_watched(workspace, points, ended=True)
        with running(*vapor(workspace.database.path, "--no-worker")) as program:
            program.seen("watched")
            program.usage(SETTLING)
            for _ in range(rounds):
                pressed = program.press(ENTER)
                taken.append(program.seen("best ") - pressed)
                program.settle()
                program.press(b"q")
                program.seen("watched", "sort")
                program.settle()
    return statistics.median(taken)
