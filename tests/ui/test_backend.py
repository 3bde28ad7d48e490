"""The worker inside the app: it survives a bug of ours for a while, and says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.conftest import AddJob
from vapor_tui.domain.lifecycle import Status
from vapor_tui.services.jobs import get_job
from vapor_tui.services.workspace import Workspace
from vapor_tui.ui import backend as module
from vapor_tui.ui.backend import Backend
from vapor_tui.worker.worker import Worker


@pytest.fixture
async def backend(workspace: Workspace) -> AsyncIterator[Backend]:
    made = Backend(workspace.database.path, owner=workspace.owner, speed="max")
    yield made
    await made.close()


@pytest.fixture
def crash(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Lets the first workers end by a bug."""
    run = Worker.run

    def arrange(times: int) -> None:
        left = [ZeroDivisionError()] * times

        async def fail(self: Worker, *arguments: Any, **options: Any) -> None:
            if left:
                raise left.pop()
            await run(self, *arguments, **options)

        monkeypatch.setattr(Worker, "run", fail)

    return arrange


async def _until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not happened():
            await asyncio.sleep(0.01)


async def test_a_worker_that_ends_by_a_bug_is_started_anew(
    workspace: Workspace,
    add_job: AddJob,
    backend: Backend,
    crash: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_RESTART_SECONDS", (0.05, 0.1))
    crash(2)
    job = add_job()
    await backend.open()
    await _until(lambda: "It is started anew" in (backend.trouble or ""))

    def is_done() -> bool:
        stored = get_job(workspace, job.id)
        return stored is not None and stored.status is Status.COMPLETED

    await _until(is_done)
    assert backend.trouble is None


async def test_a_worker_that_ends_again_and_again_is_told(
    backend: Backend, crash: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_RESTART_SECONDS", (0.0, 0.0))
    crash(3)
    await backend.open()
    await _until(lambda: "Jobs go on when the app is opened again" in (backend.trouble or ""))


async def test_the_app_does_not_wait_for_a_restart(
    backend: Backend, crash: Callable[[int], None]
) -> None:
    crash(1)
    await backend.open()
    await _until(lambda: backend.trouble is not None)
    await asyncio.wait_for(backend.close(), 0.5)
