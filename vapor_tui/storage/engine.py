"""Opens the database and runs questions and changes on it, each in one short transaction."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from vapor_tui.storage import schema
from vapor_tui.storage.errors import (
    DATABASE_ERRORS,
    StorageDamagedError,
    StorageError,
    StorageMovedError,
    is_locked,
    translated,
)

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

BUSY_TIMEOUT_SECONDS = 0.25
"""How long SQLite itself waits for a lock, in the thread of the caller."""
PATIENCE_SECONDS = 10.0
"""How long a locked database is tried again before a person is told."""
_PAUSE_SECONDS = 0.05

Question = Callable[Concatenate[Connection, P], T]


class Database:
    """One SQLite file. Every call is a whole transaction and may be repeated until it succeeds.

    Functions passed in take a Connection first and must not touch anything but the database,
    since a lock can make them run again. Raises StorageError for what a person can mend.
    """

    def __init__(self, path: Path, engine: Engine, patience: float | None = None) -> None:
        self.path = path
        self._engine = engine
        self._patience = patience
        self._hurry = threading.Event()
        self._watcher = _Watcher(path)

    def with_patience(self, seconds: float, *, hurries: bool = True) -> Database:
        """Return the same database for a caller who gives up on a lock after so long.

        It shares the connections and is not closed by itself. Without `hurries`, the end of the
        program does not make it give up sooner.
        """
        shared = copy.copy(self)
        shared._patience = seconds
        if not hurries:
            shared._hurry = threading.Event()
        return shared

    def read(self, question: Question[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Answer a question from one consistent view of the data; blocks."""
        return self._patiently(False, question, args, kwargs)

    def write(self, change: Question[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Make a change, durable when this returns; blocks."""
        return self._patiently(True, change, args, kwargs)

    async def read_async(self, question: Question[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Answer a question as `read` does, leaving the event loop free."""
        return await self._patiently_async(False, question, args, kwargs)

    async def write_async(self, change: Question[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Make a change as `write` does, leaving the event loop free."""
        return await self._patiently_async(True, change, args, kwargs)

    def data_version(self) -> int | None:
        """Return a number that every commit of any process changes; None while it is locked.

        Far cheaper than a question. The file itself must not be opened for this: closing it
        would drop the locks that SQLite holds on it for this process.
        """
        return self._watcher.version()

    def hurry(self) -> None:
        """Let nobody wait for a lock any longer: the program is about to end."""
        self._hurry.set()

    def close(self) -> None:
        """Close every connection; the next question opens the file anew."""
        self._watcher.close()
        self._engine.dispose()

    def _patiently(self, writes: bool, work: Callable[..., T], args: Any, kwargs: Any) -> T:
        deadline = self._deadline()
        while True:
            try:
                return self._once(writes, work, args, kwargs)
            except DATABASE_ERRORS as error:
                self._give_up_unless_locked(error, deadline)
            if self._hurry.wait(_PAUSE_SECONDS):
                deadline = 0.0

    async def _patiently_async(
        self, writes: bool, work: Callable[..., T], args: Any, kwargs: Any
    ) -> T:
        deadline = self._deadline()
        while True:
            try:
                return await asyncio.to_thread(self._once, writes, work, args, kwargs)
            except DATABASE_ERRORS as error:
                self._give_up_unless_locked(error, deadline)
            await asyncio.sleep(_PAUSE_SECONDS)
            if self._hurry.is_set():
                deadline = 0.0

    def _once(self, writes: bool, work: Callable[..., T], args: Any, kwargs: Any) -> T:
        with self._engine.connect() as connection:
            connection.execution_options(vapor_writes=writes)
            with connection.begin():
                if writes:
                    # A newer program may have upgraded the file since it was opened.
                    version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
                    schema.refuse_newer(self.path, version)
                return work(connection, *args, **kwargs)

    def _deadline(self) -> float:
        patience = PATIENCE_SECONDS if self._patience is None else self._patience
        return time.monotonic() + patience

    def _give_up_unless_locked(self, error: Exception, deadline: float) -> None:
        if is_locked(error) and time.monotonic() < deadline:
            return
        readable = translated(error, self.path)
        if readable is None:
            raise error
        if isinstance(readable, StorageMovedError):
            self.close()
        if isinstance(readable, StorageDamagedError):
            # What is missing may have been renamed by a newer program.
            with contextlib.suppress(*DATABASE_ERRORS, StorageDamagedError, OSError):
                schema.file_version(self.path)
        if isinstance(error, ValueError):
            log.warning("a value of the database cannot be read", exc_info=error)
        raise readable from error


class _Watcher:
    """A connection that asks nothing but whether there were commits."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._opened = 0
        self._lock = threading.Lock()

    def version(self) -> int | None:
        with self._lock:
            try:
                if self._connection is None:
                    self._connection = connect(self._path)
                    self._opened += 1
                [version] = self._connection.execute("PRAGMA data_version").fetchone()
            except sqlite3.Error:
                # Whoever asks goes on to read, and is told there what is wrong.
                return None
            # Each connection counts from the beginning, perhaps on another file.
            return (self._opened << 32) + int(version)

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None


def open_database(path: Path) -> Database:
    """Open the database, making or upgrading it first where needed.

    Raises StorageError when the file is locked, damaged, newer than the program, foreign, or
    when its folder cannot be written; such a file is left as it is.
    """
    try:
        schema.ensure(path)
    except DATABASE_ERRORS as error:
        readable = translated(error, path)
        if readable is None:
            raise
        raise readable from error
    except OSError as error:
        raise StorageError(f"Cannot open the database {path}: {error.strerror}") from error
    return Database(path, _engine(path))


def _engine(path: Path) -> Engine:
    engine = create_engine(
        "sqlite://",
        creator=lambda: connect(path),
        pool_size=4,
        max_overflow=8,
        poolclass=QueuePool,
    )
    event.listen(engine, "begin", _begin)
    return engine


def connect(path: Path) -> sqlite3.Connection:
    """Open a driver connection with the settings that the whole program relies on."""
    connection = sqlite3.connect(
        # Without "rw", a file that somebody has removed would be made anew, and empty.
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=BUSY_TIMEOUT_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    # A rollback journal with EXTRA keeps every acknowledged commit through a power cut, and is
    # sound where WAL is not (network file systems, several connections at a reset).
    try:
        for pragma in ("journal_mode=DELETE", "synchronous=EXTRA", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def _begin(connection: Connection) -> None:
    """Begin for real: the driver would wait with it until the first write."""
    writes = connection.get_execution_options().get("vapor_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
