"""The file is not what was written: pages, header, length, journal."""

from __future__ import annotations

import random
import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.conftest import MustComplete
from tests.faults.figures import Figures
from tests.faults.jobs import LONG, plant, state
from tests.faults.oracle import witness
from tests.faults.programs import Program, Programs, eventually

PAGE = 4096
DONE, TOLD, TOLD_OF_INPUT = 0, 1, 2
COMMANDS = (
    ("jobs",),
    ("show", 1),
    ("metrics", 1),
    ("logs", 1),
    ("notifications",),
    ("pause", 2),
    ("doctor",),
    ("worker", "--once", "--speed", "max"),
)

Damage = Callable[[bytearray], None]


_USED = pytest.StashKey[bytes]()


@pytest.fixture
def used(tmp_path: Path, programs: Programs, pytestconfig: pytest.Config) -> Path:
    """A database with a completed job and a queued one."""
    path = tmp_path / "used.db"
    if _USED not in pytestconfig.stash:
        plant(path, steps=60)
        assert programs.worker(path, "--once", hooks=[("hurry", {})]).wait() == DONE
        plant(path, name="waiting")
        pytestconfig.stash[_USED] = path.read_bytes()
    path.write_bytes(pytestconfig.stash[_USED])
    return path


def _say(program: Program) -> str:
    """Return what a program says of a file that is damaged: a sentence, or nothing is wrong."""
    code, said = program.wait(), program.said
    assert code in (DONE, TOLD, TOLD_OF_INPUT), said
    assert "Traceback" not in said, said
    # Where the text of a rule is damaged, SQLite keeps that rule, and the program cannot know.
    assert "unexpected" not in said or "unexpected error: IntegrityError" in said, said
    if code != DONE:
        assert said.strip(), code
    return said


def _is_sound(path: Path) -> bool:
    """Ask SQLite itself, of a copy."""
    copy = path.with_suffix(".copy")
    shutil.copy(path, copy)
    with closing(sqlite3.connect(copy)) as database:
        try:
            lines = database.execute("PRAGMA integrity_check").fetchall()
            broken = database.execute("PRAGMA foreign_key_check").fetchall()
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            return False
        finally:
            copy.unlink()
    return lines == [("ok",)] and not broken


def _suffers(programs: Programs, path: Path) -> None:
    """Let every command meet a damaged file; doctor must find what SQLite itself finds."""
    sound = _is_sound(path)
    for command in COMMANDS:
        said = _say(programs.start("--db", path, *command))
        if command == ("doctor",) and not sound:
            assert "PROBLEM" in said


def _overwrite(path: Path, at: int, piece: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(piece)


@pytest.mark.parametrize("kind", ["zeros", "noise"])
def test_a_damaged_page_is_a_sentence(
    tmp_path: Path, used: Path, programs: Programs, figures: Figures, kind: str
) -> None:
    _damage_pages(tmp_path, used, programs, figures, kind, step=11)


@pytest.mark.long_faults
@pytest.mark.parametrize("kind", ["zeros", "noise"])
def test_any_damaged_page_is_a_sentence(
    tmp_path: Path, used: Path, programs: Programs, figures: Figures, kind: str
) -> None:
    _damage_pages(tmp_path, used, programs, figures, kind, step=1)


def _damage_pages(
    folder: Path, used: Path, programs: Programs, figures: Figures, kind: str, step: int
) -> None:
    chance = random.Random(7)
    for number in range(0, used.stat().st_size // PAGE, step):
        path = folder / f"{number}.db"
        shutil.copy(used, path)
        _overwrite(path, number * PAGE, bytes(PAGE) if kind == "zeros" else chance.randbytes(PAGE))
        _suffers(programs, path)
        figures.fault("a damaged page")
        path.unlink()


@pytest.mark.long_faults
def test_any_damaged_byte_is_a_sentence(
    tmp_path: Path, used: Path, programs: Programs, figures: Figures
) -> None:
    chance, size = random.Random(7), used.stat().st_size
    for number in range(150):
        path = tmp_path / f"{number}.db"
        shutil.copy(used, path)
        _overwrite(path, chance.randrange(100, size), bytes([chance.randrange(256)]))
        _suffers(programs, path)
        figures.fault("a damaged byte")
        path.unlink()


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda content: content.clear(), "is empty, not a database"),
        (lambda content: content.__setitem__(slice(0, 16), bytes(16)), "not an SQLite database"),
        (lambda content: content.__setitem__(slice(0, 100), b"x" * 100), "not an SQLite database"),
        (lambda content: content.__delitem__(slice(50, None)), "of another program"),
        (lambda content: content.__setitem__(slice(60, 64), b"\0\0\x27\x0f"), "newer version"),
        (lambda content: content.__setitem__(slice(68, 72), b"them"), "of another program"),
    ],
    ids=["empty", "no header", "other header", "50 bytes", "the future", "another program"],
)
def test_a_file_that_is_not_ours_is_left_as_it_is(
    used: Path, programs: Programs, figures: Figures, damage: Damage, sentence: str
) -> None:
    content = bytearray(used.read_bytes())
    damage(content)
    used.write_bytes(content)
    for command in (("jobs",), ("pause", 2), ("worker", "--once"), ("doctor",)):
        program = programs.start("--db", used, *command)
        assert sentence in _say(program)
        assert program.code == TOLD
        assert used.read_bytes() == content
    assert not list(used.parent.glob("used.db?*"))
    figures.fault("a file that is not ours")


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_part_of_a_file_is_a_sentence(
    used: Path, programs: Programs, figures: Figures, share: float
) -> None:
    content = used.read_bytes()
    used.write_bytes(content[: int(len(content) * share)])
    _suffers(programs, used)
    figures.fault("a part of a file")


