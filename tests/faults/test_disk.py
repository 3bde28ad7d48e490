"""The disk is full, a file may not grow, nothing may be written."""

from __future__ import annotations

import resource
import signal
import time
from pathlib import Path

import pytest

from tests.faults.conftest import MustComplete
from tests.faults.figures import Figures
from tests.faults.jobs import LONG, plant, state, states
from tests.faults.mounts import small_disk
from tests.faults.oracle import witness
from tests.faults.programs import Program, Programs, eventually
from tests.faults.test_locks import busy_seconds

_BUSY_SHARE = 0.3
TOLD = 1


def _stands_still(path: Path, program: Program, seconds: float = 1.0) -> None:
    """Check that a worker which can store nothing lives on, quietly."""
    used, step = busy_seconds(program), state(path).step
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert program.is_running(), program.said
        time.sleep(0.05)
    assert state(path).step == step
    assert busy_seconds(program) - used < seconds * _BUSY_SHARE
    assert "Traceback" not in program.said


def test_a_full_disk_is_survived(
    tmp_path: Path, programs: Programs, must_complete: MustComplete, figures: Figures
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        path = disk.folder / "jobs.db"
        plant(path, jobs=2, **LONG)
        # The log lies on the same disk: it cannot say what is wrong either.
        home = str(disk.folder)
        program = programs.worker(path, hooks=[("hurry", {})], XDG_STATE_HOME=home)
        eventually(lambda: state(path).step >= 1, "a step")
        seen = witness(path)
        disk.fill()
        _stands_still(path, program)
        told = programs.start("--db", path, "pause", 2)
        assert told.wait() == TOLD
        assert told.said.startswith(f"vapor-tui: The disk that holds {path} is full")
        assert programs.start("--db", path, "jobs").wait() == 0
        disk.free()
        step = state(path).step
        eventually(lambda: state(path).step > step, "another step")
        program.signal(signal.SIGTERM)
        assert program.wait() == 0, program.said
        figures.fault("a full disk")
        must_complete(path, seen)


def test_a_full_disk_gets_no_half_of_a_new_database(tmp_path: Path, programs: Programs) -> None:
    with small_disk(tmp_path / "disk") as disk:
        disk.fill()
        told = programs.start("--db", disk.folder / "new.db", "jobs")
        assert told.wait() == TOLD
        assert told.said.startswith("vapor-tui: The disk that holds")
        assert [file.name for file in disk.folder.iterdir()] == ["ballast"]
        disk.free()
        assert programs.start("--db", disk.folder / "new.db", "jobs").wait() == 0


def test_a_read_only_disk_can_be_read(
    tmp_path: Path, programs: Programs, must_complete: MustComplete, figures: Figures
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        path = disk.folder / "jobs.db"
        plant(path, jobs=2)
        disk.remount("ro")
        for command in (("jobs",), ("show", 1), ("metrics", 1)):
            reading = programs.start("--db", path, *command)
            assert reading.wait() == 0, reading.said
        for command in (("pause", 2), ("worker", "--once")):
            told = programs.start("--db", path, *command)
            assert told.wait() == TOLD
            assert told.said.startswith(f"vapor-tui: The database {path} cannot be")
        told = programs.start("--db", disk.folder / "new.db", "jobs")
        assert told.wait() == TOLD
        assert told.said.startswith("vapor-tui: Cannot open the database")
        disk.remount("rw")
        figures.fault("a read-only disk")
        must_complete(path)


@pytest.mark.parametrize("is_folder_writable", [False, True])
def test_a_read_only_file_can_be_read_and_not_written(
    tmp_path: Path, programs: Programs, figures: Figures, is_folder_writable: bool
) -> None:
    path = tmp_path / "jobs.db"
    plant(path)
    before = path.read_bytes()
    path.chmod(0o444)
    tmp_path.chmod(0o755 if is_folder_writable else 0o555)
    hooks = [("become_ordinary", {})]
    try:
        for command in (("jobs",), ("show", 1)):
            reading = programs.start("--db", path, *command, hooks=hooks)
            assert reading.wait() == 0, reading.said
        for command in (("pause", 1), ("worker", "--once")):
            told = programs.start("--db", path, *command, hooks=hooks)
            assert told.wait() == TOLD, told.said
            assert told.said.startswith(f"vapor-tui: The database {path} cannot be written")
        doctor = programs.start("--db", path, "doctor", hooks=hooks)
        assert doctor.wait() == TOLD
        assert f"chmod u+rw {path}" in doctor.said
    finally:
        tmp_path.chmod(0o755)
    assert path.read_bytes() == before
    figures.fault("a read-only file")


def test_a_file_that_may_not_grow_is_survived(
    tmp_path: Path, programs: Programs, must_complete: MustComplete, figures: Figures
) -> None:
    path = tmp_path / "jobs.db"
    plant(path, steps=2_000, epochs=1, speed="20000")
    limit = path.stat().st_size + 8_192
    hooks = [("hurry", {}), ("limit_files", {"size": limit})]
    program = programs.worker(path, "--once", hooks=hooks)
    eventually(lambda: state(path).step >= 1, "a step")
    eventually(lambda: _is_stuck(path), "the limit")
    seen = witness(path)
    _stands_still(path, program)
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(program.pid, resource.RLIMIT_FSIZE, unlimited)

    assert program.wait() == 0, program.said
    figures.fault("RLIMIT_FSIZE")
    must_complete(path, seen)


def _is_stuck(path: Path) -> bool:
    step = state(path).step
    time.sleep(0.3)
    return state(path).step == step


def test_a_signal_while_the_disk_is_full_ends_the_worker(
    tmp_path: Path, programs: Programs, must_complete: MustComplete, figures: Figures
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        path = disk.folder / "jobs.db"
        plant(path, **LONG)
        program = programs.worker(path, hooks=[("hurry", {})])
        eventually(lambda: state(path).step >= 1, "a step")
        disk.fill()
        begun = time.monotonic()
        program.signal(signal.SIGTERM)
        assert program.wait() == 0, program.said
        figures.took("from SIGTERM to the exit while the disk is full", time.monotonic() - begun)
        assert "Traceback" not in program.said
        disk.free()
        assert {job.status for job in states(path).values()} == {"running"}
        must_complete(path)
