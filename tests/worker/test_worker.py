"""The worker without a screen: claims, drives, stores exactly once, hands back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.conftest import OWNER, AddJob
from vapor_tui.domain.jobs import (
    Engine,
    Job,
)
from vapor_tui.domain.lifecycle import Action, Desired, Position, Stage, Status
from vapor_tui.domain.results import Ok
from vapor_tui.processes import this_process
from vapor_tui.runners.base import Progress, RunControl, RunnerEvent
from vapor_tui.runners.simulator import SimulatorRunner, simulation_spec, timeline_of
from vapor_tui.services.exports import metric_rows, new_log_lines
from vapor_tui.services.jobs import apply_action, get_job
from vapor_tui.services.notifications import list_notifications
from vapor_tui.services.workspace import Workspace
from vapor_tui.simulation import Pace, evaluate, simulate
from vapor_tui.storage import claims, leases, workers
from vapor_tui.storage.events import history
from vapor_tui.storage.metrics import metrics_after
from vapor_tui.worker.worker import Worker, default_runners


def _worker(workspace: Workspace, **options: Any) -> Worker:
    return Worker(workspace.database, OWNER, **options)


async def _run_all(workspace: Workspace) -> None:
    await asyncio.wait_for(Worker(workspace.database, OWNER).run(asyncio.Event(), once=True), 30)


def _job(workspace: Workspace, job_id: int) -> Job:
    job = get_job(workspace, job_id)
    assert job is not None
    return job


def _statuses(workspace: Workspace, job_id: int) -> list[str | None]:
    events = workspace.database.read(history, job_id)
    return [event.after for event in events if event.what == "status"]


def _log(workspace: Workspace, job_id: int) -> list[str]:
    return [line.text for line in new_log_lines(workspace, job_id, 0)]


async def test_a_queued_job_is_driven_to_its_end(workspace: Workspace, add_job: AddJob) -> None:
    job = add_job()
    await _run_all(workspace)

    done = _job(workspace, job.id)
    assert done.status is Status.COMPLETED
    assert (done.progress, done.current_step, done.current_epoch) == (100, 750, 3)
    assert done.lease_owner is None
    assert _statuses(workspace, job.id) == ["queued", "initializing", "running", "completed"]
    told = [note.type for note in list_notifications(workspace)]
    assert told == ["job_completed", "job_started", "job_queued"]
    assert workspace.database.read(workers.workers, OWNER) == []


async def test_what_is_stored_is_what_the_seed_says(workspace: Workspace, add_job: AddJob) -> None:
    job = add_job()
    await _run_all(workspace)

    spec = simulation_spec(job)
    expected = simulate(spec, 0, 750)
    stored = workspace.database.read(metrics_after, job.id)
    assert stored.step.tolist() == list(range(1, 751))
    for name in ("loss", "accuracy", "learning_rate", "grad_norm", "tokens_per_second"):
        np.testing.assert_array_equal(stored.column(name), expected.column(name))
    assert stored.eval_loss is not None
    for epoch in (1, 2, 3):
        evaluated = evaluate(spec, epoch).eval_loss
        assert evaluated is not None
        assert stored.eval_loss[epoch * 250 - 1] == evaluated[0]
    assert np.isnan(stored.eval_loss).sum() == 747


async def test_the_cost_is_that_of_the_simulated_clock(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = add_job()
    await _run_all(workspace)

    done = _job(workspace, job.id)
    seconds = timeline_of(job, simulation_spec(job)).total_seconds
    assert done.current_cost == pytest.approx(7.0 * seconds / 3600)
    assert done.final_cost == pytest.approx(done.current_cost + 0.5)
    assert done.final_cost == pytest.approx(4.32, rel=0.03)


async def test_the_oldest_jobs_are_claimed_first_up_to_the_concurrency(
    workspace: Workspace, add_job: AddJob
) -> None:
    jobs = [add_job(name=f"job-{i}", speed="1") for i in range(5)]
    stop = asyncio.Event()
    working = asyncio.create_task(_worker(workspace, concurrency=2).run(stop))
    try:
        async with asyncio.timeout(10):
            while _job(workspace, jobs[1].id).status is Status.QUEUED:
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.6)
        statuses = [_job(workspace, job.id).status for job in jobs]
        assert statuses == [Status.INITIALIZING] * 2 + [Status.QUEUED] * 3
    finally:
        stop.set()
        await working


async def test_a_job_that_is_handed_back_goes_on_where_it_was(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = add_job(speed="auto", seed=5)
    stop = asyncio.Event()
    fast = default_runners(Pace.parse("400"))
    worker = _worker(workspace, runners=fast)
    working = asyncio.create_task(worker.run(stop))
    async with asyncio.timeout(20):
        while _job(workspace, job.id).current_step < 20:
            await asyncio.sleep(0.02)
    stop.set()
    await working

    back = _job(workspace, job.id)
    assert back.status is Status.QUEUED
    assert worker.unfinished == [job.id]
    assert 20 <= back.current_step < 750
    assert len(list(metric_rows(workspace, job.id))) == back.current_step

    await asyncio.wait_for(
        _worker(workspace, runners=default_runners(Pace.parse("max"))).run(
            asyncio.Event(), once=True
        ),
        30,
    )
    stored = workspace.database.read(metrics_after, job.id)
    np.testing.assert_array_equal(stored.loss, simulate(simulation_spec(job), 0, 750).loss)
    assert _job(workspace, job.id).final_cost == pytest.approx(4.32, rel=0.03)
    assert _statuses(workspace, job.id)[-3:] == ["initializing", "running", "completed"]


@pytest.mark.parametrize(
    ("action", "status"),
    [
        (Action.CANCEL, Status.CANCELLED),
        (Action.PAUSE, Status.PAUSED),
        (Action.FAIL, Status.FAILED),
    ],
)
async def test_a_running_job_does_what_is_asked_of_it(
    workspace: Workspace, add_job: AddJob, action: Action, status: Status
) -> None:
    job = add_job(speed="400")
    stop = asyncio.Event()
    working = asyncio.create_task(_worker(workspace).run(stop))
    try:
        async with asyncio.timeout(20):
            while _job(workspace, job.id).current_step < 5:
                await asyncio.sleep(0.02)
            asked = apply_action(workspace, action, job.id)
            assert isinstance(asked, Ok)
            assert asked.value.desired is not Desired.RUN
            while _job(workspace, job.id).status is Status.RUNNING:
                await asyncio.sleep(0.02)
    finally:
        stop.set()
        await working

    ended = _job(workspace, job.id)
    assert ended.status is status
    assert len(list(metric_rows(workspace, job.id))) == ended.current_step
    assert (ended.final_cost is not None) is status.has_ended
    endings = {Status.CANCELLED: "cancelled", Status.FAILED: "failed: Made to fail by hand"}
    last = _log(workspace, job.id)[-1]
    assert last == endings[status] if status.has_ended else last.startswith("epoch ")


@pytest.mark.parametrize(
    ("action", "status", "reason"),
    [
        (Action.FAIL, Status.FAILED, "Made to fail by hand"),
        (Action.PAUSE, Status.PAUSED, None),
        (Action.CANCEL, Status.CANCELLED, None),
    ],
)
async def test_what_was_asked_of_a_job_is_done_with_the_worker_that_leaves(
    workspace: Workspace, add_job: AddJob, action: Action, status: Status, reason: str | None
) -> None:
    """Asked so late that no tick has heard of it."""
    job = add_job(speed="400")
    stop = asyncio.Event()
    worker = _worker(workspace)
    working = asyncio.create_task(worker.run(stop))
    async with asyncio.timeout(20):
        while _job(workspace, job.id).current_step < 5:
            await asyncio.sleep(0.02)
    stop.set()  # the tick that is to come hears it first
    apply_action(workspace, action, job.id)
    await working
    ended = _job(workspace, job.id)
    assert (ended.status, ended.error_message) == (status, reason)
    assert worker.unfinished == []


async def test_a_job_stops_after_its_epoch(workspace: Workspace, add_job: AddJob) -> None:
    job = add_job(speed="1000")
    stop = asyncio.Event()
    working = asyncio.create_task(_worker(workspace).run(stop))
    try:
        async with asyncio.timeout(20):
            while _job(workspace, job.id).current_step < 5:
                await asyncio.sleep(0.02)
            apply_action(workspace, Action.CANCEL_AFTER_EPOCH, job.id)
            while not _job(workspace, job.id).status.has_ended:
                await asyncio.sleep(0.02)
    finally:
        stop.set()
        await working

    ended = _job(workspace, job.id)
    assert ended.status is Status.CANCELLED
    assert ended.current_step % 250 == 0
    assert ended.current_metrics.eval_loss is not None
    epoch = ended.current_step // 250
    assert (ended.current_epoch, ended.epoch_progress) == (epoch, 100)
    *_, evaluated, last = _log(workspace, job.id)
    assert evaluated.endswith(f"after epoch {epoch}")
    assert last == f"stopped after epoch {epoch}"


async def test_the_time_left_is_up_to_the_end_of_the_epoch_after_which_it_stops(
    workspace: Workspace, add_job: AddJob
) -> None:
    """The whole takes 32 s here: 3 s at first, 10 times 0.3 s and 1.5 for evaluation, and 1.5."""
    job = add_job(speed="200", epochs=10)
    stop = asyncio.Event()
    working = asyncio.create_task(_worker(workspace).run(stop))
    left: list[float] = []
    try:
        async with asyncio.timeout(30):
            while _job(workspace, job.id).status is not Status.RUNNING:
                await asyncio.sleep(0.02)
            apply_action(workspace, Action.CANCEL_AFTER_EPOCH, job.id)
            while not (seen := _job(workspace, job.id)).status.has_ended:
                if (seconds := seen.seconds_left()) is not None:
                    left.append(seconds)
                await asyncio.sleep(0.02)
    finally:
        stop.set()
        await working
    assert left
    assert min(left) < 1.5


class _Exploding:
    """Trains three steps, then fails in a way that nobody foresaw."""

    async def run(self, job: Job, control: RunControl) -> AsyncGenerator[RunnerEvent, None]:
        steps = np.arange(1, 4, dtype=np.int64)
        yield Progress(
            Position(Stage.TRAINING, epoch=1, step=3),
            billed_seconds=601.0,
            metrics=simulate(simulation_spec(job), 0, len(steps)),
        )
        raise ZeroDivisionError("boom [bold]\x1b[31m")


async def test_a_failing_job_fails_alone_and_keeps_its_metrics(
    workspace: Workspace, add_job: AddJob
) -> None:
    bad, good = add_job(name="bad-one"), add_job(name="good-one")
    made = iter([_Exploding(), SimulatorRunner(Pace.parse("max"))])
    worker = _worker(workspace, runners={Engine.SIMULATOR: lambda: next(made)})
    await asyncio.wait_for(worker.run(asyncio.Event(), once=True), 30)

    failed = _job(workspace, bad.id)
    assert failed.status is Status.FAILED
    assert failed.error_message == "ZeroDivisionError: boom [bold]\x1b[31m"
    assert "Traceback" in (failed.error_stack or "")
    assert [row["step"] for row in metric_rows(workspace, bad.id)] == [1, 2, 3]
    assert _job(workspace, good.id).status is Status.COMPLETED


async def test_a_write_under_an_old_fence_changes_nothing(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = add_job()
    mine = workspace.database.write(workers.register, OWNER, this_process(), "1", False)
    [claimed] = workspace.database.write(claims.claim, OWNER, mine, 1)
    advance = leases.Advance(
        lease=leases.Lease(job.id, mine, claimed.fence),
        before=Position(),
        after=Position(Stage.TRAINING, epoch=1, step=2),
        status=Status.RUNNING,
        progress=0.2,
        current_metrics=claimed.current_metrics,
        current_cost=1.2,
        blocks=[simulate(simulation_spec(job), 0, 2)],
    )
    stale = replace(advance, lease=replace(advance.lease, fence=claimed.fence - 1))
    elsewhere = replace(advance, before=Position(Stage.TRAINING, epoch=1, step=1))

    assert workspace.database.write(leases.store_advances, [stale]) == {job.id}
    assert workspace.database.write(leases.store_advances, [elsewhere]) == {job.id}
    assert list(metric_rows(workspace, job.id)) == []
    assert _job(workspace, job.id).current_step == 0

    assert workspace.database.write(leases.store_advances, [advance]) == set()
    assert workspace.database.write(leases.store_advances, [advance]) == {job.id}
    assert [row["step"] for row in metric_rows(workspace, job.id)] == [1, 2]


async def test_the_apps_worker_leaves_queued_jobs_to_a_separate_one(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = add_job()
    workspace.database.write(workers.register, OWNER, this_process(), "1", True)
    stop = asyncio.Event()
    working = asyncio.create_task(_worker(workspace).run(stop))
    await asyncio.sleep(0.7)
    assert _job(workspace, job.id).status is Status.QUEUED
    stop.set()
    await working


async def test_a_worker_takes_only_its_owners_jobs(workspace: Workspace, add_job: AddJob) -> None:
    job = add_job()
    await asyncio.wait_for(Worker(workspace.database, "grace").run(asyncio.Event(), once=True), 30)
    assert _job(workspace, job.id).status is Status.QUEUED


async def test_the_log_tells_the_stages(workspace: Workspace, add_job: AddJob) -> None:
    job = add_job(epochs=1)
    await _run_all(workspace)

    lines = _log(workspace, job.id)
    assert lines[0] == "initializing (simulated)"
    assert "epoch 1 of 1: training" in lines
    assert any(line.startswith("eval_loss ") for line in lines)
    assert lines[-1] == "completed"


@pytest.mark.parametrize("budget", [0.6, 2.5, 3.0, 3.5, 4.2, 4.3])
async def test_a_budget_stops_a_job_saved_at_its_last_affordable_step(
    workspace: Workspace, add_job: AddJob, budget: float
) -> None:
    job = add_job(budget=budget)
    await _run_all(workspace)

    done = _job(workspace, job.id)
    timeline = timeline_of(job, simulation_spec(job))
    if 7.0 * timeline.total_seconds / 3600 + 0.5 <= budget:
        assert done.status is Status.COMPLETED
        return
    assert done.status is Status.CANCELLED
    assert done.final_cost is not None
    assert done.final_cost <= budget
    if done.current_step:
        assert done.error_message == f"Saved and stopped at the budget of ${budget:.2f}"
    else:
        assert done.error_message == f"A budget of ${budget:.2f} does not pay for a first step"
        assert done.final_cost == 0
    assert len(list(metric_rows(workspace, job.id))) == done.current_step

    next_step = done.current_step + 1
    epoch = -(-next_step // 250)
    after = timeline.seconds_at(Position(Stage.TRAINING, epoch=epoch, step=next_step)) + 300
    end = next_step == 750
    assert 7.0 * (after + 300 * end) / 3600 + 0.5 > budget
    told = {note.type for note in list_notifications(workspace)}
    assert "job_cancelled" in told
    assert ("budget_reached" in told) is (done.current_step > 0), "nothing was saved"
    assert ("budget_warning" in told) is (done.current_step > 0)