# The journal of a transaction that was killed in the middle of its commit


@pytest.fixture
def interrupted(tmp_path: Path, used: Path) -> Path:
    """A copy of a database, taken while a large transaction has half reached the file."""
    path = tmp_path / "interrupted.db"
    with closing(sqlite3.connect(used, isolation_level=None)) as writer:
        writer.execute("PRAGMA cache_size = 5")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE training_metrics SET loss = 99, epoch = epoch + 1")
        writer.execute("UPDATE training_jobs SET name = 'half of it', desired = 'stop'")
        shutil.copy(used, path)
        shutil.copy(_journal(used), _journal(path))
        writer.execute("ROLLBACK")
    return path


def _journal(path: Path) -> Path:
    return path.with_name(f"{path.name}-journal")


def test_an_interrupted_commit_is_taken_back(
    used: Path, interrupted: Path, must_complete: MustComplete, figures: Figures
) -> None:
    seen = witness(used)
    assert _journal(interrupted).stat().st_size > PAGE
    must_complete(interrupted, seen)
    assert not _journal(interrupted).exists()
    figures.fault("a hot journal")


def test_doctor_looks_at_a_database_with_an_interrupted_commit(
    interrupted: Path, programs: Programs
) -> None:
    program = programs.start("--db", interrupted, "doctor")
    assert "PROBLEM" not in _say(program)
    assert program.code == DONE


@pytest.mark.parametrize("share", [0.0, 0.2, 0.95])
def test_a_cut_journal_is_no_traceback(
    interrupted: Path, programs: Programs, figures: Figures, share: float
) -> None:
    """What is lost with a journal cannot be put right; it can be told."""
    journal = _journal(interrupted)
    content = journal.read_bytes()
    journal.write_bytes(content[: int(len(content) * share)])
    _suffers(programs, interrupted)
    figures.fault("a journal that is cut")


def test_a_deleted_journal_is_no_traceback(
    interrupted: Path, programs: Programs, figures: Figures
) -> None:
    _journal(interrupted).unlink()
    _suffers(programs, interrupted)
    figures.fault("a journal that is deleted")


def test_a_journal_that_was_left_behind_is_not_rolled_into_a_new_database(
    tmp_path: Path,
    used: Path,
    interrupted: Path,
    programs: Programs,
    must_complete: MustComplete,
    figures: Figures,
) -> None:
    seen, journal = witness(used), _journal(interrupted)
    content = journal.read_bytes()
    moved = interrupted.rename(tmp_path / "moved.db")
    for command in (("jobs",), ("worker", "--once"), ("doctor",)):
        program = programs.start("--db", interrupted, *command)
        assert f"{journal} belongs to a database that was moved" in _say(program)
        assert program.code == TOLD
        assert journal.read_bytes() == content
        assert not interrupted.exists()
    journal.rename(_journal(moved))
    must_complete(moved, seen)
    assert programs.start("--db", interrupted, "jobs").wait() == DONE
    figures.fault("a journal that was left behind")


def test_a_file_that_is_removed_while_a_worker_runs_is_not_made_anew(
    tmp_path: Path, programs: Programs
) -> None:
    path = tmp_path / "jobs.db"
    plant(path, speed="300")
    program = programs.worker(path, hooks=[("hurry", {})])
    while not state(path).fence:
        continue
    path.unlink()
    program.signal(15)
    assert program.wait() in (DONE, TOLD)
    assert "Traceback" not in program.said
    assert not path.exists()


def test_a_file_that_is_moved_under_a_worker_and_put_back_goes_on(
    tmp_path: Path, programs: Programs, must_complete: MustComplete, figures: Figures
) -> None:
    path = tmp_path / "jobs.db"
    plant(path, **LONG)
    program = programs.worker(path, hooks=[("hurry", {})])
    eventually(lambda: state(path).step >= 1, "a step")
    aside = path.rename(tmp_path / "aside.db")
    time.sleep(0.5)
    step = state(aside).step
    time.sleep(0.5)
    assert state(aside).step == step, "nothing is written to what is not there"
    assert not path.exists()
    aside.rename(path)
    eventually(lambda: state(path).step > step, "more steps")
    program.signal(15)
    assert program.wait() == DONE, program.said
    assert "Traceback" not in program.said
    figures.fault("a file that is moved under a worker")
    must_complete(path)
