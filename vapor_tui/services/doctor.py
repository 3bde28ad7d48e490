"""Examines an installation and says, for each finding, what to do."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sqlite3
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from vapor_tui import __version__, paths
from vapor_tui.domain.catalogue import CatalogueError
from vapor_tui.domain.formats import file_size
from vapor_tui.log import log_file
from vapor_tui.processes import is_provably_gone
from vapor_tui.runners import ENGINES
from vapor_tui.services.catalogue import load_catalogue
from vapor_tui.services.filesystems import NETWORK, file_system, mount_table
from vapor_tui.storage import workers
from vapor_tui.storage.errors import StorageError
from vapor_tui.storage.examine import Examination, examine, read_only
from vapor_tui.storage.schema import SCHEMA_VERSION, left_behind, left_behind_sentence
from vapor_tui.storage.waiting import waiting

LEAST_FREE_BYTES = 200 * 1024 * 1024
SMALLEST_TERMINAL = (60, 18)
_RESTORE = (
    "Move it away, together with its -journal file if there is one; then restore a copy (a .backup "
    "file may lie beside it), or choose another with --db"
)
_NAMED = 10
"""So many jobs are named by their numbers."""
_LIBRARIES = ("textual", "sqlmodel", "sqlalchemy", "numpy", "plotext")


class Level(StrEnum):
    """How a finding is to be taken."""

    FINE = "fine"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was examined."""

    level: Level
    what: str
    found: str
    fix: str = ""
    """What to do, in a sentence; empty when all is well."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is not the program's own: replaced in tests."""

    environment: Mapping[str, str]
    mounts: str
    terminal: tuple[int, int]
    """Columns and rows."""
    encoding: str
    free_bytes: int

    @classmethod
    def present(cls, database: Path) -> Surroundings:
        size = shutil.get_terminal_size()
        return cls(
            environment=dict(os.environ),
            mounts=mount_table(),
            terminal=(size.columns, size.lines),
            encoding=(sys.stdout.encoding or "").lower(),
            free_bytes=shutil.disk_usage(_existing(database)).free,
        )


def diagnose(database: Path | None = None, around: Surroundings | None = None) -> list[Finding]:
    """Examine everything; changes nothing, and makes no database where there is none."""
    path = database or paths.default_database()
    around = around or Surroundings.present(path)
    return [
        *_versions(),
        *_catalogue(),
        *_place(path, around),
        *_database(path),
        *_terminal(around),
    ]


def _versions() -> Iterator[Finding]:
    libraries = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _LIBRARIES)
    yield Finding(Level.FINE, "vapor-tui", __version__)
    yield Finding(Level.FINE, "python", f"{platform.python_version()}, {sys.executable}")
    yield Finding(Level.FINE, "libraries", f"sqlite {sqlite3.sqlite_version}, {libraries}")


def _catalogue() -> Iterator[Finding]:
    where = str(paths.config_directory())
    try:
        loaded = load_catalogue()
    except CatalogueError as error:
        yield Finding(Level.PROBLEM, "catalogue", str(error), "Correct that line of the file")
        return
    counts = f"{len(loaded.gpus)} GPUs, {len(loaded.models)} models, {len(loaded.presets)} presets"
    yield Finding(Level.FINE, "catalogue", f"{counts}; your own entries go into {where}")


def _place(path: Path, around: Surroundings) -> Iterator[Finding]:
    yield Finding(Level.FINE, "log", str(log_file()))
    kind = file_system(path, around.mounts)
    if kind in NETWORK:
        yield Finding(
            Level.PROBLEM,
            "file system",
            f"{path} lies on {kind}, a network file system: locks cannot be trusted there",
            "Choose a local disk with --db PATH or VAPOR_TUI_DB",
        )
    else:
        yield Finding(Level.FINE, "file system", kind or "unknown")
    free = file_size(around.free_bytes)
    if around.free_bytes < LEAST_FREE_BYTES:
        yield Finding(
            Level.PROBLEM, "disk space", f"only {free} free beside {path}", "Free some space"
        )
    else:
        yield Finding(Level.FINE, "disk space", f"{free} free")


