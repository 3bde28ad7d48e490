"""A job that kills its worker every time."""

from __future__ import annotations

from pathlib import Path

from tests.faults.conftest import MustBeSound
from tests.faults.figures import Figures
from tests.faults.jobs import plant, states
from tests.faults.oracle import witness
from tests.faults.programs import Programs

KILLED = -9
POISON = ("poison", {"name": "poison-0"})


def test_a_job_that_kills_every_worker_fails_and_takes_no_other_with_it(
    tmp_path: Path, programs: Programs, must_be_sound: MustBeSound, figures: Figures
) -> None:
    """Claimed together, all of them lose their worker at once; only one of them is to blame."""
    path = tmp_path / "jobs.db"
    plant(path, jobs=1, name="poison")
    innocent = plant(path, jobs=5, name="innocent")
    deaths = 0
    while True:
        seen = witness(path)
        program = programs.worker(path, "--once", hooks=[("hurry", {}), POISON])
        code = program.wait()
        must_be_sound(path, seen)
        if code == 0:
            break
        assert code == KILLED, program.said
        deaths += 1
        assert deaths <= 3, states(path)

    final = states(path)
    assert deaths == 3
    assert final[1].status == "failed"
    assert "made no progress in 3 attempts" in (final[1].error or "")
    assert {final[number].status for number in innocent} == {"completed"}
    figures.fault("a job that kills its worker", deaths)
