"""A worker is asked to end: by a signal, twice, or because its terminal is gone."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.faults.conftest import MustComplete
from tests.faults.figures import Figures
from tests.faults.jobs import LONG, plant, state, states, worker_ids
from tests.faults.oracle import witness
from tests.faults.programs import Programs, eventually, is_stopped
from tests.faults.terminals import in_terminal

LEAVING_SECONDS = 3.0
"""More than the second that is promised: other programs share this machine."""


ENDINGS = (
    (signal.SIGTERM,),
    (signal.SIGHUP,),
    (signal.SIGINT,),
    (signal.SIGINT, signal.SIGINT),
    (signal.SIGHUP, signal.SIGTERM, signal.SIGINT),
)


def test_a_signal_ends_a_worker_and_hands_its_jobs_back(
    tmp_path: Path, programs: Programs, must_complete: MustComplete, figures: Figures
) -> None:
    paths = [tmp_path / f"{number}.db" for number in range(len(ENDINGS))]
    for path in paths:
        # They all train while one after the other is ended.
        plant(path, jobs=2, **{**LONG, "speed": "300"})
    started = [programs.worker(path, hooks=[("hurry", {})]) for path in paths]
    for path, program, signals in zip(paths, started, ENDINGS, strict=True):
        eventually(lambda path=path: state(path).step >= 2, "two steps")
        seen, begun = witness(path), time.monotonic()
        for number in signals:
            program.signal(number)
        code = program.wait()
        seconds = time.monotonic() - begun

        assert code in {130 if number is signal.SIGINT else 0 for number in signals}, program.said
        assert seconds < LEAVING_SECONDS
        assert "Traceback" not in program.said
        assert {job.status for job in states(path).values()} == {"queued"}
        assert {job.barren_claims for job in states(path).values()} == {0}
        assert worker_ids(path) == []
        figures.fault("a signal to a worker")
        figures.took(f"from {signals[0].name} to the exit of a worker", seconds)
        must_complete(path, seen)


def test_a_worker_started_by_nohup_outlives_its_terminal(
    tmp_path: Path, programs: Programs, must_complete: MustComplete
) -> None:
    path = tmp_path / "jobs.db"
    plant(path, **LONG)
    program = programs.worker(path, hooks=[("hurry", {}), ("ignore_hangup", {})])
    step = eventually(lambda: state(path).step, "a step")
    program.signal(signal.SIGHUP)
    eventually(lambda: state(path).step >= step + 10, "ten more steps")
    program.signal(signal.SIGTERM)
    assert program.wait() == 0, program.said
    must_complete(path)


def test_a_worker_that_is_asked_to_end_while_stopped_ends_when_it_goes_on(
    tmp_path: Path, programs: Programs, must_complete: MustComplete
) -> None:
    path = tmp_path / "jobs.db"
    plant(path, **LONG)
    program = programs.worker(path, hooks=[("hurry", {})])
    eventually(lambda: state(path).step >= 1, "a step")
    program.signal(signal.SIGSTOP)
    eventually(lambda: is_stopped(program.pid), "a stop")
    program.signal(signal.SIGTERM)
    program.signal(signal.SIGCONT)

    assert program.wait() == 0, program.said
    assert state(path).status == "queued"
    must_complete(path)


@pytest.mark.parametrize("command", ["run", pytest.param("worker", marks=pytest.mark.long_faults)])
def test_a_terminal_that_is_closed_ends_the_program_cleanly(
    tmp_path: Path, must_complete: MustComplete, figures: Figures, command: str
) -> None:
    """As when the connection drops: the terminal is gone before anything can be written to it."""
    path = tmp_path / "jobs.db"
    plant(path, jobs=int(command == "worker"), **LONG)
    arguments = {"worker": ["worker"], "run": ["run", "job-data", "--speed", LONG["speed"]]}[
        command
    ]
    with in_terminal("--db", path, *arguments) as terminal:
        eventually(lambda: 1 in states(path) and state(path).progress > 3, "some progress")
        seen, begun = witness(path), time.monotonic()
        terminal.close()
        terminal.wait()
        seconds = time.monotonic() - begun

    assert seconds < LEAVING_SECONDS
    assert state(path).status == "queued"
    assert worker_ids(path) == []
    figures.fault("a terminal that is closed")
    figures.took(f"from a closed terminal to the exit of {command}", seconds)
    must_complete(path, seen)


def test_ctrl_c_ends_run_and_says_how_to_go_on(
    tmp_path: Path, must_complete: MustComplete, figures: Figures
) -> None:
    path = tmp_path / "jobs.db"
    plant(path, jobs=0, **LONG)
    with in_terminal("--db", path, "run", "job-data", "--speed", LONG["speed"]) as terminal:
        eventually(lambda: 1 in states(path) and state(path).progress > 3, "some progress")
        seen = witness(path)
        os.write(terminal.master, b"\x03\x03")
        code = terminal.wait()

    assert code == 130
    assert "Job 1 is back in the queue" in terminal.said
    assert "Traceback" not in terminal.said
    assert state(path).status == "queued"
    figures.fault("Ctrl-C twice")
    must_complete(path, seen)
