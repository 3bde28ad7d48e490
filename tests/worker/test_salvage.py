"""A job that cannot be stored, claimed or driven goes by itself: no other suffers with it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
from sqlalchemy import Connection

from tests.conftest import OWNER, AddJob
from vapor_tui.domain.jobs import (
    Engine,
    Job,
)
from vapor_tui.domain.lifecycle import Status
from vapor_tui.processes import this_process
from vapor_tui.runners import ENGINES
from vapor_tui.runners.base import Runner
from vapor_tui.services.jobs import get_job
from vapor_tui.services.notifications import list_notifications
from vapor_tui.services.workspace import Workspace
from vapor_tui.simulation import Pace
from vapor_tui.storage import claims, leases, takeover, workers
from vapor_tui.storage.events import history
from vapor_tui.worker.worker import Worker, default_runners


def _job(workspace: Workspace, job_id: int) -> Job:
    job = get_job(workspace, job_id)
    assert job is not None
    return job


def _do(workspace: Workspace, statement: str, *values: object) -> None:
    """Change the database as no part of the program does."""

    def change(connection: Connection) -> None:
        connection.exec_driver_sql(statement, values)

    workspace.database.write(change)


def _refuse(workspace: Workspace, job_id: int, when: str) -> None:
    """Let the database refuse changes of a job, under a condition on its new row."""
    _do(
        workspace,
        f"CREATE TRIGGER refuse_{job_id} BEFORE UPDATE ON training_jobs "
        f"WHEN NEW.id = {job_id} AND {when} BEGIN SELECT RAISE(ABORT, 'refused'); END",
    )


async def _until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not happened():
            await asyncio.sleep(0.02)


async def _run_all(workspace: Workspace) -> None:
    await asyncio.wait_for(Worker(workspace.database, OWNER).run(asyncio.Event(), once=True), 30)


async def test_a_job_of_an_engine_that_is_not_here_waits(
    workspace: Workspace, add_job: AddJob
) -> None:
    other, ours = add_job(), add_job()
    _do(workspace, "UPDATE training_jobs SET engine = 'hf' WHERE id = ?", other.id)
    await _run_all(workspace)
    assert (_job(workspace, other.id).status, _job(workspace, other.id).fence) == ("queued", 0)
    assert _job(workspace, ours.id).status is Status.COMPLETED


def test_every_engine_that_is_run_here_has_a_runner() -> None:
    assert set(default_runners()) == ENGINES


async def test_a_job_whose_progress_cannot_be_stored_fails_alone(
    workspace: Workspace, add_job: AddJob
) -> None:
    jobs = [add_job(name=f"job-{number}", speed="400") for number in range(3)]
    bad = jobs[1].id
    stop = asyncio.Event()
    working = asyncio.create_task(Worker(workspace.database, OWNER).run(stop))
    await _until(lambda: _job(workspace, bad).current_step >= 5)
    _do(workspace, "UPDATE training_jobs SET total_steps = current_step WHERE id = ?", bad)
    await _until(lambda: _job(workspace, bad).status is Status.FAILED)
    before = _job(workspace, jobs[2].id).current_step
    await _until(lambda: _job(workspace, jobs[2].id).current_step > before)
    stop.set()
    await working

    failed = _job(workspace, bad)
    assert (failed.error_message or "").startswith("Its progress cannot be stored: IntegrityError")
    assert failed.current_step == failed.total_steps
    assert "job_failed" in {note.type for note in list_notifications(workspace)}
    assert [_job(workspace, n).status for n in (jobs[0].id, jobs[2].id)] == [Status.QUEUED] * 2
    assert workspace.database.read(workers.workers, OWNER) == []


async def test_a_job_whose_row_lets_nothing_be_changed_keeps_no_other_from_its_end(
    workspace: Workspace, add_job: AddJob
) -> None:
    held, waiting, good = (add_job(speed="2000") for _ in range(3))
    _refuse(workspace, held.id, "OLD.current_step > 0")
    _refuse(workspace, waiting.id, "1")
    await _run_all(workspace)
    assert _job(workspace, good.id).status is Status.COMPLETED
    assert _job(workspace, held.id).status is Status.RUNNING
    assert _job(workspace, waiting.id).status is Status.QUEUED


async def test_a_job_that_nothing_can_drive_fails_alone(
    workspace: Workspace, add_job: AddJob
) -> None:
    made = iter([_no_runner, default_runners(Pace.parse("max"))[Engine.SIMULATOR]])
    bad, good = add_job(), add_job()

    def runner() -> Runner:
        return next(made)()

    worker = Worker(workspace.database, OWNER, runners={Engine.SIMULATOR: runner})
    await asyncio.wait_for(worker.run(asyncio.Event(), once=True), 30)
    assert _job(workspace, bad.id).status is Status.FAILED
    assert _job(workspace, bad.id).error_message == "It cannot be driven: LookupError: no runner"
    assert _job(workspace, good.id).status is Status.COMPLETED


def _no_runner() -> Runner:
    raise LookupError("no runner")


async def test_a_job_whose_worker_has_no_row_any_more_goes_on(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = add_job()
    gone = workspace.database.write(workers.register, OWNER, this_process(), "1", False)
    workspace.database.write(claims.claim, OWNER, gone, 1)
    with closing(sqlite3.connect(workspace.database.path)) as by_hand, by_hand:
        by_hand.execute("DELETE FROM workers")
    await _run_all(workspace)
    done = _job(workspace, job.id)
    assert (done.status, done.fence) == (Status.COMPLETED, 2)
    notes = [event.note for event in workspace.database.read(history, job.id)]
    assert "its worker is gone" in notes


async def test_a_worker_that_leaves_gives_up_what_it_cannot_store(
    workspace: Workspace, add_job: AddJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [add_job(speed="400") for _ in range(2)]
    stop = asyncio.Event()
    working = asyncio.create_task(Worker(workspace.database, OWNER).run(stop))
    await _until(lambda: min(_job(workspace, job.id).current_step for job in jobs) >= 5)

    def fail(*_: object) -> set[int]:
        raise ZeroDivisionError

    monkeypatch.setattr(leases, "store_advances", fail)
    monkeypatch.setattr(takeover, "fail_held", fail)
    stop.set()
    await working
    assert {_job(workspace, job.id).status for job in jobs} == {Status.QUEUED}
    assert {_job(workspace, job.id).barren_claims for job in jobs} == {0}
    assert workspace.database.read(workers.workers, OWNER) == []
