"""A new database and one that went through every migration are the same."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from vapor_tui.storage import schema, upgrade
from vapor_tui.storage.engine import open_database
from vapor_tui.storage.errors import StorageDamagedError, StorageError, StorageNewerError


def _objects(path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {name: re.sub(r"[\s\"]+", "", sql) for name, sql in rows}


def _pragma(path: Path, name: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def test_migrations_lead_to_the_schema_that_a_new_database_gets(tmp_path: Path) -> None:
    schema.build(tmp_path / "new.db")
    engine = create_engine(f"sqlite:///{tmp_path / 'migrated.db'}")
    with engine.begin() as connection:
        upgrade.migrate(connection)
    engine.dispose()

    assert _objects(tmp_path / "migrated.db") == _objects(tmp_path / "new.db")
    assert _pragma(tmp_path / "migrated.db", "user_version") == schema.SCHEMA_VERSION


def test_a_new_database_is_ours_and_sound(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "new.db"
    open_database(path).close()

    assert _pragma(path, "application_id") == schema.APPLICATION_ID
    assert _pragma(path, "user_version") == schema.SCHEMA_VERSION
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert [p.name for p in path.parent.iterdir()] == ["new.db"]


def test_every_constraint_has_a_name(tmp_path: Path) -> None:
    schema.build(tmp_path / "new.db")
    with closing(sqlite3.connect(tmp_path / "new.db")) as connection:
        tables = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
        for name, sql in tables:
            for line in sql.splitlines():
                if re.search(r"\b(CHECK|FOREIGN KEY|UNIQUE)\b", line):
                    assert "CONSTRAINT" in line, f"{name}: {line}"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"name,loss\n1,2\n" * 20, "not an SQLite database"),
        (b"SQLite format 3\x00", "not an SQLite database"),
    ],
)
def test_a_file_of_another_kind_is_refused_and_left_alone(
    tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "foreign.db"
    path.write_bytes(content)

    with pytest.raises(StorageDamagedError, match=message):
        open_database(path)

    assert path.read_bytes() == content


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "foreign.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()

    with pytest.raises(StorageDamagedError, match="another program"):
        open_database(path)

    assert path.read_bytes() == before


def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "newer.db"
    open_database(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version={schema.SCHEMA_VERSION + 1}")
    before = path.read_bytes()

    with pytest.raises(StorageNewerError, match="newer version"):
        open_database(path)

    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="Cannot open"):
        open_database(tmp_path / "file" / "new.db")


def test_a_folder_in_place_of_the_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="Cannot open the database"):
        open_database(tmp_path)
