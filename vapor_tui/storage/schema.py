"""Makes a new database, or brings an older one up to date."""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import re
import sqlite3
import stat
import tempfile
import time
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, create_engine

from vapor_tui.folders import locked_folder
from vapor_tui.storage.errors import StorageDamagedError, StorageError, StorageNewerError
from vapor_tui.storage.marks import APPLICATION_ID, SCHEMA_VERSION
from vapor_tui.storage.triggers import TRIGGERS

_NEW = ".new"
_LONG_AGO_SECONDS = 3600.0
"""Nobody takes so long to make a database."""
COMPANIONS = ("-journal", "-wal", "-shm")
"""Endings of the files that SQLite keeps beside a database while it is written."""


def ensure(path: Path) -> None:
    """Make sure that a database of the present schema stands at this path.

    Raises StorageError for a file that is not ours or newer, sqlite3.Error and OSError as they
    come. A new database appears whole or not at all.
    """
    path = Path(os.path.realpath(path))  # a link may point to what is still to be made
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # SQLite would take it for the new one's, and undo there what was written elsewhere.
        if (left := left_behind(path)) is not None:
            raise StorageError(left_behind_sentence(left))
        if not path.exists():
            _create(path)
            return
    version = file_version(path)
    if version < SCHEMA_VERSION:
        from vapor_tui.storage.upgrade import upgrade  # alembic is slow to import

        upgrade(path)


def left_behind(path: Path) -> Path | None:
    """Return what SQLite has kept beside a database that is not at its place any more."""
    companions = (path.with_name(path.name + ending) for ending in COMPANIONS)
    found = next((file for file in companions if os.path.lexists(file)), None)
    # Looked for again: another process may just have made the database, and be writing to it.
    return None if found is None or os.path.exists(path) else found


def left_behind_sentence(left: Path) -> str:
    """Return what is said of a journal that lies where a new database would be made."""
    return (
        f"{left} belongs to a database that was moved or removed without it, and holds what that "
        "one needs to be sound again. Don't delete it: move it along, to lie beside that "
        "database under its name, or choose another file with --db"
    )


def file_version(path: Path) -> int:
    """Return the schema version of a file that is ours and not newer than this program.

    Raises StorageDamagedError and StorageNewerError for any other file, which is not touched,
    sqlite3.Error for one that is locked, OSError for one that cannot be read. Asks SQLite and
    never reads the file itself: closing it would drop the locks that this process holds on it.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(path))
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "it is not a file", str(path))
    if path.stat().st_size == 0:
        raise StorageDamagedError(
            f"{path} is empty, not a database. Remove it, or choose another file with --db"
        )
    # Taken as immutable, a file of another program is neither locked nor touched. What an
    # interrupted write has left of one of ours may be unreadable, or name a version that its
    # journal takes back: SQLite mends that when it opens it for writing.
    with contextlib.suppress(sqlite3.DatabaseError):
        _checked(path, "mode=ro&immutable=1")
    return _checked(path, "mode=rw")


def _checked(path: Path, mode: str) -> int:
    """Return the schema version of a file; raises StorageError for one that is not to be used."""
    application_id, version = _marks(path, mode)
    if application_id != APPLICATION_ID:
        raise StorageDamagedError(
            f"{path} is a database of another program. Choose another file with --db"
        )
    refuse_newer(path, version)
    return version


def refuse_newer(path: Path, version: int) -> None:
    """Raise StorageNewerError for a schema that this program does not know."""
    if version > SCHEMA_VERSION:
        raise StorageNewerError(
            f"{path} was written by a newer version of vapor-tui (schema {version}, this one "
            f"knows {SCHEMA_VERSION}). Upgrade the program, or choose another file with --db"
        )


def _marks(path: Path, mode: str) -> tuple[int, int]:
    """Return a file's application id and user version."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True)) as connection:
        try:
            [application_id] = connection.execute("PRAGMA application_id").fetchone()
            [version] = connection.execute("PRAGMA user_version").fetchone()
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_NOTADB:
                raise
            raise StorageDamagedError(
                f"{path} is not an SQLite database. Choose another file with --db"
            ) from error
    return int(application_id), int(version)


def _create(path: Path) -> None:
    """Build a database under a temporary name and link it into place."""
    for leftover in leftovers(path):
        with contextlib.suppress(OSError):
            leftover.unlink()
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=_NEW, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        build(temporary)
        try:
            os.link(temporary, path)
        except FileExistsError:
            return  # another process was faster, and its database is as good
        except OSError:
            _rename(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _rename(temporary: Path, path: Path) -> None:
    """Put a new database into place on a file system without hard links.

    A name that is taken would be taken over there: creators keep each other out.
    """
    with locked_folder(path.parent), contextlib.suppress(FileExistsError):
        # Windows locks no folder, but does not rename over what is there either.
        if not path.exists():
            temporary.rename(path)


def leftovers(path: Path) -> list[Path]:
    """Return what is left of attempts to make this database that were killed long ago."""
    pattern = f".{glob.escape(path.name)}.*{_NEW}*"
    found = []
    for file in sorted(path.parent.glob(pattern)):
        with contextlib.suppress(OSError):
            if time.time() - file.lstat().st_mtime > _LONG_AGO_SECONDS:
                found.append(file)
    return found


def build(path: Path) -> None:
    """Write the present schema into an empty file."""
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(path))
    try:
        with engine.begin() as connection:
            _lay_out(connection)
            connection.exec_driver_sql(
                "INSERT INTO alembic_version VALUES (?)", (f"{SCHEMA_VERSION:04}",)
            )
            connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
            connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA_VERSION}")
    finally:
        engine.dispose()


def definitions(connection: Connection) -> dict[str, list[str]]:
    """Return the parts of every definition of a database, by its name.

    In no order, since a table that a migration has built anew may list its columns otherwise.
    """
    rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {name: sorted(re.sub(r'[\s"]+', "", sql).split(",")) for name, sql in rows}


def present_definitions() -> dict[str, list[str]]:
    """Return the definitions of a database of the present schema."""
    engine = create_engine("sqlite://")
    try:
        with engine.begin() as connection:
            _lay_out(connection)
            return definitions(connection)
    finally:
        engine.dispose()


def _lay_out(connection: Connection) -> None:
    """Make the tables and the rules."""
    from vapor_tui.storage.tables import Table

    Table.metadata.create_all(connection)
    for statement in TRIGGERS:
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
        "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