def _database(path: Path) -> Iterator[Finding]:
    if (left := left_behind(path)) is not None:
        yield Finding(Level.PROBLEM, "database", f"{path} is not there", left_behind_sentence(left))
        return
    if not path.exists():
        yield Finding(Level.NOTE, "database", f"{path} is not there yet", "Any command makes it")
        return
    try:
        found = examine(path)
    except (StorageError, OSError) as error:
        yield Finding(
            Level.PROBLEM,
            "database",
            str(error),
            _RESTORE,
        )
        return
    yield from _soundness(path, found)
    yield from _permissions(path)
    if found.version == SCHEMA_VERSION:
        try:
            yield from _workers(path, found)
        except StorageError as error:
            yield Finding(Level.PROBLEM, "workers", str(error), "Run doctor again afterwards")


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
            f"Close all programs, then: sqlite3 {path} 'PRAGMA journal_mode=DELETE'",
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
            f"sqlite3 {path} .recover | sqlite3 new.db",
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
            f"chmod u+rw {path} and u+rwx {path.parent}",
        )
    elif path == paths.default_database() and mode != 0o600:
        yield Finding(
            Level.NOTE, "permissions", f"{mode:o}, others can read it", f"chmod 600 {path}"
        )
    else:
        yield Finding(Level.FINE, "permissions", f"{mode:o}")


def _workers(path: Path, found: Examination) -> Iterator[Finding]:
    with read_only(path) as connection:
        held = workers.holding(connection, paths.owner())
        waits = waiting(connection, paths.owner(), ENGINES, datetime.now(UTC))
    alive = [worker for worker in held.workers if not is_provably_gone(worker.process)]
    dead = [w for w in held.workers if w not in alive and w.id in held.holders]
    orphaned = [f"held by {len(dead)} workers that are gone"] if dead else []
    if held.orphans:
        numbers = ", ".join(map(str, held.orphans[:_NAMED]))
        orphaned.append(f"held by a worker that is not registered: {numbers}")
    described = ", ".join(f"pid {w.process.pid} on {w.process.hostname}" for w in alive) or "none"
    if orphaned:
        yield Finding(
            Level.PROBLEM,
            "orphaned jobs",
            "; ".join(orphaned),
            "Start any worker, it takes them over: vapor-tui worker --once",
        )
    if waits.foreign:
        yield Finding(
            Level.NOTE,
            "engines",
            f"{waits.foreign} queued jobs have an engine that this version doesn't run",
            "Start a worker of the version that made them, or cancel them",
        )
    if found.active_jobs > waits.foreign and not alive:
        yield Finding(
            Level.NOTE,
            "workers",
            f"none, and {found.active_jobs} jobs wait",
            "Start one: vapor-tui worker, or open the app",
        )
    else:
        yield Finding(Level.FINE, "workers", described)


def _terminal(around: Surroundings) -> Iterator[Finding]:
    columns, rows = around.terminal
    term = around.environment.get("TERM", "")
    colours = around.environment.get("COLORTERM") or "no COLORTERM"
    can_draw = term not in ("", "dumb")
    yield Finding(
        Level.FINE if can_draw else Level.NOTE,
        "terminal",
        f"{term or 'unknown'}, {columns} x {rows}, {colours}",
        "" if can_draw else "The screens need a terminal that can move the cursor",
    )
    if columns < SMALLEST_TERMINAL[0] or rows < SMALLEST_TERMINAL[1]:
        yield Finding(
            Level.NOTE,
            "size",
            f"{columns} x {rows}",
            f"Make it {SMALLEST_TERMINAL[0]} x {SMALLEST_TERMINAL[1]} or larger",
        )
    if "utf" not in around.encoding:
        yield Finding(
            Level.NOTE,
            "encoding",
            around.encoding or "unknown",
            "Set LC_ALL=C.UTF-8 to see every character",
        )


def _existing(path: Path) -> Path:
    """Return the nearest folder above a path that exists."""
    return next(parent for parent in (path, *path.absolute().parents) if parent.exists())
