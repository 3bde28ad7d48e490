"""Databases as each migration left them, full of rows: all is kept, and the work goes on."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from tests.conftest import OWNER
from vapor_tui import paths
from vapor_tui.cli.app import run as run_program
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.lifecycle import Action, Status
from vapor_tui.domain.results import Ok
from vapor_tui.processes import this_process
from vapor_tui.services.annotations import change_tags, set_note
from vapor_tui.services.attach import attach_run
from vapor_tui.services.datasets import add_dataset, delete_dataset
from vapor_tui.services.jobs import Simulation, apply_action, create_job, get_job
from vapor_tui.services.notifications import mark_read, write_test
from vapor_tui.services.workspace import Workspace, open_workspace
from vapor_tui.simulation import Pace
from vapor_tui.storage import claims, deliveries, schema, upgrade, workers
from vapor_tui.worker.worker import Worker, default_runners

_IS_NOT_ATTACHED = "{} NOT IN (SELECT id FROM present.training_jobs WHERE placement = 'attached')"
Rows = dict[str, list[dict[str, Any]]]

VALUES = "step, epoch, loss, accuracy, learning_rate, grad_norm, eval_loss, tokens_per_second"
WHOLE, PAUSED, TAKEN = 1, 2, 3
"""A job that ran through, the same one paused half-way, and again with its worker killed."""


@pytest.fixture(scope="module")
def present(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of the present schema in which everything has happened that can."""
    folder = tmp_path_factory.mktemp("present")
    workspace = open_workspace(folder / "present.db", owner=OWNER)
    asyncio.run(_live_through(workspace, folder))
    workspace.close()
    return folder / "present.db"


async def _live_through(workspace: Workspace, folder: Path) -> None:
    good, bad, gone = (folder / f"{name}.jsonl" for name in ("good", "bad", "gone"))
    good.write_text('{"prompt": "a question", "completion": "an answer"}\n' * 400)
    bad.write_text("no record\n")
    gone.write_text('{"text": "a text"}\n')
    for file in (good, bad, gone):
        add_dataset(workspace, file)
    names = ("whole", "paused", "taken", "failed", "cancelled", "queued", "deleted", "starting")
    jobs = {name: _create(workspace, name) for name in names}
    await _drive(workspace, jobs["whole"], jobs["failed"])
    change_tags(workspace, jobs["paused"].id, ["first", "käse"], [])
    set_note(workspace, jobs["paused"].id, "a note\nof two lines")
    await _drive(workspace, jobs["paused"], jobs["taken"], until_step=150)
    for action, name in (
        (Action.PAUSE, "paused"),
        (Action.CANCEL, "cancelled"),
        (Action.CANCEL, "deleted"),
        (Action.DELETE, "deleted"),
    ):
        assert isinstance(apply_action(workspace, action, jobs[name].id), Ok)
    log = folder / "run.csv"
    log.write_text("step,loss\n" + "".join(f"{step},{2 / step}\n" for step in range(1, 200)))
    attached = attach_run(workspace, log)
    assert isinstance(attached, Ok)
    await _drive(workspace, attached.value, until_step=199)
    assert isinstance(apply_action(workspace, Action.CANCEL, attached.value.id), Ok)
    mark_read(workspace, [1, 3])
    write_test(workspace)
    workspace.database.write(deliveries.listen, OWNER, 2)
    delete_dataset(workspace, "gone")
    dead = workspace.database.write(
        workers.register, OWNER, replace(this_process(), pid=_dead_pid()), "0.1.0", False
    )
    for name in ("taken", "starting"):
        assert workspace.database.write(claims.claim_job, dead, jobs[name].id)
    with closing(sqlite3.connect(workspace.database.path)) as database, database:
        database.execute("UPDATE training_jobs SET status = 'running' WHERE id = ?", (TAKEN,))


def _create(workspace: Workspace, name: str) -> Job:
    values = {"name": name, "preset": "balanced", "seed": 11, "budget": 50}
    fails = "nan@40" if name == "failed" else None
    simulation = Simulation(speed="max", injection=fails)
    created = create_job(workspace, values, 1, simulation=simulation)
    assert isinstance(created, Ok), created
    return created.value


async def _drive(workspace: Workspace, *jobs: Job, until_step: int | None = None) -> None:
    """Drive some jobs to their ends, or until they have come so far, and hand them back."""
    pace = Pace.parse("max" if until_step is None else "8s")
    worker = Worker(workspace.database, OWNER, claims=False, runners=default_runners(pace))
    worker_id = await worker.register()
    for job in jobs:
        worker.adopt(workspace.database.write(claims.claim_job, worker_id, job.id) or job)
    stop = asyncio.Event()
    working = asyncio.create_task(worker.run(stop, once=True))
    async with asyncio.timeout(60):
        while until_step and any(_job(workspace, job.id).current_step < until_step for job in jobs):
            await asyncio.sleep(0.05)
        if until_step:
            stop.set()
        await working


