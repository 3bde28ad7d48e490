"""Another program holds the database locked."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.faults.conftest import MustComplete
from tests.faults.figures import Figures
from tests.faults.jobs import LONG, events, plant, state, states, worker_ids
from tests.faults.oracle import witness
from tests.faults.programs import Program, Programs, eventually

LEASE = 2.0
"""Seconds of a lease in the quick test; the real one is of 10 s."""
_BUSY_SHARE = 0.2
"""Of a core, what a worker may take while it can do nothing."""


@contextmanager
def locked(path: Path, how: str = "EXCLUSIVE") -> Iterator[None]:
    """Hold a database locked, as a program that hangs in a transaction does."""
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as holder:
        holder.execute(f"BEGIN {how}")
        yield
        holder.execute("ROLLBACK")


def busy_seconds(program: Program) -> float:
    """Return the processor time that a program has used."""
    fields = Path(f"/proc/{program.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_lock_past_the_limit_makes_the_worker_let_go_and_go_on_afterwards(
    tmp_path: Path, programs: Programs, must_complete: MustComplete, figures: Figures
) -> None:
    _lock_for(LEASE * 0.8, LEASE, tmp_path, programs, must_complete, figures)


@pytest.mark.long_faults
@pytest.mark.parametrize("seconds", [8.0, 60.0])
def test_a_lock_of_a_minute_is_survived(
    tmp_path: Path,
    programs: Programs,
    must_complete: MustComplete,
    figures: Figures,
    seconds: float,
) -> None:
    _lock_for(seconds, None, tmp_path, programs, must_complete, figures)


def _lock_for(
    seconds: float,
    lease: float | None,
    folder: Path,
    programs: Programs,
    must_complete: MustComplete,
    figures: Figures,
) -> None:
    path = folder / "jobs.db"
    plant(path, jobs=2, steps=1_000, epochs=1, speed="1500")
    program = programs.worker(path, hooks=[("hurry", {"tick": 0.25, "lease": lease})])
    eventually(lambda: state(path).step >= 1, "a step")
    seen = witness(path)
    with locked(path):
        used = busy_seconds(program)
        # The lock itself is the fault: its length is not waited for, it is made.
        time.sleep(seconds)
        used = busy_seconds(program) - used
    eventually(lambda: state(path).fence == 2, "the next claim")
    [back] = [e for e in events(path) if e.job_id == 1 and e.after == "queued" and e.fence == 1]
    program.signal(signal.SIGTERM)
    assert program.wait() == 0, program.said

    assert (back.before, back.who) == ("running", "worker 1")
    assert state(path).barren_claims == 0
    assert used < seconds * _BUSY_SHARE
    figures.fault("a lock past the limit")
    figures.took(f"of a core used while locked for {seconds:g} s", used)
    must_complete(path, seen)


@pytest.mark.parametrize(
    "how", ["EXCLUSIVE", pytest.param("IMMEDIATE", marks=pytest.mark.long_faults)]
)
def test_a_worker_leaves_a_locked_database_without_waiting_for_it(
    tmp_path: Path, programs: Programs, must_complete: MustComplete, figures: Figures, how: str
) -> None:
    path = tmp_path / "jobs.db"
    plant(path, **LONG)
    program = programs.worker(path, hooks=[("hurry", {})])
    eventually(lambda: state(path).step >= 1, "a step")
    seen = witness(path)
    with locked(path, how):
        begun = time.monotonic()
        program.signal(signal.SIGHUP)
        code = program.wait()
        seconds = time.monotonic() - begun

    assert code == 0, program.said
    assert seconds < 3
    assert state(path).status == "running"
    figures.fault("a signal while locked")
    figures.took("from SIGHUP to the exit while locked", seconds)
    must_complete(path, seen)


# `run` drives one job, and is to see it through


RUN = ("run", "job-data", "--speed", LONG["speed"])


def _begun(programs: Programs, path: Path, lease: float) -> Program:
    """Start `run` on a new job; the lease is short, so that a lock past it is."""
    plant(path, jobs=0, **LONG)
    hooks = [("hurry", {"lease": lease})]
    program = programs.start("--db", path, *RUN, hooks=hooks)
    eventually(lambda: 1 in states(path) and state(path).step >= 1, "a step")
    return program


def test_run_has_its_job_back_after_a_lock_past_the_limit(
    tmp_path: Path, programs: Programs, must_complete: MustComplete, figures: Figures
) -> None:
    path = tmp_path / "jobs.db"
    program = _begun(programs, path, LEASE)
    seen = witness(path)
    with locked(path):
        time.sleep(LEASE)
    assert program.wait() == 0, program.said
    assert "Job 1 job-data-" in program.said
    assert state(path).status == "completed"
    assert state(path).fence == 2
    assert worker_ids(path) == []
    figures.fault("a lock past the limit of run")
    must_complete(path, seen)


def test_run_leaves_a_locked_database_at_once(
    tmp_path: Path, programs: Programs, must_complete: MustComplete, figures: Figures
) -> None:
    path = tmp_path / "jobs.db"
    program = _begun(programs, path, 30.0)
    seen = witness(path)
    with locked(path):
        time.sleep(0.5)
        begun = time.monotonic()
        program.signal(signal.SIGINT)
        code = program.wait()
        seconds = time.monotonic() - begun
    assert code == 130, program.said
    assert "Job 1 could not be handed back: the next worker takes it" in program.said
    assert "Traceback" not in program.said
    assert seconds < 3
    figures.took("from Ctrl-C to the exit of run while locked", seconds)
    must_complete(path, seen)


def test_run_that_is_interrupted_before_it_has_a_job_leaves_at_once(
    tmp_path: Path, programs: Programs
) -> None:
    path = tmp_path / "jobs.db"
    plant(path, jobs=0, **LONG)
    with locked(path, "IMMEDIATE"):
        program = programs.start("--db", path, *RUN, hooks=[("hurry", {})])
        time.sleep(1.5)
        begun = time.monotonic()
        program.signal(signal.SIGINT)
        code = program.wait()
        seconds = time.monotonic() - begun
    assert code == 130, program.said
    assert seconds < 3
    assert states(path) == {}
