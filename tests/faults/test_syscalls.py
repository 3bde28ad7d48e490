"""System calls of a worker fail, or kill it, one after the other."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import ExitStack
from itertools import count, islice
from pathlib import Path

import pytest

from tests.faults.conftest import MustComplete
from tests.faults.figures import Figures
from tests.faults.jobs import plant
from tests.faults.oracle import Witness, content, witness
from tests.faults.programs import Program, Programs
from tests.faults.tracing import Tracer, injected, why_not_traceable

KILLED, DONE, TOLD, TOLD_OF_INPUT = -9, 0, 1, 2
AT_ONCE = 4
"""Programs that run at the same time; most of their life they wait."""

STRIDES = {
    "pwrite64:error=ENOSPC": 4,
    "pwrite64:error=EIO": 4,
    "pwrite64:signal=KILL": 4,
    "fdatasync:error=EIO": 1,
    "fdatasync:signal=KILL": 1,
    "unlink:error=EIO": 1,
    "unlink:signal=KILL": 1,
    "pread64:error=EIO": 2,
    "openat:error=EROFS": 2,
}
"""What SQLite calls to write a journal and a page, make them durable, and commit, and how many
calls lie between two that go wrong."""


@pytest.fixture(autouse=True)
def _traceable() -> None:
    if reason := why_not_traceable():
        pytest.skip(reason)


class Sweep:
    """Runs workers, each on a database of its own, one call of each of which goes wrong."""

    def __init__(self, folder: Path, programs: Programs, must_complete: MustComplete) -> None:
        self._folder, self._programs, self._must_complete = folder, programs, must_complete
        self._template = folder / "template.db"
        plant(self._template, jobs=2, steps=4, epochs=1, speed="2500")
        twin = folder / "twin.db"
        shutil.copy(self._template, twin)
        must_complete(twin)
        self._undisturbed = content(twin)

    def run(self, injections: Iterable[str]) -> int:
        """Let each of these go wrong in a run of its own; return how many did."""
        running: list[tuple[Path, Witness, Program, Tracer]] = []
        with ExitStack() as tracers:
            for number, injection in enumerate(injections):
                path = self._folder / f"{number}.db"
                shutil.copy(self._template, path)
                seen = witness(path)
                hooks = [("hurry", {"tick": 0.03})]
                program = self._programs.worker(path, "--once", hooks=hooks, held=True)
                files = (path, path.with_name(f"{path.name}-journal"), path.parent)
                tracer = tracers.enter_context(injected(program, injection, *files))
                running.append((path, seen, program, tracer))
            for _, _, program, _ in running:
                program.wait()
        hits = 0
        for path, seen, program, tracer in running:
            _check_words(program)
            hits += program.code == KILLED or tracer.has_injected
            self._must_complete(path, seen)
            assert content(path) == self._undisturbed
            path.unlink()
        return hits


def _check_words(program: Program) -> None:
    """It goes on as if nothing had been, or says in a sentence why not."""
    said = program.said
    assert program.code in (DONE, KILLED, TOLD, TOLD_OF_INPUT), said
    assert "unexpected" not in said, said
    assert "Traceback" not in said, said
    told = program.code in (TOLD, TOLD_OF_INPUT)
    last = said.splitlines()[-1] if said else ""  # what it had done is told before
    assert told == last.startswith("vapor-tui: "), said


def test_a_call_that_goes_wrong_costs_nothing(
    tmp_path: Path, programs: Programs, must_complete: MustComplete, figures: Figures
) -> None:
    sweep = Sweep(tmp_path, programs, must_complete)
    numbers = {"pwrite64": 40, "fdatasync": 20, "unlink": 6}
    chosen = [f"{fault}:when={numbers[fault.partition(':')[0]]}" for fault in list(STRIDES)[:7]]
    hits = sweep.run(chosen)
    assert hits == len(chosen)
    figures.fault("a system call that fails or kills", hits)


@pytest.mark.long_faults
@pytest.mark.parametrize("fault", STRIDES)
def test_any_call_that_goes_wrong_costs_nothing(
    tmp_path: Path,
    programs: Programs,
    must_complete: MustComplete,
    figures: Figures,
    fault: str,
) -> None:
    sweep = Sweep(tmp_path, programs, must_complete)
    injections = (f"{fault}:when={number}" for number in count(1, STRIDES[fault]))
    total = 0
    while hits := sweep.run(islice(injections, AT_ONCE)):
        total += hits
    assert total
    figures.fault(f"{fault}, every {STRIDES[fault]}", total)
