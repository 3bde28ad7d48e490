"""Examines the database for `doctor`, without changing it."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from vapor_tui import paths
from vapor_tui.domain.formats import file_size, several
from vapor_tui.processes import is_provably_gone
from vapor_tui.runners import ENGINES
from vapor_tui.services.findings import Finding, Level, trouble
from vapor_tui.storage import workers
from vapor_tui.storage.errors import StorageBusyError, StorageError, StorageReadOnlyError
from vapor_tui.storage.examine import Examination, examine, read_only
from vapor_tui.storage.jobs import unreadable_jobs
from vapor_tui.storage.marks import SCHEMA_VERSION
from vapor_tui.storage.schema import left_behind, left_behind_sentence, leftovers
from vapor_tui.storage.waiting import waiting

_ANOTHER = "Choose another file with --db"
_RESTORE = (
    "Move it away, together with its -journal file if there is one; then restore a copy (a .backup "
    "file may lie beside it), or choose another with --db"
)
_AGAIN = "Run doctor again afterwards"
_NAMED = 10
"""So many jobs are named by their numbers."""


def database_findings(path: Path) -> Iterator[Finding]:
    """Examine a database file; raises OSError and RuntimeError where it cannot be reached."""
    try:
        path.stat()
    except FileNotFoundError:
        yield _absence(path)
        return
    except PermissionError:
        yield Finding(
            Level.PROBLEM,
            "database",
            f"{path} cannot be reached: a folder on the way may not be entered",
            f"chmod u+rwx {_quoted(existing(path))}, or choose another file with --db",
        )
        return
    except OSError as error:
        yield trouble("database", error, _ANOTHER)
        return
    try:
        found = examine(path)
    except OSError as error:
        yield trouble("database", error, _ANOTHER)
        return
    except StorageError as error:
        yield Finding(Level.PROBLEM, "database", str(error), _fix(path, error))
        return
    yield from _soundness(path, found)
    if old := leftovers(path):
        yield Finding(
            Level.NOTE,
            "leftovers",
            f"{several(len(old), 'file')} of attempts to make the database that were killed",
            f"Remove them: rm {' '.join(map(_quoted, old))}",
        )
    yield from _permissions(path)
    if found.version == SCHEMA_VERSION:
        try:
            yield from _jobs(path, found)
        except StorageError as error:
            yield Finding(Level.PROBLEM, "workers", str(error), _AGAIN)


def existing(path: Path) -> Path:
    """Return the nearest folder above a path that is there and can be seen, or the path."""
    ways = (path.absolute(), *path.absolute().parents)
    return next((way for way in ways if os.path.exists(way)), Path(path.absolute().anchor))


def _absence(path: Path) -> Finding:
    """Say what it means that there is no database."""
    if path.is_symlink():
        path = Path(os.path.realpath(path))
    if (left := left_behind(path)) is not None:
        return Finding(
            Level.PROBLEM, "database", f"{path} is not there", left_behind_sentence(left)
        )
    folder = existing(path)
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        return Finding(
            Level.PROBLEM,
            "database",
            f"{path} is not there yet, and cannot be made in {folder}",
            f"chmod u+rwx {_quoted(folder)}, or choose another file with --db",
        )
    return Finding(Level.NOTE, "database", f"{path} is not there yet", "Any command makes it")


def _fix(path: Path, error: StorageError) -> str:
    match error:
        case StorageReadOnlyError():
            return _writable(path)
        case StorageBusyError():
            return _AGAIN
        case _:
            return _RESTORE


def _writable(path: Path) -> str:
    return f"chmod u+rw {_quoted(path)} && chmod u+rwx {_quoted(path.parent)}"


def _quoted(path: Path) -> str:
    """Return a path as a shell takes it."""
    return shlex.quote(str(path))


def _soundness(path: Path, found: Examination) -> Iterator[Finding]:
    size = file_size(path.stat().st_size)
    yield Finding(Level.FINE, "database", f"{path}, {size}, schema {found.version}")
    if found.version < SCHEMA_VERSION:
        yield Finding(
            Level.NOTE, "schema", "older than this program", "It is upgraded when it is opened"
        )
    if found.journal != "delete":
        yield Finding(
            Level.PROBLEM,
            "journal",
            f"{found.journal} instead of delete",
            f"Close all programs, then: sqlite3 {_quoted(path)} 'PRAGMA journal_mode=DELETE'",
        )
    else:
        yield Finding(Level.FINE, "journal", "rollback, synchronous=EXTRA")
    if found.damage or found.broken_references:
        described = "; ".join(found.damage) or f"{found.broken_references} broken references"
        yield Finding(
            Level.PROBLEM,
            "integrity",
            described,
            f"Copy the file, and {path.name}-journal if that is there; then rescue it: "
            f"sqlite3 {_quoted(path)} .recover | sqlite3 new.db",
        )
    elif found.differences:
        yield Finding(
            Level.PROBLEM,
            "schema",
            f"not as this program makes it: {', '.join(found.differences)}",
            f"Restore a copy, or put back what was changed by hand; the file is {path}",
        )
    else:
        yield Finding(Level.FINE, "integrity", "sound")


def _permissions(path: Path) -> Iterator[Finding]:
    mode = path.stat().st_mode & 0o777
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        yield Finding(
            Level.PROBLEM,
            "permissions",
            f"{path} or its folder cannot be written",
            _writable(path),
        )
    elif sys.platform == "win32":
        # Modes say nothing there about other people, whom the folder's own rights keep out.
        yield Finding(Level.FINE, "permissions", "can be written")
    elif path == paths.default_database() and mode != 0o600:
        yield Finding(
            Level.NOTE, "permissions", f"{mode:o}, others can read it", f"chmod 600 {_quoted(path)}"
        )
    else:
        yield Finding(Level.FINE, "permissions", f"{mode:o}")


def _jobs(path: Path, found: Examination) -> Iterator[Finding]:
    """Say who works, and which jobs nobody can work on."""
    with read_only(path) as connection:
        held = workers.holding(connection, paths.owner())
        waits = waiting(connection, paths.owner(), ENGINES, datetime.now(UTC))
        unreadable = unreadable_jobs(connection, paths.owner())
    if unreadable:
        named = "; ".join(f"job {j.id}: {', '.join(j.unreadable)}" for j in unreadable[:_NAMED])
        yield Finding(
            Level.PROBLEM,
            "rows",
            f"{several(len(unreadable), 'job')} cannot be read as a whole ({named})",
            f"Delete them once they have ended: vapor-tui delete {unreadable[0].id}",
        )
    alive = [worker for worker in held.workers if not is_provably_gone(worker.process)]
    dead = [w for w in held.workers if w not in alive and w.id in held.holders]
    orphaned = [f"held by {several(len(dead), 'worker')} now gone"] if dead else []
    if held.orphans:
        numbers = ", ".join(map(str, held.orphans[:_NAMED]))
        orphaned.append(f"held by a worker that is not registered: {numbers}")
    if orphaned:
        yield Finding(
            Level.PROBLEM,
            "orphaned jobs",
            "; ".join(orphaned),
            "Start any worker, it takes them over: vapor-tui worker --once",
        )
    if waits.foreign:
        have = "has" if waits.foreign == 1 else "have"
        yield Finding(
            Level.NOTE,
            "engines",
            f"{several(waits.foreign, 'queued job')} {have} an engine this version doesn't run",
            "Start a worker of the version that made them, or cancel them",
        )
    yield _who_works(alive, found.active_jobs - waits.foreign)


def _who_works(alive: list[workers.Worker], jobs: int) -> Finding:
    """Say which workers there are, and whether that is enough for the jobs there are."""
    here = [f"pid {w.process.pid} on {w.process.hostname}" for w in alive if w.process.is_here]
    elsewhere = [
        f"pid {w.process.pid} on {w.process.hostname}" for w in alive if not w.process.is_here
    ]
    if not alive and jobs:
        return Finding(
            Level.NOTE,
            "workers",
            f"none, and {_waiting(jobs)}",
            "Start one: vapor-tui worker, or open the app",
        )
    if not elsewhere:
        return Finding(Level.FINE, "workers", ", ".join(here) or "none")
    told = f"{', '.join(elsewhere)} (registered; whether it still runs can't be told from here)"
    if here or not jobs:
        return Finding(Level.FINE, "workers", ", ".join((*here, told)))
    return Finding(
        Level.NOTE,
        "workers",
        f"{told}, and {_waiting(jobs)}",
        "If it is gone, start one here: vapor-tui worker takes the jobs over",
    )


def _waiting(jobs: int) -> str:
    return f"{several(jobs, 'job')} {'waits' if jobs == 1 else 'wait'}"
