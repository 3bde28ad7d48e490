"""A new database and one that went through every migration are the same."""

import contextlib
import errno
import os
import re
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from vapor_tui.domain.job_pages import JobFilter
from vapor_tui.storage import schema, upgrade
from vapor_tui.storage.engine import open_database
from vapor_tui.storage.errors import StorageDamagedError, StorageError, StorageNewerError
from vapor_tui.storage.events import history
from vapor_tui.storage.jobs import job_page
from vapor_tui.storage.migrations import versions


def _objects(path: Path) -> dict[str, list[str]]:
    """Return the parts of every definition, in no order: a rebuilt table may list them anew."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {name: sorted(re.sub(r'[\s"]+', "", sql).split(",")) for name, sql in rows}


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


def test_the_schema_has_the_number_of_its_newest_migration(tmp_path: Path) -> None:
    names = [path.name for path in Path(versions.__file__).parent.glob("[0-9]*.py")]
    assert max(names)[:4] == f"{schema.SCHEMA_VERSION:04}"
    assert len(names) == schema.SCHEMA_VERSION
    schema.build(tmp_path / "new.db")
    with closing(sqlite3.connect(tmp_path / "new.db")) as connection:
        [noted] = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    assert noted == (f"{schema.SCHEMA_VERSION:04}",)


def test_a_new_database_is_ours_and_sound(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "new.db"
    open_database(path).close()

    assert _pragma(path, "application_id") == schema.APPLICATION_ID
    assert _pragma(path, "user_version") == schema.SCHEMA_VERSION
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert [p.name for p in path.parent.iterdir()] == ["new.db"]


@pytest.mark.parametrize("ending", schema.COMPANIONS)
def test_what_an_earlier_database_left_behind_is_not_taken_for_a_new_ones(
    tmp_path: Path, ending: str
) -> None:
    path, left = tmp_path / "new.db", tmp_path / f"new.db{ending}"
    left.write_bytes(b"what was last written")
    with pytest.raises(StorageError, match=rf"{left} belongs to a database that was moved"):
        open_database(path)
    assert [file.name for file in tmp_path.iterdir()] == [left.name]


def _without_links(_source: object, _target: object) -> None:
    raise PermissionError(errno.EPERM, "Operation not permitted")


def test_a_file_system_without_hard_links_gets_a_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", _without_links)
    open_database(tmp_path / "new.db").close()
    assert [file.name for file in tmp_path.iterdir()] == ["new.db"]


def test_without_hard_links_the_faster_one_of_two_creators_keeps_its_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slower one has looked, and would have put its own in the place of the other's."""
    path, barrier = tmp_path / "new.db", threading.Barrier(2)
    rename, renamed = Path.rename, []

    def slowly(source: Path, target: Path) -> Path:
        with contextlib.suppress(threading.BrokenBarrierError):
            barrier.wait(0.5)
        renamed.append(source)
        return rename(source, target)

    monkeypatch.setattr(os, "link", _without_links)
    monkeypatch.setattr(Path, "rename", slowly)
    threads = [threading.Thread(target=schema.ensure, args=(path,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(renamed) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["new.db"]


def test_what_a_killed_creator_left_is_removed_by_a_later_one(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    old, journal, fresh, other = (
        tmp_path / name
        for name in (".new.db.a1.new", ".new.db.a1.new-journal", ".new.db.b2.new", ".old.db.c3.new")
    )
    for file in (old, journal, fresh, other):
        file.touch()
    for file in (old, journal, other):
        os.utime(file, (0, 0))
    assert schema.leftovers(path) == [old, journal]
    open_database(path).close()
    assert set(tmp_path.iterdir()) == {path, fresh, other}


def test_a_journal_beside_its_database_was_not_left_behind(tmp_path: Path) -> None:
    """As when another process has made the database a moment ago and writes to it."""
    path = tmp_path / "new.db"
    path.with_name("new.db-journal").touch()
    path.touch()
    assert schema.left_behind(path) is None


def test_every_constraint_has_a_name(tmp_path: Path) -> None:
    schema.build(tmp_path / "new.db")
    with closing(sqlite3.connect(tmp_path / "new.db")) as connection:
        tables = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
        for name, sql in tables:
            for line in sql.splitlines():
                if re.search(r"\b(CHECK|FOREIGN KEY|UNIQUE)\b", line):
                    assert "CONSTRAINT" in line, f"{name}: {line}"


def test_an_upgrade_keeps_every_row_and_makes_a_copy_first(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    _build_first_version(path)

    database = open_database(path)
    page = database.read(job_page, "ada", JobFilter())
    rows = database.read(lambda c: c.exec_driver_sql("SELECT * FROM training_metrics").fetchall())
    events = database.read(history, 1)
    database.close()

    assert [(job.id, job.name, job.status) for job in page.jobs] == [(1, "old-job", "queued")]
    assert len(rows) == 3
    assert [event.after for event in events] == ["queued"]
    assert _pragma(path, "user_version") == schema.SCHEMA_VERSION
    copy = upgrade.backup_path(path, 1)
    assert _pragma(copy, "user_version") == 1
    schema.build(tmp_path / "new.db")
    assert _objects(path) == _objects(tmp_path / "new.db")


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE alembic_version SET version_num = 'f00d'",
        "UPDATE alembic_version SET version_num = '0003'",
        "DELETE FROM alembic_version",
        "INSERT INTO alembic_version VALUES ('0002')",
        "DROP TABLE alembic_version",
    ],
)
def test_a_database_whose_migrations_are_unknown_is_left_as_it_is(
    tmp_path: Path, spoil: str
) -> None:
    path = tmp_path / "old.db"
    _build_first_version(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(spoil)
    before = path.read_bytes()
    with pytest.raises(StorageDamagedError, match="cannot be upgraded"):
        open_database(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["old.db"]


def test_an_upgrade_keeps_what_people_were_told(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    _build_first_version(path)
    told = (7, "ada", "job_queued", "Queued", "m", "low", 0, 1, "{}", "2026-01-01 00:00:00.000000")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"INSERT INTO notifications VALUES ({', '.join('?' * 10)})", told)

    open_database(path).close()

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT * FROM notifications").fetchall() == [told]
        assert connection.execute("SELECT * FROM event_deliveries").fetchall() == []


def test_an_upgrade_does_not_give_numbers_out_again(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    _build_first_version(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE sqlite_sequence SET seq = 41 WHERE name = 'training_jobs'")

    open_database(path).close()

    with closing(sqlite3.connect(path)) as connection:
        sequence = dict(connection.execute("SELECT name, seq FROM sqlite_sequence"))
    assert sequence["training_jobs"] == 41


def test_an_upgrade_that_fails_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "old.db"
    _build_first_version(path)
    before = _objects(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE training_jobs SET dataset_id = 99")

    with pytest.raises(StorageDamagedError, match="refer to rows that are not there"):
        open_database(path)

    assert _objects(path) == before
    assert _pragma(path, "user_version") == 1


def test_jobs_can_follow_a_run_after_an_upgrade(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    _build_first_version(path)
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(path))
    with engine.begin() as connection:
        upgrade.migrate(connection, "0003")
        connection.exec_driver_sql("PRAGMA user_version=3")
    engine.dispose()

    open_database(path).close()

    assert _pragma(upgrade.backup_path(path, 3), "user_version") == 3
    with closing(sqlite3.connect(path)) as connection, connection:
        [row] = connection.execute("SELECT name, source_state, run_settings FROM training_jobs")
        assert row == ("old-job", None, None)
        connection.execute("UPDATE training_jobs SET engine = 'external', placement = 'attached'")
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            connection.execute("DELETE FROM job_events")


def _build_first_version(path: Path) -> None:
    """Make a database as the first migration left it, with a job, its history and metrics."""
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(path))
    with engine.begin() as connection:
        upgrade.migrate(connection, "0001")
        connection.exec_driver_sql(f"PRAGMA application_id={schema.APPLICATION_ID}")
        connection.exec_driver_sql("PRAGMA user_version=1")
        now = "2026-01-01 00:00:00.000000"
        job = {
            "id": 1,
            "owner": "ada",
            "name": "old-job",
            "engine": "simulator",
            "placement": "inline",
            "status": "queued",
            "desired": "run",
            "current_stage": "queued",
            "current_metrics": "{}",
            "queued_at": now,
            "created_at": now,
            "updated_at": now,
            "notes": "",
            "tags": "[]",
            **dict.fromkeys(("stage_seconds", "progress", "current_cost"), 0.0),
            **dict.fromkeys(
                (
                    "current_epoch",
                    "total_epochs",
                    "current_step",
                    "total_steps",
                    "retry_count",
                    "barren_claims",
                    "seed",
                    "data_seed",
                    "fence",
                    "source_offset",
                ),
                0,
            ),
        }
        marks = ", ".join(f":{name}" for name in job)
        connection.execute(
            text(f"INSERT INTO training_jobs ({', '.join(job)}) VALUES ({marks})"), job
        )
        connection.exec_driver_sql(
            'INSERT INTO job_events (job_id, what, "to", who, at, fence, note) '
            "VALUES (1, 'status', 'queued', 'ada', ?, 0, '')",
            (now,),
        )
        for step in (1, 2, 3):
            connection.exec_driver_sql(
                "INSERT INTO training_metrics (job_id, step, epoch, created_at) "
                "VALUES (1, ?, 0.1, 0)",
                (step,),
            )
    engine.dispose()


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
