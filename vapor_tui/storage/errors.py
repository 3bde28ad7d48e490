"""Turns what SQLite says into a sentence for the person who has to act on it."""

from __future__ import annotations

import re
import sqlite3
import traceback
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError


class StorageError(Exception):
    """The database cannot be used; the message says why and what to do."""

    is_passing: bool = False
    """Whether trying again later can help."""


class StorageBusyError(StorageError):
    """Another program has held the database locked for too long."""

    is_passing = True


class StorageFullError(StorageError):
    """The disk or the quota is full."""

    is_passing = True


class StorageReadOnlyError(StorageError):
    """The file or its folder cannot be written."""

    is_passing = True


class StorageMovedError(StorageError):
    """The file that was opened is not at its place any more."""

    is_passing = True


class StorageDamagedError(StorageError):
    """The file is not a sound database of this program."""


class StorageNewerError(StorageError):
    """The file was written by a newer version of this program."""


def is_locked(error: BaseException) -> bool:
    """Say whether SQLite gave up waiting for another connection's lock."""
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


DATABASE_ERRORS = (DBAPIError, sqlite3.Error, ValueError, TypeError)
"""What a database can answer with. The last two come of values that nobody has written: rows
are validated when they are read, and SQLite's own words may name what is damaged."""


def is_unreadable(error: Exception) -> bool:
    """Say whether a value was read that nobody has written, in a file that is sound otherwise."""
    if isinstance(error, ValidationError):
        return True
    if isinstance(error, TypeError):  # a number where SQLAlchemy expects the text of a moment
        return _modules(error)[-1].startswith("sqlalchemy")
    if isinstance(error, ValueError):
        return not isinstance(error, UnicodeEncodeError) and _was_raised_here(error)
    return "Could not decode to UTF-8" in str(error)


def _was_raised_here(error: ValueError) -> bool:
    """Say whether an error comes of reading rows, and not of what a caller does with them.

    A moment or a JSON text that cannot be read is a plain ValueError: only where it was raised
    tells it from a bug of ours.
    """
    modules = _modules(error)
    # The rules of the domain serve both: who asked them is what counts.
    askers = [
        name
        for name in modules
        if name.startswith("vapor_tui.") and not name.startswith("vapor_tui.domain.")
    ]
    if not askers or askers[-1].startswith("vapor_tui.storage."):
        return True
    return modules[-1].startswith("sqlalchemy")


def _modules(error: Exception) -> list[str]:
    """Return the modules that an error came through, the one that raised it last."""
    walked = traceback.walk_tb(error.__traceback__)
    return [str(frame.f_globals.get("__name__", "")) for frame, _ in walked] or [""]


def translated(error: Exception, path: Path) -> StorageError | None:
    """Return the error as something a person can act on; None when it is a bug of ours."""
    if isinstance(error, UnicodeEncodeError):
        return None
    if is_unreadable(error):
        return _damaged(path)
    if _extended_code(error) == sqlite3.SQLITE_READONLY_DBMOVED:
        return StorageMovedError(
            f"The database {path} was moved or replaced while it was open. What stands at its "
            "place is opened the next time; put the file back if that is not what you want"
        )
    match _code(error):
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StorageBusyError(
                f"The database {path} is locked by another program. "
                "Close what holds it; nothing is lost meanwhile"
            )
        case sqlite3.SQLITE_FULL:
            return StorageFullError(f"The disk that holds {path} is full. Free some space")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return StorageReadOnlyError(
                f"The database {path} cannot be written. "
                "Check the permissions of the file and of its folder"
            )
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return _damaged(path)
        case sqlite3.SQLITE_ERROR if re.search(r"no such |no column named", str(error)):
            return _damaged(path)  # what the schema's version promises is not there
        case sqlite3.SQLITE_IOERR:
            return StorageFullError(
                f"The disk reported an error on {path}. Check the disk and its free space"
            )
        case sqlite3.SQLITE_CANTOPEN:
            return StorageReadOnlyError(
                f"The database {path} cannot be opened. Check that its folder exists "
                "and that you may write there"
            )
        case _:
            return None


def _damaged(path: Path) -> StorageDamagedError:
    return StorageDamagedError(
        f"{path} is damaged or not a database. "
        f"Move it away, together with {path.name}-journal if that is there; then restore a copy, "
        "or start with a new one"
    )


def _code(error: BaseException) -> int | None:
    """Return SQLite's primary result code of an error, wrapped or not."""
    code = _extended_code(error)
    return None if code is None else code & 0xFF


def _extended_code(error: BaseException) -> int | None:
    original = error.orig if isinstance(error, DBAPIError) else error
    return getattr(original, "sqlite_errorcode", None)
