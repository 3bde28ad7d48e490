"""A program is killed while it brings a database up to date."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import ExitStack, closing
from itertools import count, islice
from pathlib import Path

import pytest

from tests.faults.figures import Figures
from tests.faults.mounts import small_disk
from tests.faults.programs import Programs
from tests.faults.tracing import injected, why_not_traceable
from tests.storage.test_schema import _build_first_version
from vapor_tui.storage.marks import SCHEMA_VERSION
from vapor_tui.storage.upgrade import backup_path

KILLED, DONE, TOLD = -9, 0, 1
AT_ONCE = 4
KEPT = ("training_metrics", "job_events", "datasets", "notifications", "workers", "log_lines")


def _rows(path: Path) -> dict[str, list[object]]:
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        kept: dict[str, list[object]] = {
            table: database.execute(f"SELECT * FROM {table}").fetchall() for table in KEPT
        }
        kept["jobs"] = database.execute(
            "SELECT id, owner, name, status, fence, created_at FROM training_jobs"
        ).fetchall()
        return kept


def _version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as database:
        return int(database.execute("PRAGMA user_version").fetchone()[0])


class Upgrades:
    """Old databases, opened by programs that are killed meanwhile."""

    def __init__(self, folder: Path, programs: Programs) -> None:
        self._folder, self._programs = folder, programs
        self._old = folder / "template.db"
        _build_first_version(self._old)
        self._rows = _rows(self._old)

    def copy(self, name: str) -> Path:
        """Return an old database in a folder of its own."""
        folder = self._folder / name
        folder.mkdir()
        return Path(shutil.copy(self._old, folder / "old.db"))

    def must_be_finished(self, path: Path) -> None:
        """Open a database whose upgrade was interrupted, and check that nothing is missing."""
        program = self._programs.start("--db", path, "jobs", "--json")
        assert program.wait() == DONE, program.said
        assert '"old-job"' in program.said
        assert _version(path) == SCHEMA_VERSION
        assert _rows(path) == self._rows
        copy = backup_path(path, 1)
        assert _version(copy) == 1
        assert _rows(copy) == self._rows
        assert sorted(file.name for file in path.parent.iterdir()) == ["old.db", copy.name]
        shutil.rmtree(path.parent)

    def killed_at_statements(self, numbers: Iterable[int]) -> int:
        """Kill programs before these statements; return how many were still at it."""
        started = []
        for number in numbers:
            path = self.copy(f"statement-{number}")
            hooks = [("die_at_statement", {"number": number})]
            started.append((path, self._programs.start("--db", path, "jobs", hooks=hooks)))
        return self._finish(started)

    def killed_at_calls(self, call: str, numbers: Iterable[int]) -> int:
        """Kill programs in these system calls; return how many were still at it."""
        started = []
        with ExitStack() as tracers:
            for number in numbers:
                path = self.copy(f"call-{number}")
                program = self._programs.start("--db", path, "jobs", held=True)
                fault = f"{call}:signal=KILL:when={number}"
                tracers.enter_context(injected(program, fault))
                started.append((path, program))
            return self._finish(started)

    def _finish(self, started: list[tuple[Path, object]]) -> int:
        killed = 0
        for path, program in started:
            code = program.wait()
            assert code in (KILLED, DONE), program.said
            killed += code == KILLED
            self.must_be_finished(path)
        return killed


def test_an_upgrade_that_is_killed_is_finished_by_the_next_program(
    tmp_path: Path, programs: Programs, figures: Figures
) -> None:
    upgrades = Upgrades(tmp_path, programs)
    killed = upgrades.killed_at_statements(range(5, 150, 24))
    assert killed
    figures.fault("SIGKILL before a statement of an upgrade", killed)


@pytest.mark.long_faults
def test_an_upgrade_that_is_killed_anywhere_is_finished_by_the_next_program(
    tmp_path: Path, programs: Programs, figures: Figures
) -> None:
    upgrades, numbers, total = Upgrades(tmp_path, programs), count(1), 0
    while killed := upgrades.killed_at_statements(islice(numbers, AT_ONCE)):
        total += killed
    assert total > 50
    figures.fault("SIGKILL before a statement of an upgrade", total)


@pytest.mark.long_faults
@pytest.mark.parametrize("call", ["pwrite64", "fdatasync", "unlink"])
def test_an_upgrade_that_is_killed_in_a_system_call_is_finished_by_the_next_program(
    tmp_path: Path, programs: Programs, figures: Figures, call: str
) -> None:
    if reason := why_not_traceable():
        pytest.skip(reason)
    upgrades, numbers, total = Upgrades(tmp_path, programs), count(1), 0
    while killed := upgrades.killed_at_calls(call, islice(numbers, AT_ONCE)):
        total += killed
    assert total
    figures.fault(f"SIGKILL in {call} of an upgrade", total)


def test_several_programs_upgrade_one_database(
    tmp_path: Path, programs: Programs, figures: Figures
) -> None:
    upgrades = Upgrades(tmp_path, programs)
    path = upgrades.copy("shared")
    started = [programs.start("--db", path, "jobs") for _ in range(4)]
    for program in started:
        assert program.wait() == DONE, program.said
    upgrades.must_be_finished(path)
    figures.fault("four programs upgrade at once")


def test_an_upgrade_without_room_for_a_copy_changes_nothing(
    tmp_path: Path, programs: Programs, figures: Figures
) -> None:
    upgrades = Upgrades(tmp_path, programs)
    with small_disk(tmp_path / "disk") as disk:
        path = Path(shutil.copy(upgrades.copy("full"), disk.folder / "old.db"))
        before = path.read_bytes()
        disk.fill()
        program = programs.start("--db", path, "jobs")
        assert program.wait() == TOLD
        assert program.said.startswith("vapor-tui: The disk that holds")
        assert path.read_bytes() == before
        assert sorted(file.name for file in disk.folder.iterdir()) == ["ballast", "old.db"]
        disk.free()
        figures.fault("a full disk under an upgrade")
        program = programs.start("--db", path, "jobs")
        assert program.wait() == DONE, program.said
