"""Drives one job here until it ends, whatever the database suffers meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import typer

from vapor_tui.cli.bell import JobBell
from vapor_tui.cli.watching import run_display
from vapor_tui.config import Preferences
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.lifecycle import Status
from vapor_tui.domain.results import Ok, Refused, Result
from vapor_tui.services.jobs import Simulation, create_job, get_job, take_job
from vapor_tui.services.workspace import Workspace
from vapor_tui.simulation import Pace
from vapor_tui.storage.errors import StorageError
from vapor_tui.worker.deliveries import delivering
from vapor_tui.worker.signals import hurrying_on, stop_on_signals
from vapor_tui.worker.worker import Worker, default_runners

_LOOK_SECONDS = 0.2
_PATIENCE_SECONDS = 0.5
"""How long one look waits for a locked database: the next one comes soon."""
_AGAIN_SECONDS = 1.0
"""Between two tries to have a job back."""


@dataclass(frozen=True, slots=True)
class Driven:
    """A job after it was driven."""

    job: Job
    """As it was last seen: what is stored may be further where the database was locked."""
    is_interrupted: bool
    """Whether a signal ended it here."""


async def create_and_drive(
    workspace: Workspace,
    raw: Mapping[str, Any],
    dataset_id: int,
    simulation: Simulation,
    preferences: Preferences,
) -> Result[Driven] | None:
    """Create a job leased to a worker of its own and wait until it ends or is handed back.

    None where a signal came before there was a job.
    """
    stop = asyncio.Event()
    on_event = delivering(workspace.database, workspace.owner, preferences.on_event, stop)
    with stop_on_signals(stop):
        async with hurrying_on(stop, workspace.database), on_event:
            worker = _worker(workspace, simulation, preferences)
            worker_id = await _unless(stop, worker)
            if worker_id is None:
                return None
            created = await asyncio.to_thread(
                create_job, workspace, raw, dataset_id, simulation=simulation, leased_to=worker_id
            )
            if isinstance(created, Refused):
                await worker.leave()
                return created
            worker.adopt(created.value)
            drive = _Drive(workspace, created.value, simulation, preferences, stop)
            return Ok(await drive.through(worker))


@dataclass(frozen=True, slots=True)
class _Drive:
    """One job, its workers one after the other, and whoever watches it."""

    workspace: Workspace
    job: Job
    simulation: Simulation
    preferences: Preferences
    stop: asyncio.Event

    async def through(self, worker: Worker) -> Driven:
        """Drive the job with a worker that holds it, and show how it goes."""
        working = asyncio.create_task(self._work(worker))
        bell = JobBell(self.workspace, self.job.id) if self.preferences.bell else None
        try:
            last = await self._watch(working, bell)
            await working
        except Exception:
            number = self.job.id
            typer.echo(f"Job {number} is stored. Watch it: vapor-tui --job {number}", err=True)
            raise
        return Driven(last, self.stop.is_set())

    async def _work(self, worker: Worker | None) -> None:
        """Work until the job has ended; have it back where it had to be let go."""
        while True:
            if worker is not None:
                await worker.run(self.stop, once=True)
            else:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.stop.wait(), _AGAIN_SECONDS)
            if self.stop.is_set():
                return
            worker = None
            try:
                stored = await asyncio.to_thread(get_job, self.workspace, self.job.id)
                if stored is None or not stored.status.is_active:
                    return
                if stored.status is Status.QUEUED:
                    worker = await self._having_taken()
            except StorageError as error:
                if not error.is_passing:
                    raise

    async def _having_taken(self) -> Worker | None:
        """Return a worker that has claimed the job; None where another was faster."""
        worker = _worker(self.workspace, self.simulation, self.preferences)
        worker_id = await worker.register()
        taken = await asyncio.to_thread(take_job, self.workspace, self.job.id, worker_id)
        if taken is None:
            await worker.leave()
            return None
        worker.adopt(taken)
        return worker

    async def _watch(self, working: asyncio.Task[None], bell: JobBell | None) -> Job:
        """Show the stored progress while the job is worked on; return its last state."""
        patient, job = self.workspace.database, self.job
        quick = replace(self.workspace, database=patient.with_patience(_PATIENCE_SECONDS))
        with run_display(job) as show:
            while True:
                is_last = working.done()
                try:
                    stored = await asyncio.to_thread(get_job, quick, job.id)
                    job = stored or job
                    show(job)
                    if bell is not None:
                        await asyncio.to_thread(bell.ring_on_news)
                except StorageError as error:
                    if not error.is_passing:
                        raise
                if is_last:
                    return job
                await asyncio.wait([working], timeout=_LOOK_SECONDS)


def _worker(workspace: Workspace, simulation: Simulation, preferences: Preferences) -> Worker:
    return Worker(
        workspace.database,
        workspace.owner,
        runners=default_runners(Pace.parse(simulation.speed)),
        claims=False,
        health=preferences.health,
    )


async def _unless(stop: asyncio.Event, worker: Worker) -> int | None:
    """Register a worker; None where a signal comes before it could be."""
    registering = asyncio.create_task(worker.register())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({registering, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if registering.done():
        return registering.result()
    registering.cancel()
    return None
