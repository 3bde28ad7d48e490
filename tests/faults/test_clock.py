"""The wall clock jumps by days, forth and back."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.faults.conftest import MustComplete
from tests.faults.figures import Figures
from tests.faults.jobs import plant, state, states
from tests.faults.programs import Programs, eventually

JUMPS = [0.0, 400.0, -30.0, 12_000.0, -15_000.0]
"""Days off: a year ahead, a month behind, beyond 2050 and before 1990."""


def test_jumps_of_the_clock_change_nothing(
    tmp_path: Path, programs: Programs, must_complete: MustComplete, figures: Figures
) -> None:
    path = tmp_path / "jobs.db"
    plant(path, jobs=3, speed="1800")
    jumping = ("jump_clock", {"days": JUMPS, "every": 0.3})
    first = programs.worker(path, "--concurrency", 2, hooks=[("hurry", {}), jumping])
    eventually(lambda: state(path).step >= 1, "a step")
    first.kill()
    # Its clock stands elsewhere: neither age nor lease may be read from it.
    behind = ("jump_clock", {"days": [-3_000.0], "every": 1.0})
    second = programs.worker(path, "--once", hooks=[("hurry", {}), behind])

    assert second.wait() == 0, second.said
    assert {job.status for job in states(path).values()} == {"completed"}
    figures.fault("a jump of the wall clock", len(JUMPS))
    must_complete(path)


@pytest.mark.long_faults
def test_a_live_worker_keeps_its_lease_while_the_clock_jumps(
    tmp_path: Path, programs: Programs, must_complete: MustComplete, figures: Figures
) -> None:
    path = tmp_path / "jobs.db"
    plant(path, speed="1500")
    owner = programs.worker(path, hooks=[("hurry", {"lease": 1.0})])
    eventually(lambda: state(path).step >= 1, "a step")
    jumping = ("jump_clock", {"days": JUMPS, "every": 0.1})
    contender = programs.worker(path, hooks=[("hurry", {"lease": 1.0}), jumping])
    eventually(lambda: state(path).status == "completed", "the end")

    assert state(path).fence == 1
    figures.fault("a contender whose clock jumps")
    for program in (owner, contender):
        program.signal(signal.SIGTERM)
        assert program.wait() == 0, program.said
    must_complete(path)
