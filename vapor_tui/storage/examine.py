"""Looks at a database file without changing it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection, create_engine

from vapor_tui.storage.engine import BUSY_TIMEOUT_SECONDS
from vapor_tui.storage.errors import DATABASE_ERRORS, StorageError, translated
from vapor_tui.storage.marks import SCHEMA_VERSION
from vapor_tui.storage.schema import definitions, file_version, present_definitions

_FINDINGS = 5
_ORPHANED = ("training_jobs", "workers")


@dataclass(frozen=True, slots=True)
class Examination:
    """What was found in a database file."""

    version: int
    journal: str
    damage: tuple[str, ...]
    """What SQLite's integrity check reports, at most a few lines; empty when it is sound."""
    broken_references: int
    """Rows that refer to nothing, without the jobs of workers that are gone: those are released."""
    active_jobs: int
    differences: tuple[str, ...] = ()
    """Where its tables and rules are not those of its version, each with what is wrong."""


def examine(path: Path) -> Examination:
    """Examine a database read-only; raises StorageError when it cannot be read or is not ours."""
    try:
        found = _examine(path, file_version(path))
        if found.damage or found.version != SCHEMA_VERSION:
            return found
        return replace(found, differences=_differences(path))
    except DATABASE_ERRORS as error:
        readable = translated(error, path)
        raise readable or StorageError(f"{path} cannot be examined: {error}") from error


@contextmanager
def read_only(path: Path) -> Iterator[Connection]:
    """Open a database for questions alone; raises StorageError when it cannot be read."""
    uri = f"{path.resolve().as_uri()}?mode=ro"
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_SECONDS),
    )
    try:
        with engine.connect() as connection:
            yield connection
    except DATABASE_ERRORS as error:
        readable = translated(error, path)
        raise readable or StorageError(f"{path} cannot be examined: {error}") from error
    finally:
        engine.dispose()


def _examine(path: Path, version: int) -> Examination:
    # In a file that is opened read-only, SQLite does not look at the rules of the schema.
    uri = f"{path.resolve().as_uri()}?mode=rw"
    with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_SECONDS)) as connection:
        connection.execute("PRAGMA query_only=ON")
        lines = [
            str(row[0])
            for row in connection.execute(f"PRAGMA integrity_check({_FINDINGS})").fetchall()
        ]
        damage = () if lines == ["ok"] else tuple(lines)
        active = broken = 0
        if not damage:  # else the rows themselves may not be readable
            broken = sum(
                (table, parent) != _ORPHANED
                for table, _, parent, _ in connection.execute("PRAGMA foreign_key_check")
            )
            active = _active_jobs(connection) if version == SCHEMA_VERSION else 0
        return Examination(
            version=version,
            journal=str(connection.execute("PRAGMA journal_mode").fetchone()[0]),
            damage=damage,
            broken_references=broken,
            active_jobs=active,
        )


def _differences(path: Path) -> tuple[str, ...]:
    with read_only(path) as connection:
        there = definitions(connection)
    wanted = present_definitions()
    missing = [f"{name} is missing" for name in wanted if name not in there]
    changed = [
        f"{name} is another" for name in wanted if there.get(name, wanted[name]) != wanted[name]
    ]
    return (*missing, *changed)


def _active_jobs(connection: sqlite3.Connection) -> int:
    [number] = connection.execute(
        "SELECT count(*) FROM training_jobs WHERE status IN ('queued', 'initializing', 'running')"
    ).fetchone()
    return int(number)
