"""Workers are killed at random moments while others go on."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from tests.faults.conftest import MustBeSound, MustComplete
from tests.faults.figures import Figures
from tests.faults.jobs import plant, states
from tests.faults.oracle import witness
from tests.faults.programs import Program, Programs, eventually, real_program

LONGEST_LIFE = 1.2
TWICE_BARREN = 2
"""A job that has lost two workers without coming further fails with the third: by design."""


def test_a_kill_of_the_real_worker_loses_nothing(
    tmp_path: Path, must_be_sound: MustBeSound, must_complete: MustComplete, figures: Figures
) -> None:
    path = tmp_path / "jobs.db"
    plant(path, jobs=3, speed="700")
    program = real_program(tmp_path, "--db", path, "worker")
    eventually(lambda: states(path)[1].step, "a step")
    seen = witness(path)
    program.kill()
    must_be_sound(path, seen)
    figures.fault("SIGKILL of the real worker")
    must_complete(path, seen)


@pytest.mark.long_faults
@pytest.mark.parametrize("seed", range(6))
def test_hundreds_of_kills_at_random_moments_lose_nothing(
    tmp_path: Path,
    programs: Programs,
    must_be_sound: MustBeSound,
    must_complete: MustComplete,
    figures: Figures,
    seed: int,
) -> None:
    """Two workers at a time, each killed after a moment and replaced."""
    path, chance, kills = tmp_path / "jobs.db", random.Random(seed), 50
    plant(path, jobs=12, steps=60, epochs=3, speed=chance.choice(["60", "120", "auto"]))
    alive: list[Program] = []
    for number in range(kills):
        while len(alive) < 2:
            hooks = [("hurry", {"tick": chance.choice([0.25, 0.05])})]
            alive.append(programs.worker(path, hooks=hooks))
        deadline = time.monotonic() + chance.uniform(0.05, LONGEST_LIFE)
        while time.monotonic() < deadline:
            time.sleep(0.02)
        eventually(lambda: _may_die(path), "progress of a job at its last attempt")
        seen = witness(path)
        victim = alive.pop(chance.randrange(len(alive)))
        victim.kill()
        if number % 5 == 0:
            must_be_sound(path, seen)
    for program in alive:
        program.kill()
    figures.fault("SIGKILL at a random moment", kills + len(alive))
    must_complete(path, seen)


def _may_die(path: Path) -> bool:
    """Say whether no job would fail, by design, with the worker that holds it."""
    return all(job.barren_claims < TWICE_BARREN for job in states(path).values() if job.lease_owner)
