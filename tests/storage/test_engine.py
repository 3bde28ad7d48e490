"""Transactions: whole, immediate, patient, and off the event loop."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from vapor_tui.storage import engine
from vapor_tui.storage.engine import Database, open_database
from vapor_tui.storage.errors import (
    StorageBusyError,
    StorageDamagedError,
    StorageMovedError,
    StorageNewerError,
    StorageReadOnlyError,
)
from vapor_tui.storage.marks import SCHEMA_VERSION


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path / "test.db")
    opened.write(lambda connection: connection.exec_driver_sql("CREATE TABLE t (n INTEGER)"))
    opened.write(lambda connection: connection.exec_driver_sql("INSERT INTO t VALUES (0)"))
    yield opened
    opened.close()


def _read(connection: Connection) -> int:
    return int(connection.exec_driver_sql("SELECT n FROM t").scalar_one())


def _increment(connection: Connection) -> None:
    value = _read(connection)
    connection.exec_driver_sql("UPDATE t SET n = ?", (value + 1,))


def test_the_journal_keeps_what_was_acknowledged(database: Database) -> None:
    def pragmas(connection: Connection) -> tuple[object, ...]:
        return tuple(
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        )

    assert database.read(pragmas) == ("delete", 3, 1, 250)


def test_no_read_modify_write_is_lost(database: Database) -> None:
    def work() -> None:
        for _ in range(50):
            database.write(_increment)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert database.read(_read) == 200


def test_a_change_that_fails_leaves_nothing(database: Database) -> None:
    def half(connection: Connection) -> None:
        _increment(connection)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.write(half)

    assert database.read(_read) == 0


def test_a_lock_is_waited_for(database: Database) -> None:
    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        waiting = threading.Thread(target=database.write, args=(_increment,))
        waiting.start()
        time.sleep(0.6)
        other.rollback()
        waiting.join(10)

    assert database.read(_read) == 1


def test_a_lock_that_stays_becomes_a_sentence(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "PATIENCE_SECONDS", 0.3)
    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageBusyError, match="locked by another program"):
            database.write(_increment)


async def test_the_event_loop_stays_free_while_waiting(database: Database) -> None:
    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        writing = asyncio.create_task(database.write_async(_increment))
        longest, last = 0.0, time.monotonic()
        for _ in range(40):
            await asyncio.sleep(0.01)
            now = time.monotonic()
            longest, last = max(longest, now - last), now
        other.rollback()
        await writing

    assert database.read(_read) == 1
    assert longest < 0.2


async def test_nobody_waits_for_a_lock_once_there_is_a_hurry(database: Database) -> None:
    database.hurry()
    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for shared in (database, database.with_patience(30.0)):
            begun = time.monotonic()
            with pytest.raises(StorageBusyError):
                await shared.write_async(_increment)
            with pytest.raises(StorageBusyError):
                shared.write(_increment)
            assert time.monotonic() - begun < 5
        leaving = asyncio.create_task(
            database.with_patience(30.0, hurries=False).write_async(_increment)
        )
        await asyncio.sleep(1.0)
        assert not leaving.done()
        other.rollback()
        await leaving


def test_a_database_that_cannot_be_written_is_a_sentence(database: Database) -> None:
    def refuse(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA query_only=1")
        _increment(connection)

    with pytest.raises(StorageReadOnlyError, match="cannot be written"):
        database.write(refuse)


def test_a_newer_schema_is_not_written_to(database: Database) -> None:
    """As when the program was upgraded while an older one still runs."""
    assert database.read(_read) == 0
    with closing(sqlite3.connect(database.path)) as newer:
        newer.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    with pytest.raises(StorageNewerError, match="written by a newer version"):
        database.write(_increment)
    assert database.read(_read) == 0


def test_what_a_newer_schema_has_renamed_is_not_damage(database: Database) -> None:
    with closing(sqlite3.connect(database.path)) as newer:
        newer.execute("ALTER TABLE t RENAME TO u")
    with pytest.raises(StorageDamagedError):
        database.read(_read)
    with closing(sqlite3.connect(database.path)) as newer:
        newer.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
    with pytest.raises(StorageNewerError):
        database.read(_read)


def test_a_file_that_was_replaced_is_opened_at_the_next_try(
    database: Database, tmp_path: Path
) -> None:
    """Until then SQLite keeps writing to neither of them."""
    aside = tmp_path / "aside.db"
    database.data_version()
    database.write(_increment)
    database.path.rename(aside)
    shutil.copy(aside, database.path)
    with pytest.raises(StorageMovedError, match="was moved or replaced while it was open"):
        database.with_patience(1.0).write(_increment)
    database.write(_increment)
    assert database.read(_read) == 2
    with closing(sqlite3.connect(aside)) as moved:
        assert moved.execute("SELECT n FROM t").fetchone() == (1,)
    version = database.data_version()
    with closing(sqlite3.connect(database.path)) as other:
        other.execute("UPDATE t SET n = 5")
        other.commit()
    assert database.data_version() != version, "the file that is there now is watched"


def test_looking_at_the_file_does_not_drop_the_locks_on_it(database: Database) -> None:
    """POSIX drops a process's locks on a file when any descriptor of it is closed."""
    other = (
        "import sqlite3, sys\n"
        "connection = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)\n"
        "connection.execute('BEGIN IMMEDIATE')\n"
    )
    with closing(engine.connect(database.path)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        before = database.data_version()
        open_database(database.path).close()
        blocked = subprocess.run(
            [sys.executable, "-c", other, str(database.path)], capture_output=True, check=False
        )
        holder.execute("UPDATE t SET n = 7")
        holder.execute("COMMIT")

    assert b"database is locked" in blocked.stderr
    assert database.data_version() != before
    assert database.read(_read) == 7


def test_a_bug_in_a_callback_is_not_taken_for_damage(database: Database) -> None:
    asked: dict[str, Any] = {"__name__": "vapor_tui.services.asked"}  # as if of another package
    exec("def work(connection): return int('many')", asked)
    with pytest.raises(ValueError, match="many"):
        database.read(asked["work"])
