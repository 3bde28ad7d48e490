"""Examines an installation and says, for each finding, what to do."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from vapor_tui import __version__, paths
from vapor_tui.domain.catalogue import CatalogueError
from vapor_tui.domain.formats import file_size
from vapor_tui.log import log_file
from vapor_tui.services.catalogue import load_catalogue
from vapor_tui.services.doctor_database import database_findings, existing
from vapor_tui.services.filesystems import NETWORK, file_system, mount_table
from vapor_tui.services.findings import Finding, Level, trouble
from vapor_tui.telemetry import gpus_in_words

LEAST_FREE_BYTES = 200 * 1024 * 1024
SMALLEST_TERMINAL = (60, 18)
_LIBRARIES = ("textual", "sqlmodel", "sqlalchemy", "numpy", "plotext")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is not the program's own: replaced in tests."""

    environment: Mapping[str, str]
    mounts: str
    terminal: tuple[int, int]
    """Columns and rows."""
    encoding: str
    free_bytes: int | None
    """None where the system does not tell."""
    gpus: str
    """Whether the load of GPUs can be read, in a sentence."""

    @classmethod
    def present(cls, database: Path) -> Surroundings:
        """Return what surrounds this process now; `database` need not exist."""
        size = shutil.get_terminal_size()
        return cls(
            environment=dict(os.environ),
            mounts=mount_table(),
            terminal=(size.columns, size.lines),
            encoding=(sys.stdout.encoding or "").lower(),
            free_bytes=_free_bytes(database),
            gpus=gpus_in_words(),
        )


def diagnose(database: Path | None = None, around: Surroundings | None = None) -> list[Finding]:
    """Examine everything; changes nothing, and makes no database where there is none."""
    path = database or paths.default_database()
    around = around or Surroundings.present(path)
    sections: dict[str, Callable[[], Iterator[Finding]]] = {
        "libraries": _versions,
        "catalogue": _catalogue,
        "place": lambda: _place(path, around),
        "database": lambda: database_findings(path),
        "terminal": lambda: _terminal(around),
        "telemetry": lambda: iter([Finding(Level.FINE, "telemetry", around.gpus)]),
    }
    return [finding for what, section in sections.items() for finding in _guarded(what, section)]


def _guarded(what: str, section: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """Examine one thing; that it cannot be examined is a finding as well."""
    try:
        yield from section()
    except (OSError, RuntimeError) as error:
        yield trouble(what, error, "Make that readable, or choose another file with --db")


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
    if around.free_bytes is None:
        yield Finding(Level.NOTE, "disk space", "unknown", "Look whether the disk is mounted")
        return
    free = file_size(around.free_bytes)
    if around.free_bytes < LEAST_FREE_BYTES:
        yield Finding(
            Level.PROBLEM, "disk space", f"only {free} free beside {path}", "Free some space"
        )
    else:
        yield Finding(Level.FINE, "disk space", f"{free} free")


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


def _free_bytes(path: Path) -> int | None:
    """Return the space beside a path, which need not be there yet."""
    try:
        return shutil.disk_usage(existing(path)).free
    except OSError:
        return None
