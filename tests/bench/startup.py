"""How soon the app is there: its first frame, its list of jobs, and keys that answer."""

from __future__ import annotations

import os
import statistics
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench.measure import Measurement
from tests.bench.program import running
from tests.bench.stock import add_ended, stock

JOBS = 40
DOWN, UP = b"j", b"k"


def start(rounds: int) -> list[Measurement]:
    """Time the starts of the app and of what it is compared with, in turn."""
    with stock() as workspace:
        add_ended(workspace, JOBS)
        with _database(str(workspace.database.path)):
            taken = [(_bare(), *_app(), _dashboard()) for _ in range(rounds + 1)][1:]
    bare, first, live, full = (statistics.median(column) for column in zip(*taken, strict=True))
    return [
        Measurement("first paint", "s", first, bare, 1.25),
        Measurement("jobs listed and keys live", "s", live, bare, 2.2),
        Measurement("the same, all imported up front", "s", live, full),
    ]


def _bare() -> float:
    with running("-m", "tests.bench.peers", "bare") as program:
        return program.seen("Ready") - program.begun


def _dashboard() -> float:
    with running("-m", "tests.bench.peers", "dashboard") as program:
        return program.seen("job 20") - program.begun


def _app() -> tuple[float, float]:
    """Return when the first frame is there, and when the list is and a key would be answered."""
    with running("-m", "vapor_tui") as program:
        first = program.seen("vapor  Jobs", "quit") - program.begun
        listed = program.seen("job 30") - program.begun
        pressed = program.press(b" ")
        return first, listed + program.seen("1 marked") - pressed


@contextmanager
def _database(path: str) -> Iterator[None]:
    """Let the app find its database as it does when a person types its name alone."""
    os.environ["VAPOR_TUI_DB"] = path
    try:
        yield
    finally:
        del os.environ["VAPOR_TUI_DB"]
