"""The screens' way to the services: opened after the first frame, never on the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

log = logging.getLogger(__name__)

if TYPE_CHECKING:
    from vapor_tui.domain.health.settings import HealthSettings
    from vapor_tui.domain.job_list import JobList
    from vapor_tui.services.workspace import Workspace
    from vapor_tui.worker.worker import Worker

P = ParamSpec("P")
T = TypeVar("T")

_RESTART_SECONDS = (1.0, 5.0, 30.0)
"""How long a worker that ended by a bug of ours rests before it is started anew, each time."""
_SOUND_SECONDS = 600.0
"""A worker that has run for so long is given all its restarts again."""


class Backend:
    """An open workspace and, unless it is switched off, a worker in the app's own event loop.

    What is slow to import (the database, numpy) is imported by `open`, in a thread, so that
    the first frame does not wait for it.
    """

    def __init__(
        self,
        database: Path | None = None,
        *,
        speed: str | None = None,
        runs_worker: bool = True,
        owner: str | None = None,
        on_event: Sequence[str] = (),
        health: HealthSettings | None = None,
    ) -> None:
        """`on_event` is the program that the worker runs for each notification.

        `health` is what it watches for in a run.
        """
        self.database = database
        """The file that was asked for; None for the person's own."""
        self._speed = speed
        self._runs_worker = runs_worker
        self._owner = owner
        self._on_event = on_event
        self._health = health
        self._workspace: Workspace | None = None
        self._worker: Worker | None = None
        self._opened = asyncio.Event()
        self._stop = asyncio.Event()
        self._working: asyncio.Task[None] | None = None
        self._crash: str | None = None

    @property
    def is_open(self) -> bool:
        return self._workspace is not None

    @property
    def workspace(self) -> Workspace:
        """The open workspace; raises RuntimeError before `open` has succeeded."""
        if self._workspace is None:
            raise RuntimeError("the workspace is not open yet")
        return self._workspace

    @property
    def trouble(self) -> str | None:
        """Why the worker cannot work at present, in a sentence; None while all is well."""
        if self._crash is not None:
            return self._crash
        return str(self._worker.trouble) if self._worker and self._worker.trouble else None

    @property
    def unfinished(self) -> Sequence[int]:
        """Numbers of the jobs that its worker held when it left, and that wait for another."""
        return self._worker.unfinished if self._worker else ()

    async def glance(self, rows: int) -> JobList | None:
        """Return the newest jobs before all is imported; None where `open` must be awaited."""
        return await asyncio.to_thread(self._glance, rows)

    async def open(self) -> Workspace:
        """Open the workspace and start the worker.

        Raises StorageError and CatalogueError, each with a sentence for the person; may be
        called again afterwards.
        """
        if self._workspace is None:
            self._workspace = await asyncio.to_thread(self._open)
            if self._runs_worker:
                self._start_worker(self._workspace)
            self._opened.set()
        return self._workspace

    async def ask(
        self,
        service: Callable[Concatenate[Workspace, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Call a service with the workspace, in a thread; raises what the service raises.

        Waits until the workspace is open.
        """
        await self._opened.wait()
        return await asyncio.to_thread(service, self.workspace, *args, **kwargs)

    async def reload_catalogue(self) -> None:
        """Let everything asked from now on see what the catalogue's files say now.

        Raises CatalogueError, and nothing changes then.
        """
        from vapor_tui.services.catalogue import load_catalogue

        catalogue = await asyncio.to_thread(load_catalogue)
        self._workspace = replace(self.workspace, catalogue=catalogue)

    def wake_worker(self) -> None:
        """Let the worker look at once for what has just been stored."""
        if self._worker is not None:
            self._worker.wake()

    async def close(self) -> None:
        """Hand the worker's jobs back and close the database."""
        self._stop.set()
        if self._workspace is not None:
            self._workspace.database.hurry()
        if self._working is not None:
            await asyncio.gather(self._working, return_exceptions=True)
        if self._workspace is not None:
            self._workspace.close()
            self._workspace = None

    def _glance(self, rows: int) -> JobList | None:
        from vapor_tui import paths
        from vapor_tui.storage.glance import newest

        database = self.database or paths.default_database()
        return newest(database, self._owner or paths.owner(), rows)

    def _open(self) -> Workspace:
        from vapor_tui.services.workspace import open_workspace

        if self._runs_worker:
            for name in ("worker", "deliveries"):
                importlib.import_module(f"vapor_tui.worker.{name}")
        return open_workspace(self.database, owner=self._owner)

    def _start_worker(self, workspace: Workspace) -> None:
        self._worker = self._new_worker(workspace)
        self._working = asyncio.create_task(self._work(workspace), name="worker")
        self._working.add_done_callback(self._take_end)

    def _new_worker(self, workspace: Workspace) -> Worker:
        from vapor_tui.simulation import Pace
        from vapor_tui.worker.worker import Worker, default_runners

        pace = Pace.parse(self._speed) if self._speed else None
        return Worker(
            workspace.database,
            workspace.owner,
            runners=default_runners(pace),
            health=self._health,
        )

    async def _work(self, workspace: Workspace) -> None:
        """Run a worker until the app ends; start another where it ends by a bug of ours."""
        from vapor_tui.worker.deliveries import delivering

        now, rests = asyncio.get_running_loop().time, iter(_RESTART_SECONDS)
        async with delivering(workspace.database, workspace.owner, self._on_event, self._stop):
            while self._worker is not None:
                begun = now()
                try:
                    await self._worker.run(self._stop)
                    return
                except Exception as error:
                    if now() - begun > _SOUND_SECONDS:
                        rests = iter(_RESTART_SECONDS)
                    if (seconds := next(rests, None)) is None:
                        raise
                    log.exception("the worker of the app ended: starting it anew")
                    self._crash = (
                        f"The worker of this app ended unexpectedly ({type(error).__name__}). "
                        "It is started anew; the log has the details"
                    )
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), seconds)
                    return
                self._crash = None
                self._worker = self._new_worker(workspace)

    def _take_end(self, working: asyncio.Task[None]) -> None:
        """Say so when the worker ended for good: jobs wait until the app is restarted."""
        error = None if working.cancelled() else working.exception()
        if error is not None:
            log.error("the worker of the app ended", exc_info=error)
            self._crash = (
                f"The worker of this app ended unexpectedly ({type(error).__name__}). "
                "Jobs go on when the app is opened again; the log has the details"
            )


def mendable() -> tuple[type[Exception], ...]:
    """Return the errors that a person can do something about; imported only when needed."""
    from vapor_tui.domain.catalogue import CatalogueError
    from vapor_tui.storage.errors import StorageError

    return (StorageError, CatalogueError)
