"""What a worker finds out about a run: stored with the points that show it, told once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import numpy as np
from sqlalchemy import Connection

from tests.conftest import OWNER, AddJob
from vapor_tui.domain.health.findings import (
    Finding,
    HealthChange,
    HealthKind,
    Withdrawn,
    standing,
)
from vapor_tui.domain.health.settings import HealthSettings
from vapor_tui.domain.jobs import (
    Engine,
    Job,
)
from vapor_tui.domain.lifecycle import Position, Stage, Status
from vapor_tui.domain.metrics import MetricsBlock
from vapor_tui.runners.base import Completed, Progress, RunControl, RunnerEvent
from vapor_tui.services.jobs import get_job
from vapor_tui.services.notifications import list_notifications
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage.health import health_history, health_past, store_health
from vapor_tui.storage.metrics import last_step
from vapor_tui.worker.vitals import Vitals
from vapor_tui.worker.worker import Worker

STEPS = 400
EPOCH = 250
SPIKE = range(200, 231)


def losses(spike: range = SPIKE) -> np.ndarray:
    steps = np.arange(1, STEPS + 1)
    draw = np.random.default_rng(5)
    values = (1 + 1.5 * np.exp(-steps / 40)) * np.exp(0.03 * draw.standard_normal(STEPS))
    values[spike.start - 1 : spike.stop - 1] *= 2.0
    return values


class Scripted:
    """Trains along a given curve, five steps an event; stands still before a step if told to."""

    def __init__(self, curve: np.ndarray, halt: int | None = None) -> None:
        self._curve = curve
        self._halt = halt

    async def run(self, job: Job, control: RunControl) -> AsyncGenerator[RunnerEvent, None]:
        start = job.position.step
        for first in range(start, len(self._curve), 5):
            if first == self._halt:
                await asyncio.Event().wait()
            steps = np.arange(first + 1, min(first + 5, len(self._curve)) + 1)
            yield Progress(
                Position(Stage.TRAINING, epoch=1, step=int(steps[-1])),
                billed_seconds=600.0 + float(steps[-1]),
                metrics=MetricsBlock(steps, steps / EPOCH, loss=self._curve[steps - 1]),
            )
            await asyncio.sleep(0)
        yield Completed()


def worker(
    workspace: Workspace,
    curve: np.ndarray,
    halt: int | None = None,
    health: HealthSettings | None = None,
) -> Worker:
    runners = {Engine.SIMULATOR: lambda: Scripted(curve, halt)}
    return Worker(workspace.database, OWNER, runners=runners, health=health)


async def to_the_end(worker: Worker) -> None:
    await asyncio.wait_for(worker.run(asyncio.Event(), once=True), 30)


async def until_step(workspace: Workspace, worker: Worker, job: Job, step: int) -> None:
    """Let a worker drive a job up to a step, then hand it back."""
    stop = asyncio.Event()
    working = asyncio.create_task(worker.run(stop))
    async with asyncio.timeout(20):
        while stored(workspace, job).current_step < step:
            await asyncio.sleep(0.02)
    stop.set()
    await working


def stored(workspace: Workspace, job: Job) -> Job:
    found = get_job(workspace, job.id)
    assert found is not None
    return found


def changes(workspace: Workspace, job: Job) -> list[HealthChange]:
    return workspace.database.read(health_history, job.id)


def told(workspace: Workspace) -> list[str]:
    return [n.type for n in list_notifications(workspace) if not n.type.startswith("job_")]


def summary(found: list[HealthChange]) -> list[tuple[str, bool]]:
    return [(change.finding.kind.value, change.is_over) for change in found]


async def test_a_spike_is_stored_and_told_once(workspace: Workspace, add_job: AddJob) -> None:
    job = add_job()
    await to_the_end(worker(workspace, losses(range(200, 208))))

    found = changes(workspace, job)
    assert summary(found) == [("spike", False), ("spike", True)]
    assert found[0].finding.step in (200, 201)
    [note] = [n for n in list_notifications(workspace) if n.type == "divergence"]
    assert note.metadata == {"health": "spike", "step": found[0].finding.step}
    assert note.job_id == job.id
    assert "learning_rate" in note.message


async def test_a_hand_back_in_a_spike_neither_tells_nor_finds_it_twice(
    workspace: Workspace, add_job: AddJob
) -> None:
    job, curve = add_job(), losses()
    await until_step(workspace, worker(workspace, curve, halt=210), job, 210)
    assert summary(changes(workspace, job)) == [("spike", False)]
    assert told(workspace) == ["divergence"]

    await to_the_end(worker(workspace, curve))
    after = summary(changes(workspace, job))
    assert after.count(("spike", False)) == 1
    assert standing(changes(workspace, job)) == {}
    again = [n.metadata["health"] for n in list_notifications(workspace) if n.metadata]
    assert len(again) == len(set(again))
    assert stored(workspace, job).status is Status.COMPLETED


async def test_what_was_over_when_it_was_taken_up_again_is_not_left_standing(
    workspace: Workspace, add_job: AddJob
) -> None:
    job, curve = add_job(), losses()
    await until_step(workspace, worker(workspace, curve, halt=210), job, 210)
    off = HealthSettings(enabled=False)
    await until_step(workspace, worker(workspace, curve, halt=395, health=off), job, 395)
    await to_the_end(worker(workspace, curve))
    assert standing(changes(workspace, job)) == {}


async def test_a_finding_is_never_stored_before_its_points(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = add_job()
    stop = asyncio.Event()
    working = asyncio.create_task(worker(workspace, losses(), halt=250).run(stop))

    def look(connection: Connection) -> tuple[list[HealthChange], int]:
        return health_history(connection, job.id), last_step(connection, job.id, 0)

    seen: list[tuple[list[HealthChange], int]] = []
    async with asyncio.timeout(20):
        while not seen or not seen[-1][0]:
            seen.append(workspace.database.read(look))
            await asyncio.sleep(0.005)
    stop.set()
    await working
    assert all(change.finding.step <= step for found, step in seen for change in found)


async def test_nan_is_told_and_what_is_switched_off_is_not(
    workspace: Workspace, add_job: AddJob
) -> None:
    job, curve = add_job(), losses()[:150]
    curve[140:] = np.nan
    await to_the_end(worker(workspace, curve))
    assert summary(changes(workspace, job)) == [("nan", False)]
    assert told(workspace) == ["divergence"]

    quiet = add_job()
    await to_the_end(worker(workspace, curve, health=HealthSettings(nan=False)))
    assert changes(workspace, quiet) == []


async def test_a_stall_is_noticed_while_nothing_comes(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = add_job()
    drive = Vitals(HealthSettings(stalled_seconds=5.0))
    _train(drive, range(1, 6))
    for second in range(6, 60):
        drive.look(float(second))
    [change] = drive.changes
    assert change.finding.kind is HealthKind.STALLED
    assert change.finding.what.startswith("No step for 1")
    drive.stored(1)
    _train(drive, range(60, 61))
    [over] = drive.changes
    assert over.is_over
    assert job.status is Status.QUEUED


def _train(drive: Vitals, seconds: range) -> None:
    before = Position(Stage.TRAINING, epoch=1, step=seconds.start - 1)
    if seconds.start == 1:
        drive.take(Position(Stage.INITIALIZING), Progress(before, 0.0), 0.0)
    for second in seconds:
        after = Position(Stage.TRAINING, epoch=1, step=second)
        drive.take(before, Progress(after, float(second)), float(second))
        before = after


async def test_the_past_holds_the_latest_points_and_what_stands(
    workspace: Workspace, add_job: AddJob
) -> None:
    job, curve = add_job(), losses()
    await until_step(workspace, worker(workspace, curve, halt=225), job, 225)
    past = workspace.database.read(health_past, stored(workspace, job))
    assert past.points.step.tolist() == list(range(1, 226))
    assert past.points.grad_norm is None, "what was never measured is no gap"
    assert [kind.value for kind in past.found] in (["spike"], ["divergence"])


def test_what_is_found_and_withdrawn_in_one_tick_does_not_stand(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = add_job()
    found = HealthChange(Finding(HealthKind.DIVERGENCE, 40, "The loss has risen"))

    def store(connection: Connection) -> list[HealthChange]:
        store_health(connection, job, [found, Withdrawn(30)], who="a test", fence=0)
        return health_history(connection, job.id)

    assert workspace.database.write(store) == []
