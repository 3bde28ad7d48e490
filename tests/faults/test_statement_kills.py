"""A program is killed before every statement that it runs."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from itertools import count, islice
from pathlib import Path

import pytest

from tests.faults.conftest import MustComplete
from tests.faults.figures import Figures
from tests.faults.jobs import plant
from tests.faults.oracle import content, witness
from tests.faults.programs import Programs

KILLED, DONE = -9, 0
AT_ONCE = 4
"""Programs that run at the same time; most of their life they wait."""


def test_an_undisturbed_run_is_sound(tmp_path: Path, must_complete: MustComplete) -> None:
    plant(tmp_path / "jobs.db", jobs=3)
    must_complete(tmp_path / "jobs.db")


class Sweep:
    """Runs workers on equal databases, each killed before another statement."""

    def __init__(self, folder: Path, programs: Programs, must_complete: MustComplete) -> None:
        self._folder, self._programs, self._must_complete = folder, programs, must_complete
        self._template = folder / "template.db"
        plant(self._template, jobs=2, steps=4, epochs=1, speed="2500")
        twin = folder / "twin.db"
        shutil.copy(self._template, twin)
        must_complete(twin)
        self._undisturbed = content(twin)

    def run(self, numbers: Iterable[int]) -> int:
        """Kill workers before these statements; return how many had not come to their end."""
        started = []
        for number in numbers:
            path = self._folder / f"{number}.db"
            shutil.copy(self._template, path)
            hooks = [("hurry", {"tick": 0.04}), ("die_at_statement", {"number": number})]
            started.append(
                (path, witness(path), self._programs.worker(path, "--once", hooks=hooks))
            )
        killed = 0
        for path, seen, program in started:
            code = program.wait()
            assert code in (KILLED, DONE), program.said
            killed += code == KILLED
            self._must_complete(path, seen)
            assert content(path) == self._undisturbed
            path.unlink()
        return killed


def test_a_kill_before_some_statements_loses_nothing(
    tmp_path: Path, programs: Programs, must_complete: MustComplete, figures: Figures
) -> None:
    sweep, numbers, killed = Sweep(tmp_path, programs, must_complete), count(31, 13), 0
    for _ in range(3):
        killed += sweep.run(islice(numbers, AT_ONCE))
    assert killed > 2
    figures.fault("SIGKILL before a statement of a worker", killed)


@pytest.mark.long_faults
def test_a_kill_before_any_statement_loses_nothing(
    tmp_path: Path, programs: Programs, must_complete: MustComplete, figures: Figures
) -> None:
    sweep, numbers, total = Sweep(tmp_path, programs, must_complete), count(1), 0
    while killed := sweep.run(islice(numbers, AT_ONCE)):
        total += killed
    assert total > 100
    figures.fault("SIGKILL before a statement of a worker", total)


@pytest.mark.parametrize("step", [14, pytest.param(1, marks=pytest.mark.long_faults)])
def test_a_kill_while_a_database_is_made_leaves_no_half_of_one(
    tmp_path: Path, programs: Programs, figures: Figures, step: int
) -> None:
    numbers, total = count(1, step), 0
    while True:
        path = tmp_path / "new.db"
        hooks = [("die_at_statement", {"number": next(numbers)})]
        code = programs.start("--db", path, "jobs", hooks=hooks).wait()
        if code != KILLED:
            break
        total += 1
        again = programs.start("--db", path, "jobs")
        assert again.wait() == DONE, again.said
        path.unlink()
    assert total
    figures.fault("SIGKILL while a database is made", total)
