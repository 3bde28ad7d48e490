"""Brings a database of an older schema up to date, after a backup copy of it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import alembic.command
import alembic.config
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import OperationalError

from vapor_tui.storage.errors import StorageDamagedError
from vapor_tui.storage.marks import SCHEMA_VERSION

_BUSY_SECONDS = 30.0


def backup_path(path: Path, version: int) -> Path:
    """Return where the copy of a database of that version is kept."""
    return path.with_name(f"{path.name}.v{version}.backup")


def upgrade(path: Path) -> None:
    """Copy a database aside, then run the migrations it lacks, all in one transaction.

    Raises StorageDamagedError when rows break a foreign key afterwards; then nothing is changed.
    """
    engine = create_engine("sqlite://", creator=lambda: _connect(path))
    event.listen(engine, "begin", lambda begun: begun.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with engine.begin() as connection:
            # Another process may have been faster while this one waited for the lock.
            version = _version(connection)
            if version < SCHEMA_VERSION:
                _check_revision(connection, path, version)
                # Under the lock: the copy is of that version, and only one process makes it.
                _back_up(path, backup_path(path, version))
                migrate(connection)
    finally:
        engine.dispose()


def migrate(connection: Connection, target: str = "head") -> None:
    """Run the migrations that a database lacks, inside the caller's transaction."""
    config = alembic.config.Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    alembic.command.upgrade(config, target)
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise StorageDamagedError(
            f"{len(broken)} rows of the database refer to rows that are not there; "
            "it was left as it is"
        )
    connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION}")


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
    # Rebuilding a table drops it: with foreign keys on, that would delete what refers to it.
    connection.execute("PRAGMA foreign_keys=OFF")
    connection.execute("PRAGMA synchronous=EXTRA")
    return connection


def _version(connection: Connection) -> int:
    return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())


def _check_revision(connection: Connection, path: Path, version: int) -> None:
    """Raise StorageDamagedError where the migrations would not know where to go on."""
    try:
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").fetchall()
    except OperationalError as error:
        if "no such table" not in str(error):
            raise
        found = []
    if [tuple(row) for row in found] != [(f"{version:04}",)]:
        raise StorageDamagedError(
            f"{path} cannot be upgraded: the note in it of the migrations it went through is "
            f"missing or unknown (schema {version}). It was left as it is: restore a copy, or "
            "choose another file with --db"
        )


def _back_up(path: Path, copy: Path) -> None:
    """Copy a database through SQLite's own backup, which sees a consistent state."""
    unfinished = copy.with_name(copy.name + ".new")
    unfinished.unlink(missing_ok=True)
    try:
        with (
            closing(sqlite3.connect(path, timeout=_BUSY_SECONDS)) as source,
            closing(sqlite3.connect(unfinished)) as target,
        ):
            unfinished.chmod(0o600)
            source.backup(target)
        os.replace(unfinished, copy)
    finally:
        unfinished.unlink(missing_ok=True)
