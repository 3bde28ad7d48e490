"""The database is to lie where it cannot: each place gets a sentence, and doctor goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.programs import Programs
from vapor_tui.services.workspace import open_workspace

TOLD = 1


def _closed_folder(folder: Path) -> Path:
    path = folder / "closed" / "jobs.db"
    open_workspace(path).close()
    path.parent.chmod(0o600)
    return path


def _closed_file(folder: Path) -> Path:
    path = folder / "jobs.db"
    open_workspace(path).close()
    path.chmod(0)
    return path


def _unwritable_folder(folder: Path) -> Path:
    path = folder / "kept" / "jobs.db"
    path.parent.mkdir(mode=0o500)
    return path


def _loop(folder: Path) -> Path:
    path, other = folder / "jobs.db", folder / "other.db"
    path.symlink_to(other)
    other.symlink_to(path)
    return path


def _below_a_file(folder: Path) -> Path:
    (folder / "file").touch()
    return folder / "file" / "jobs.db"


def _dangling(folder: Path) -> Path:
    """A link into a folder that may not be written."""
    path = folder / "jobs.db"
    path.symlink_to(_unwritable_folder(folder))
    return path


PLACES: list[tuple[Callable[[Path], Path], str]] = [
    (_closed_folder, "may not be entered"),
    (_closed_file, "cannot be opened"),
    (_unwritable_folder, "cannot be made in"),
    (_dangling, "cannot be made in"),
    (_loop, "Too many levels of symbolic links"),
    (_below_a_file, "Not a directory"),
    (lambda folder: folder / ("x" * 300), "File name too long"),
    (lambda folder: folder, "it is a folder"),
    (lambda _: Path("/dev/null"), "it is not a file"),
    (lambda _: Path("/proc"), "it is a folder"),
    (lambda _: Path("/proc/version"), "is empty, not a database"),
    (lambda _: Path("/proc/new.db"), "cannot be made in /proc"),
]


@pytest.mark.parametrize(("arrange", "sentence"), PLACES, ids=[sentence for _, sentence in PLACES])
def test_doctor_examines_everything_wherever_the_database_is(
    tmp_path: Path, programs: Programs, arrange: Callable[[Path], Path], sentence: str
) -> None:
    path, ordinary = arrange(tmp_path), [("become_ordinary", {})]
    program = programs.start("--db", path, "doctor", "--json", hooks=ordinary)
    assert program.wait() == TOLD, program.said
    found = {finding["what"]: finding for finding in json.loads(program.said)["findings"]}
    assert {"python", "log", "terminal", "database"} <= set(found), "every section was examined"
    assert found["database"]["level"] == "problem"
    assert sentence in found["database"]["found"]
    assert found["database"]["fix"]

    program = programs.start("--db", path, "jobs", hooks=ordinary)
    assert program.wait() == TOLD, program.said
    assert program.said.startswith("vapor-tui: "), program.said
    assert "unexpected" not in program.said
