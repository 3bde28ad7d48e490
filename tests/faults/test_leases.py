"""A worker that is taken for gone and comes back; one that is alive but cannot be seen."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.faults.conftest import MustBeSound, MustComplete
from tests.faults.figures import Figures
from tests.faults.jobs import LONG, events, plant, state, states, worker_ids
from tests.faults.oracle import witness
from tests.faults.programs import Programs, environment, eventually, is_stopped

LEASE = 1.5
"""Seconds of a lease in the quick tests, a seventh of the real one."""


def test_a_worker_stopped_past_its_lease_writes_nothing_afterwards(
    tmp_path: Path,
    programs: Programs,
    must_be_sound: MustBeSound,
    must_complete: MustComplete,
    figures: Figures,
) -> None:
    seconds = _stop_past_the_lease(tmp_path, programs, must_be_sound, must_complete, LEASE)
    figures.fault("SIGSTOP past the lease")
    assert seconds >= LEASE


@pytest.mark.long_faults
def test_a_worker_stopped_past_the_real_lease_writes_nothing_afterwards(
    tmp_path: Path,
    programs: Programs,
    must_be_sound: MustBeSound,
    must_complete: MustComplete,
    figures: Figures,
) -> None:
    seconds = _stop_past_the_lease(tmp_path, programs, must_be_sound, must_complete, None)
    figures.fault("SIGSTOP past the lease")
    figures.took("until another worker goes on after SIGSTOP", seconds)
    assert seconds >= 10


def _stop_past_the_lease(
    folder: Path,
    programs: Programs,
    must_be_sound: MustBeSound,
    must_complete: MustComplete,
    lease: float | None,
) -> float:
    """Return how long it took until another worker went on."""
    path = folder / "jobs.db"
    plant(path, jobs=6, steps=800, epochs=1, speed="1500")
    hooks = [("hurry", {"lease": lease})]
    zombie = programs.worker(path, hooks=hooks)
    eventually(lambda: state(path).step >= 1, "a step")
    [zombie_id] = worker_ids(path)
    zombie.signal(signal.SIGSTOP)
    eventually(lambda: is_stopped(zombie.pid), "a stop")
    begun = time.monotonic()
    heir = programs.worker(path, hooks=hooks)
    eventually(lambda: state(path).fence == 2, "a takeover")
    seconds = time.monotonic() - begun
    seen = witness(path)
    assert zombie_id not in worker_ids(path)

    zombie.signal(signal.SIGCONT)
    # It finds out, becomes a new worker, and takes what waits: there are more jobs than room.
    eventually(lambda: len(worker_ids(path)) == 2, "the return of the zombie")
    must_be_sound(path, seen)
    for program in (heir, zombie):
        program.signal(signal.SIGTERM)
        assert program.wait() == 0, program.said
    late = [e for e in events(path) if e.who == f"worker {zombie_id}" and e.fence > 1]
    assert not late
    assert {job.status for job in states(path).values()} <= {"queued", "completed"}
    must_complete(path, seen)
    return seconds


def test_a_worker_that_is_killed_is_followed_at_once(
    tmp_path: Path, programs: Programs, must_complete: MustComplete, figures: Figures
) -> None:
    path = tmp_path / "jobs.db"
    plant(path, jobs=2, **LONG)
    heir = programs.worker(path, "--concurrency", 1)
    eventually(lambda: state(path).fence, "a claim")
    victim = programs.worker(path, "--concurrency", 1)
    eventually(lambda: state(path, 2).step >= 1, "a step of the other")
    seen, begun = witness(path), time.monotonic()
    victim.kill()
    eventually(lambda: state(path, 2).lease_owner != 2, "a takeover")
    seconds = time.monotonic() - begun

    assert seconds < 5
    figures.fault("SIGKILL beside a worker that lives")
    figures.took("until another worker goes on after SIGKILL", seconds)
    heir.signal(signal.SIGTERM)
    assert heir.wait() == 0, heir.said
    assert len(worker_ids(path)) == 0
    must_complete(path, seen)


def test_an_idle_worker_that_is_killed_leaves_no_row(tmp_path: Path, programs: Programs) -> None:
    path = tmp_path / "jobs.db"
    plant(path, jobs=0)
    victim = programs.worker(path)
    [number] = eventually(lambda: worker_ids(path), "a worker's row")
    victim.kill()
    other = programs.worker(path)
    eventually(lambda: number not in worker_ids(path), "the row's end")
    other.signal(signal.SIGTERM)
    assert other.wait() == 0


@pytest.mark.long_faults
def test_a_worker_in_another_container_is_not_taken_for_gone(
    tmp_path: Path, programs: Programs, must_complete: MustComplete, figures: Figures
) -> None:
    """Same machine, same name, same boot, but its process cannot be seen from there."""
    unshare = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*unshare, "true"], check=False).returncode
    ):
        pytest.skip("unshare cannot make a namespace of processes here")
    path = tmp_path / "jobs.db"
    plant(path, jobs=1, speed="60")
    owner = programs.worker(path)
    eventually(lambda: state(path).fence == 1, "a claim")
    contender = subprocess.Popen(
        [*unshare, sys.executable, "-m", "vapor_tui", "--db", str(path), "worker"],
        env=environment(),
    )
    try:
        eventually(lambda: len(worker_ids(path)) == 2, "the contender")
        with pytest.raises(subprocess.TimeoutExpired):
            contender.wait(4)
        assert state(path).fence == 1
    finally:
        contender.kill()
        contender.wait()
    owner.signal(signal.SIGTERM)
    assert owner.wait() == 0, owner.said
    figures.fault("a live worker that cannot be seen")
    must_complete(path)
