"""What a long list of jobs costs, standing still and changing."""

from __future__ import annotations

import statistics

from tests.bench.measure import Measurement, seconds
from tests.bench.program import running, vapor
from tests.bench.stock import add_ended, add_job, add_worker, move_on, stock
from tests.bench.watching import SETTLING
from vapor_tui.domain.job_pages import JobFilter
from vapor_tui.services.overview import list_with_curves
from vapor_tui.services.workspace import Workspace

JOBS = 10_000
CHANGING = 20
ROWS = 34
"""Jobs of a page at 120x40."""
NEXT_PAGE = b"\x1b[6~"


def page(rounds: int) -> list[Measurement]:
    """Time a page of many jobs: read alone, and from the key until it stands there."""
    with stock() as workspace:
        add_ended(workspace, JOBS)
        read = read_time(workspace, rounds)
        turned = []
        with running(*vapor(workspace.database.path, "--no-worker")) as program:
            program.seen("page 1 of")
            program.usage(SETTLING)
            for number in range(2, rounds + 2):
                program.settle()
                pressed = program.press(NEXT_PAGE)
                turned.append(program.seen(f"page {number} of") - pressed)
    with running("-m", "tests.bench.peers", "list") as program:
        begun = program.seen("Ready")
        loaded = program.seen("Filled") - begun
    figure = 1000 * statistics.median(turned)
    return [
        Measurement("page of 10,000 jobs, read", "ms", read, None, 30, is_absolute=True),
        Measurement("page of 10,000 jobs, key to paint", "ms", figure, 1000 * loaded),
    ]


def read_time(workspace: Workspace, rounds: int) -> float:
    """Return the milliseconds that a page from the middle takes to read."""
    taken = []
    for number in range(rounds):
        wanted = JobFilter(page=5 + number, limit=ROWS)
        taken.append(seconds(lambda wanted=wanted: list_with_curves(workspace, wanted, {})))
    return 1000 * statistics.median(taken)


def changing(duration: int) -> list[Measurement]:
    """Take what the list uses while many of its rows change once a second."""
    with stock() as workspace:
        add_ended(workspace, JOBS)
        worker = add_worker(workspace)
        jobs = [add_job(workspace, worker=worker) for _ in range(CHANGING)]
        with running(*vapor(workspace.database.path, "--no-worker")) as program:
            program.seen("watched", "page 1 of")
            program.usage(SETTLING)
            cpu = written = 0.0
            for _ in range(duration):
                jobs = move_on(workspace, jobs)
                usage = program.usage(1.0)
                cpu += usage.cpu
                written += usage.bytes_per_second
    return [
        Measurement(
            "20 of 10,000 rows changing", "%", 100 * cpu / duration, None, 5, is_absolute=True
        ),
        Measurement("20 of 10,000 rows changing", "kB/s", written / duration / 1000),
    ]