def _job(workspace: Workspace, job_id: int) -> Job:
    found = get_job(workspace, job_id)
    assert found is not None
    return found


def _dead_pid() -> int:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def _as_of(version: int, present: Path, folder: Path) -> Path:
    """Make a database as a migration left it, with all rows that there could be then."""
    path = folder / "old.db"
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(path))
    with engine.begin() as connection:
        upgrade.migrate(connection, f"{version:04}")
        connection.exec_driver_sql(f"PRAGMA application_id={schema.APPLICATION_ID}")
        connection.exec_driver_sql(f"PRAGMA user_version={version}")
    engine.dispose()
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("ATTACH ? AS present", (str(present),))
        database.execute("BEGIN")
        rules = database.execute("SELECT name, sql FROM main.sqlite_master WHERE type = 'trigger'")
        rules = rules.fetchall()
        for name, _ in rules:
            database.execute(f"DROP TRIGGER {name}")
        for table in _tables(database):
            names = ", ".join(f'"{name}"' for name in _columns(database, table))
            database.execute(
                f"INSERT INTO {table} ({names}) SELECT {names} FROM present.{table} "
                f"WHERE {_possible(table, version)}"
            )
        for _, rule in rules:
            database.execute(rule)
        database.execute("COMMIT")
    return path


def _possible(table: str, version: int) -> str:
    """Return the condition under which a row could be stored at a version."""
    if table == "notifications" and version < 4:
        return f"type <> 'test' AND {_IS_NOT_ATTACHED.format('ifnull(job_id, 0)')}"
    if version >= 5 or table in ("datasets", "workers", "event_deliveries"):
        return "1"
    return _IS_NOT_ATTACHED.format({"training_jobs": "id"}.get(table, "ifnull(job_id, 0)"))


def _tables(database: sqlite3.Connection) -> list[str]:
    found = database.execute(
        "SELECT name FROM main.sqlite_master WHERE type = 'table' "
        "AND name NOT LIKE 'sqlite_%' AND name <> 'alembic_version'"
    )
    return sorted(name for (name,) in found)


def _columns(database: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in database.execute(f"PRAGMA main.table_info({table})")]


def _rows(path: Path) -> Rows:
    """Return every row of every table."""
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        database.row_factory = sqlite3.Row
        return {
            table: [dict(row) for row in database.execute(f"SELECT * FROM {table} ORDER BY 1, 2")]
            for table in _tables(database)
        }


def _numbers(path: Path) -> dict[str, int]:
    """Return the highest number that each table has given out."""
    with closing(sqlite3.connect(path)) as database:
        return dict(database.execute("SELECT name, seq FROM sqlite_sequence"))


VERSIONS = range(1, schema.SCHEMA_VERSION)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_upgrade_keeps_every_value_of_every_row(
    version: int, present: Path, tmp_path: Path
) -> None:
    old = _as_of(version, present, tmp_path)
    before, numbers = _rows(old), _numbers(old)
    assert {job["status"] for job in before["training_jobs"]} == set(Status)
    assert all(before.values())

    open_workspace(old, owner=OWNER).close()

    after, expected = _rows(old), _rows(present)
    for table, rows in before.items():
        kept = [{name: row[name] for name in rows[0]} for row in after[table]]
        assert kept == rows, table
    known = {job["id"] for job in after["training_jobs"]}
    summed = [row for row in expected["metric_stretches"] if row["job_id"] in known]
    assert after["metric_stretches"] == [pytest.approx(row) for row in summed]
    assert _numbers(old) == numbers
    copy = upgrade.backup_path(old, version)
    assert _rows(copy) == before
    assert {file.name for file in tmp_path.iterdir()} == {old.name, copy.name}


@pytest.mark.parametrize("version", VERSIONS)
def test_jobs_go_on_after_an_upgrade_as_if_nothing_had_happened(
    version: int, present: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "owner", lambda: OWNER)
    old = _as_of(version, present, tmp_path)

    assert run_program(["--db", str(old), "resume", str(PAUSED)]) == 0
    assert run_program(["--db", str(old), "worker", "--once", "--speed", "max"]) == 0

    rows = _rows(old)
    jobs = {job["id"]: job for job in rows["training_jobs"]}
    assert {job["status"] for job in jobs.values()} == {"completed", "failed", "cancelled"}
    whole = _run(rows, WHOLE)
    assert len(whole) == jobs[WHOLE]["total_steps"]
    for went_on in (PAUSED, TAKEN):
        assert _run(rows, went_on) == whole
        for name in ("final_cost", "current_metrics", "current_epoch", "progress"):
            assert jobs[went_on][name] == jobs[WHOLE][name], name


def _run(rows: Rows, job_id: int) -> list[tuple[Any, ...]]:
    """Return what was measured in a run, step by step."""
    names = VALUES.split(", ")
    return [
        tuple(row[name] for name in names)
        for row in rows["training_metrics"]
        if row["job_id"] == job_id
    ]
