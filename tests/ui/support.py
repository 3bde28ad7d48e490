"""Jobs that stand still at a known place, and the app over them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import numpy as np
from sqlalchemy import Connection, update
from textual.message import Message
from textual.pilot import Pilot
from textual.screen import Screen

from vapor_tui.domain.jobs import (
    CurrentMetrics,
    Job,
)
from vapor_tui.domain.lifecycle import Desired, Position, Stage, Status
from vapor_tui.domain.metrics import MetricsBlock
from vapor_tui.services.jobs import get_job
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import leases, workers
from vapor_tui.storage.jobs import JOBS
from vapor_tui.storage.logs import LOGS
from vapor_tui.storage.workers import ProcessIdentity
from vapor_tui.ui.app import VaporApp, create_app
from vapor_tui.ui.backend import Backend

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
REFRESH = 0.05
PATIENCE = 10.0
"""Seconds after which something that should come is given up."""

ScreenT = TypeVar("ScreenT", bound=Screen[Any])


def losses(steps: Sequence[int]) -> list[float]:
    """Return a curve that is the same on every machine, to the digits that are shown."""
    return [
        round(0.45 + 2.0 * float(np.exp(-k / 120)) + 0.02 * ((k * 7) % 11 - 5), 4) for k in steps
    ]


def hold(workspace: Workspace, add_job: Callable[..., Job], **raw: Any) -> Job:
    """Create a job that a worker which does nothing has claimed."""
    process = ProcessIdentity("elsewhere", "boot", 1, "1")
    worker = workspace.database.write(
        workers.register, workspace.owner, process, "test", is_separate=True
    )
    return add_job(leased_to=worker, **raw)


def advance(
    workspace: Workspace,
    job: Job,
    step: int,
    *,
    status: Status = Status.RUNNING,
    lines: Sequence[str] = (),
    reason: str | None = None,
    bad_from: int | None = None,
) -> Job:
    """Let a held job have come to a step, with its curve; `bad_from` on the loss is NaN."""
    known = stored(workspace, job.id)
    per_epoch = known.estimate.steps_per_epoch if known.estimate else 1
    epoch = max(1, -(-step // per_epoch))
    steps = np.arange(known.current_step + 1, step + 1)
    loss = np.array(losses(steps.tolist()))
    if bad_from is not None:
        loss = np.where(steps >= bad_from, np.nan, loss)
    evaluated = np.where((steps % per_epoch == 0) & (steps < step), loss + 0.1, np.nan)
    block = MetricsBlock(
        step=steps,
        epoch=steps / per_epoch,
        loss=loss,
        learning_rate=np.full(len(steps), 5e-5),
        eval_loss=evaluated if np.isfinite(evaluated).any() else None,
        tokens_per_second=np.full(len(steps), 3540.0),
    )
    ended = status is Status.COMPLETED
    cost = known.estimate.cost_at(600 + step) if known.estimate else 0.0
    done = leases.Advance(
        lease=leases.Lease(known.id, known.lease_owner or 0, known.fence),
        before=known.position,
        after=Position(Stage.COMPLETED if ended else Stage.TRAINING, epoch, 0.0, step),
        status=status,
        progress=100 * step / known.total_steps,
        current_metrics=CurrentMetrics(
            step=step,
            epoch=step / per_epoch,
            loss=None if bad_from else float(loss[-1]),
            tokens_per_second=3540.0,
            non_finite={"loss": "nan"} if bad_from else {},
        ),
        current_cost=cost,
        estimated_completion_at=NOON + timedelta(seconds=41) if not status.has_ended else None,
        blocks=(block,),
        lines=lines,
        final_cost=cost + 0.5 if status.has_ended else None,
        error_message=reason,
        reason=reason or "",
    )
    assert not workspace.database.write(_store_to_the_end, done)
    return stored(workspace, job.id)


def _store_to_the_end(connection: Connection, done: leases.Advance) -> set[int]:
    """Store an advance; a job that has just begun runs before it ends."""
    if done.status.has_ended:
        connection.execute(
            update(JOBS).where(JOBS.c.id == done.lease.job_id).values(status=Status.RUNNING)
        )
    return leases.store_advances(connection, [done])


def stored(workspace: Workspace, job_id: int) -> Job:
    job = get_job(workspace, job_id)
    assert job is not None
    return job


def set_times(workspace: Workspace, job: Job, minutes: float) -> None:
    """Let a job have begun so many minutes before noon, and ended, if it has, a minute later."""
    begun = NOON - timedelta(minutes=minutes)
    values: dict[str, Any] = {"created_at": begun, "queued_at": begun}
    if job.started_at is not None:
        values["started_at"] = begun
    if job.completed_at is not None:
        values["completed_at"] = begun + timedelta(minutes=1)

    def change(connection: Connection) -> None:
        connection.execute(update(JOBS).where(JOBS.c.id == job.id).values(values))
        connection.execute(
            update(LOGS).where(LOGS.c.job_id == job.id).values(created_at=begun.timestamp())
        )

    workspace.database.write(change)


def wish(workspace: Workspace, job: Job) -> Desired:
    return stored(workspace, job.id).desired


class Session:
    """The running app with a keyboard before it, and every message that its screens got."""

    def __init__(self, pilot: Pilot[None], messages: list[Message]) -> None:
        self.pilot = pilot
        assert isinstance(pilot.app, VaporApp)
        self.app = pilot.app
        self.messages = messages

    def top(self, kind: type[ScreenT]) -> ScreenT:
        screen = self.app.screen
        assert isinstance(screen, kind), screen
        return screen

    def heard(self, *kinds: type[Message]) -> list[str]:
        """The messages of these kinds, in the order they came."""
        return [type(message).__name__ for message in self.messages if isinstance(message, kinds)]

    @property
    def text(self) -> str:
        """What stands on the screen."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)

    @property
    def keys(self) -> str:
        return self.text.splitlines()[-1]

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for something that a thread brings about."""
        async with asyncio.timeout(PATIENCE):
            while not holds():
                await asyncio.sleep(0.01)
        await self.pilot.pause()

    async def sees(self, *texts: str) -> None:
        """Wait until all of these stand on the screen."""
        try:
            await self.until(lambda: all(text in self.text for text in texts))
        except TimeoutError:
            raise AssertionError(f"{texts} did not appear on:\n{self.text}") from None


def frozen_app(workspace: Workspace, **options: Any) -> VaporApp:
    """Return the app over a database, at noon, without a worker."""
    backend = Backend(workspace.database.path, owner=workspace.owner, runs_worker=False)
    return create_app(backend, clock=lambda: NOON, **{"refresh_seconds": REFRESH, **options})


@asynccontextmanager
async def session(
    app: VaporApp, size: tuple[int, int] = (120, 40), *, until_open: bool = True
) -> AsyncIterator[Session]:
    """Run an app until its first screen shows what there is, and the database is open or failed."""
    messages: list[Message] = []
    app.animation_level = "none"
    async with app.run_test(size=size, notifications=True, message_hook=messages.append) as pilot:
        open_session = Session(pilot, messages)
        await open_session.until(
            lambda: (
                # The list is not read while another screen, which was asked for, is before it.
                (app.screen is not app.home or not app.home.has_class("-opening"))
                and (app.backend.is_open or app.home.has_class("-failed") or not until_open)
            )
        )
        yield open_session
