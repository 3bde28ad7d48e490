"""A worker without jobs reads nothing from a database that nobody writes to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.conftest import OWNER, AddJob
from tests.ui.support import advance, hold
from vapor_tui.domain.lifecycle import Action, Status
from vapor_tui.processes import this_process
from vapor_tui.services.jobs import apply_action, get_job
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import jobs as job_queries
from vapor_tui.storage import workers
from vapor_tui.worker import purge, stillness, watch
from vapor_tui.worker import worker as worker_module
from vapor_tui.worker.worker import Worker

TICK = 0.01


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "IDLE_SECONDS", TICK)
    monkeypatch.setattr(watch, "WATCH_SECONDS", 0.0)
    monkeypatch.setattr(purge, "PURGE_SECONDS", 0.0)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The looks for other workers, one more whenever a worker asks."""
    asked: list[str] = []
    whole = workers.holding

    def counted(*arguments: Any) -> workers.Holding:
        asked.append("holding")
        return whole(*arguments)

    monkeypatch.setattr(workers, "holding", counted)
    return asked


@asynccontextmanager
async def _working(workspace: Workspace) -> AsyncIterator[None]:
    stop = asyncio.Event()
    working = asyncio.create_task(Worker(workspace.database, OWNER).run(stop))
    try:
        yield
    finally:
        stop.set()
        await working


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(TICK)


async def _settled(looks: list[str]) -> int:
    """Wait until no look has come for thirty ticks; return how many came."""
    async with asyncio.timeout(20):
        while True:
            before = len(looks)
            await asyncio.sleep(30 * TICK)
            if before and len(looks) == before:
                return before


async def test_nothing_is_asked_until_something_is_committed(
    workspace: Workspace, add_job: AddJob, looks: list[str]
) -> None:
    async with _working(workspace):
        asked = await _settled(looks)
        job = add_job(speed="max")
        await _until(lambda: _status(workspace, job.id) is Status.COMPLETED)
    assert len(looks) > asked


async def test_everything_is_looked_at_again_after_a_while(
    workspace: Workspace, looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stillness, "LASTING_SECONDS", 10 * TICK)
    async with _working(workspace):
        await _until(lambda: len(looks) >= 4)


async def test_a_deleted_job_is_removed_by_a_worker_that_was_still(
    workspace: Workspace, add_job: AddJob, looks: list[str]
) -> None:
    job = advance(workspace, hold(workspace, add_job), 50, status=Status.FAILED, reason="x")
    # The worker that held it has left.
    workspace.database.write(lambda connection: connection.execute(workers.WORKERS.delete()))
    async with _working(workspace):
        await _settled(looks)
        apply_action(workspace, Action.DELETE, job.id)
        await _until(lambda: not workspace.database.read(job_queries.has_deleted, OWNER))


async def test_a_look_goes_on_until_deleted_jobs_were_looked_for(
    workspace: Workspace, looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def not_due(_: purge.Purge) -> bool:
        return False

    monkeypatch.setattr(purge.Purge, "some", not_due)
    async with _working(workspace):
        await _until(lambda: len(looks) >= 5)


async def test_a_look_goes_on_while_another_worker_may_die(
    workspace: Workspace, looks: list[str]
) -> None:
    workspace.database.write(workers.register, OWNER, this_process(), "1", True)
    async with _working(workspace):
        await _until(lambda: len(looks) >= 5)


async def test_a_look_goes_on_while_the_database_cannot_say_whether_it_changed(
    workspace: Workspace, looks: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(workspace.database), "data_version", lambda _: None)
    async with _working(workspace):
        await _until(lambda: len(looks) >= 5)


def _status(workspace: Workspace, job_id: int) -> Status | None:
    job = get_job(workspace, job_id)
    return None if job is None else job.status
