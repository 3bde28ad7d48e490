"""The terminal under the app is taken away, shrinks to nothing, or the app is told to end."""

from __future__ import annotations

import random
import signal
import time
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import MustComplete
from tests.faults.figures import Figures
from tests.faults.jobs import LONG, plant, state, worker_ids
from tests.faults.oracle import witness
from tests.faults.programs import Programs, eventually
from tests.faults.terminals import Terminal, in_terminal
from vapor_tui.ui.ending import LAST_RESORT_SECONDS

LEAVING_SECONDS = 3.0
LOOK_SECONDS, STILL_LOOKS = 0.25, 12
"""So many looks at a job that should have moved in every one."""
_SLOW: dict[str, Any] = {"steps": 1000, "epochs": 1, "speed": "300"}
"""A job that trains for 100 s, a tenth of a second a step, and pauses for a second at most."""
_OTHER_ENDINGS = ("SIGHUP", "ctrl+q")


@pytest.mark.parametrize(
    "ending",
    [
        "closed",
        "SIGTERM",
        "SIGTERM SIGCONT",  # as systemd does
        *(pytest.param(ending, marks=pytest.mark.long_faults) for ending in _OTHER_ENDINGS),
    ],
)
def test_the_app_hands_its_jobs_back_whatever_ends_it(
    tmp_path: Path, must_complete: MustComplete, figures: Figures, ending: str
) -> None:
    path = tmp_path / "jobs.db"
    plant(path, jobs=2, **LONG)
    with in_terminal("--db", path) as terminal:
        eventually(lambda: state(path).step >= 1, "a step")
        seen, begun = witness(path), time.monotonic()
        match ending:
            case "closed":
                terminal.close()
            case "ctrl+q":
                terminal.write(b"\x11")
            case _:
                for name in ending.split():
                    terminal.signal(getattr(signal, name))
        code = terminal.wait()
        seconds = time.monotonic() - begun

    assert code == 0 if ending == "ctrl+q" else code in (129, 143, 0, 1)
    assert seconds < LEAVING_SECONDS
    assert "Traceback" not in terminal.said, terminal.words
    assert state(path).status == "queued"
    assert worker_ids(path) == []
    figures.fault("the end of an app")
    figures.took(f"from {ending} to the exit of the app", seconds)
    must_complete(path, seen)


@pytest.mark.long_faults
def test_the_app_is_killed(tmp_path: Path, must_complete: MustComplete, figures: Figures) -> None:
    path = tmp_path / "jobs.db"
    plant(path, jobs=2, **LONG)
    with in_terminal("--db", path) as terminal:
        eventually(lambda: state(path).step >= 1, "a step")
        seen = witness(path)
        terminal.signal(signal.SIGKILL)
        terminal.wait()
    figures.fault("SIGKILL of the app")
    must_complete(path, seen)


@pytest.mark.long_faults
@pytest.mark.parametrize("job", [None, 1])
def test_a_storm_of_sizes_down_to_one_cell(
    tmp_path: Path, must_complete: MustComplete, figures: Figures, job: int | None
) -> None:
    path, chance, resizes = tmp_path / "jobs.db", random.Random(5), 150
    plant(path, jobs=2, speed="60")
    arguments = () if job is None else ("--job", job)
    with in_terminal("--db", path, *arguments) as terminal:
        eventually(lambda: state(path).fence >= 1, "a claim")
        for number in range(resizes):
            small = number % 3 == 0
            columns = 1 if small else chance.randrange(1, 250)
            terminal.resize(columns, 1 if small else chance.randrange(1, 80))
            time.sleep(chance.choice([0.0, 0.0, 0.02, 0.1]))
            terminal.write(chance.choice([b"j", b"\t", b"\x1b[B", b"?", b"\x1b"]))
        terminal.resize(120, 40)
        assert terminal.is_running(), terminal.words
        terminal.signal(signal.SIGTERM)
        terminal.wait()
    assert "Traceback" not in terminal.said, terminal.words
    figures.fault("a change of the terminal's size", resizes)
    must_complete(path)


def _hang(terminal: Terminal, path: Path) -> None:
    """Read nothing any more, and make the app draw until it stands still."""
    terminal.stop_reading()
    sizes, unmoved, step = cycle(range(200, 240)), 0, 0

    def has_stopped() -> bool:
        nonlocal unmoved, step
        # No faster: the app draws when the sizes have come to rest, and a slow one never would.
        terminal.resize(next(sizes), 80)
        time.sleep(LOOK_SECONDS)
        before, step = step, state(path).step
        unmoved = unmoved + 1 if step == before else 0
        return unmoved >= STILL_LOOKS

    eventually(has_stopped, "an app that stands still")


@pytest.mark.long_faults
def test_a_terminal_that_nobody_reads_costs_the_app_its_jobs_and_nothing_else(
    tmp_path: Path, programs: Programs, must_complete: MustComplete, figures: Figures
) -> None:
    """As when a connection hangs without dropping: the app stands still, another goes on."""
    path = tmp_path / "jobs.db"
    plant(path, jobs=2, **_SLOW)
    with in_terminal("--db", path) as terminal:
        eventually(lambda: state(path).step >= 1, "a step")
        _hang(terminal, path)
        other = programs.worker(path, "--once", "--speed", "max")
        eventually(lambda: state(path).fence == 2, "a takeover")
        seen = witness(path)
        assert other.wait() == 0, other.said
    figures.fault("a terminal that nobody reads")
    must_complete(path, seen)


@pytest.mark.long_faults
@pytest.mark.parametrize("ending", ["closed", "SIGTERM"])
def test_the_app_leaves_a_terminal_that_nobody_reads(
    tmp_path: Path, must_complete: MustComplete, figures: Figures, ending: str
) -> None:
    path = tmp_path / "jobs.db"
    plant(path, jobs=2, **_SLOW)
    with in_terminal("--db", path) as terminal:
        eventually(lambda: state(path).step >= 1, "a step")
        _hang(terminal, path)
        if ending == "closed":
            terminal.close()
        else:
            terminal.signal(signal.SIGTERM)
        seen = witness(path)
        terminal.wait(LAST_RESORT_SECONDS + 3)
    figures.fault("the end of an app that hangs on its terminal")
    must_complete(path, seen)
