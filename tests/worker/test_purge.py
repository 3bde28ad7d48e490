"""Deleted jobs go in the background, piece by piece, while others run."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import Connection, func, select

from tests.conftest import OWNER, AddJob
from tests.ui.support import advance, hold
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.lifecycle import Action, Status
from vapor_tui.services.jobs import apply_action, apply_actions, get_job
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import jobs as queries
from vapor_tui.storage.tables import Table
from vapor_tui.worker.worker import Worker

METRICS = Table.metadata.tables["training_metrics"]


def rows(workspace: Workspace, job: Job) -> int:
    def count(connection: Connection) -> int:
        found = select(func.count()).select_from(METRICS).where(METRICS.c.job_id == job.id)
        return int(connection.execute(found).scalar_one())

    return workspace.database.read(count)


@pytest.fixture
def deleted(workspace: Workspace, add_job: AddJob) -> Job:
    job = advance(workspace, hold(workspace, add_job), 700, status=Status.FAILED, reason="x")
    apply_action(workspace, Action.DELETE, job.id)
    return job


def test_deleting_only_hides(workspace: Workspace, deleted: Job) -> None:
    assert get_job(workspace, deleted.id) is None
    assert rows(workspace, deleted) == 700


async def test_a_worker_removes_a_piece_a_tick_and_claims_meanwhile(
    workspace: Workspace, add_job: AddJob, deleted: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PURGED_AT_ONCE", 100)
    left: list[int] = []
    whole = queries.purge_some

    def counted(*arguments: Any) -> bool:
        left.append(rows(workspace, deleted))
        return whole(*arguments)

    monkeypatch.setattr(queries, "purge_some", counted)
    waiting = add_job(name="waits", speed="1")
    worker = Worker(workspace.database, OWNER, is_separate=True)
    stop = asyncio.Event()
    working = asyncio.create_task(worker.run(stop))
    try:
        async with asyncio.timeout(20):
            while not left:
                await asyncio.sleep(0.01)
            claimed = get_job(workspace, waiting.id)
            while workspace.database.read(queries.has_deleted, OWNER):
                worker.wake()
                await asyncio.sleep(0.01)
    finally:
        stop.set()
        await working
    assert claimed is not None
    assert claimed.status is not Status.QUEUED, "the queue did not wait for it"
    assert left[:7] == [700, 600, 500, 400, 300, 200, 100]
    assert rows(workspace, deleted) == 0


def test_what_another_person_deleted_is_theirs_to_remove(
    workspace: Workspace, deleted: Job
) -> None:
    database = workspace.database
    assert not database.read(queries.has_deleted, "another")
    assert not database.write(queries.purge_some, "another", 1_000)
    assert rows(workspace, deleted) == 700


def test_several_are_deleted_in_one_call(workspace: Workspace, add_job: AddJob) -> None:
    jobs = [add_job(name=f"job-{number}") for number in range(3)]
    apply_actions(workspace, dict.fromkeys((job.id for job in jobs), Action.CANCEL))
    apply_actions(workspace, dict.fromkeys((job.id for job in jobs), Action.DELETE))
    assert [get_job(workspace, job.id) for job in jobs] == [None] * 3
