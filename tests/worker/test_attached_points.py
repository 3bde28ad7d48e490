"""What a worker makes of the points of a log: their order, their times, starts, health."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Connection

from tests import logged_runs as logs
from tests.conftest import OWNER, AddJob
from tests.worker.test_attach import attached, losses, stored, watch
from vapor_tui.domain.health.findings import HealthKind, departures, standing
from vapor_tui.domain.jobs import (
    CurrentMetrics,
    Engine,
    Job,
)
from vapor_tui.domain.lifecycle import Position, Stage
from vapor_tui.domain.metrics import MetricsBlock
from vapor_tui.domain.traces import Points
from vapor_tui.runners.base import Completed, LogText, Progress, RunControl, RunnerEvent
from vapor_tui.services.exports import new_log_lines
from vapor_tui.services.notifications import list_notifications
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import curves, leases
from vapor_tui.storage.events import history
from vapor_tui.storage.health import health_history
from vapor_tui.storage.logs import lines_after
from vapor_tui.worker import drive
from vapor_tui.worker.drive import latest_metrics
from vapor_tui.worker.worker import Worker


def falling(last: int, seed: int = 1) -> list[dict[str, float]]:
    draw = random.Random(seed)
    rows = ((step, 0.8 + 2.2 * math.exp(-step / 300)) for step in range(10, last + 1, 10))
    return [{"step": s, "epoch": s / 1000, "loss": v + draw.gauss(0, 0.02)} for s, v in rows]


def points(workspace: Workspace, job: Job) -> Points:
    return workspace.database.read(curves.latest_points, job.id, 5000)


def found(workspace: Workspace, job: Job) -> list[HealthKind]:
    return list(standing(workspace.database.read(health_history, job.id)))


async def test_an_ordinary_run_is_sound_and_has_its_latest_values(
    workspace: Workspace, tmp_path: Path
) -> None:
    entries = []
    for row in falling(1190):
        entries.append(row)
        if row["step"] % 100 == 0:
            entries.append({**row, "eval_loss": 1.0 + row["loss"]})
            del entries[-1]["loss"]
    state = logs.trainer_state(entries, max_steps=2000)
    job = attached(workspace, logs.written(tmp_path / "trainer_state.json", state))
    await watch(workspace, job, lambda job: job.current_step == 1190)
    seen = stored(workspace, job)
    assert seen.current_metrics.loss == entries[-1]["loss"]
    assert seen.current_metrics.eval_loss == pytest.approx(1.0 + falling(1100)[-1]["loss"])
    assert workspace.database.read(health_history, job.id) == []


def test_late_points_do_not_take_the_place_of_later_ones() -> None:
    before = CurrentMetrics(step=100, loss=1.0)
    late = MetricsBlock(
        np.array([98]), np.zeros(1), loss=np.ones(1) * 3, eval_loss=np.ones(1), accuracy=np.ones(1)
    )
    after = latest_metrics(before, late)
    assert (after.step, after.loss, after.eval_loss, after.accuracy) == (100, 1.0, 1.0, 1.0)


async def test_points_have_the_times_of_the_log(workspace: Workspace, tmp_path: Path) -> None:
    rows = [{**row, "timestamp": 1.7e9 + row["step"]} for row in falling(500)]
    job = attached(workspace, logs.written(tmp_path / "m.jsonl", logs.json_lines(rows)))
    await watch(workspace, job, lambda job: job.current_step == 500)
    assert points(workspace, job).at.tolist() == [row["timestamp"] for row in rows]


async def test_times_are_known_of_what_comes_while_it_is_watched(
    workspace: Workspace, tmp_path: Path
) -> None:
    path = logs.written(tmp_path / "m.jsonl", logs.json_lines(falling(500)), 0)
    job = attached(workspace, path)

    grown = logs.json_lines(falling(510))

    def goes_on(job: Job) -> bool:
        if job.current_step == 500 and path.stat().st_size < len(grown):
            with path.open("a") as file:
                file.write(grown[path.stat().st_size :])
        return job.current_step == 510

    await watch(workspace, job, goes_on)
    at = points(workspace, job).at
    assert at[:-1].tolist() == [0.0] * 50
    assert at[-1] == pytest.approx(path.stat().st_mtime, abs=30)


async def test_a_run_that_is_started_again_is_another_to_the_watch(
    workspace: Workspace, tmp_path: Path
) -> None:
    spoilt = [
        {**row, "loss": row["loss"] * (1 if row["step"] < 600 else 8)} for row in falling(900)
    ]
    path = logs.written(tmp_path / "m.jsonl", logs.json_lines(spoilt), 0)
    job = attached(workspace, path)
    await watch(workspace, job, lambda job: job.current_step == 900)
    assert found(workspace, job)
    told = len(list_notifications(workspace))
    assert told

    with path.open("a") as file:
        file.write(logs.json_lines(falling(300, seed=2)))
    await watch(workspace, job, lambda job: job.current_step == 300)
    assert sorted(losses(workspace, job)) == list(range(10, 301, 10))
    assert stored(workspace, job).current_metrics.loss == falling(300, seed=2)[-1]["loss"]
    assert workspace.database.read(health_history, job.id) == []
    lines = [line.text for line in new_log_lines(workspace, job.id, 0)]
    assert lines[-1] == "the run was started again in the same log"

    with path.open("a") as file:
        file.write(logs.json_lines([{"step": step, "loss": math.nan} for step in (310, 320)]))
    await watch(workspace, job, lambda job: job.current_step == 320)
    assert found(workspace, job) == [HealthKind.NAN]
    assert len(list_notifications(workspace)) == told + 1, "of this start nothing was told yet"


async def test_what_was_wrong_with_a_log_that_was_replaced_does_not_stand(
    workspace: Workspace, tmp_path: Path
) -> None:
    spoilt = [
        {**row, "loss": row["loss"] * (1 if row["step"] < 600 else 8)} for row in falling(900)
    ]
    path = logs.written(tmp_path / "m.jsonl", logs.json_lines(spoilt), 0)
    job = attached(workspace, path)
    await watch(workspace, job, lambda job: job.current_step == 900)
    assert found(workspace, job)
    path.write_text(logs.json_lines(falling(800, seed=3)))
    await watch(workspace, job, lambda job: job.current_step == 800)
    changes = workspace.database.read(health_history, job.id)
    assert changes == []
    assert departures(changes, 800) == []
    events = [e for e in workspace.database.read(history, job.id) if e.what == "health"]
    assert (events[-1].before, events[-1].after) == ("findings", None)


class Hasty:
    """Has everything at once."""

    async def run(self, job: Job, control: RunControl) -> AsyncGenerator[RunnerEvent, None]:
        for step in range(1, 301):
            block = MetricsBlock(np.array([step]), np.zeros(1), loss=np.ones(1))
            yield Progress(Position(Stage.TRAINING, 1, 0.0, step), 0.0, metrics=block)
        yield Completed()


async def test_others_have_their_turn_while_events_are_taken(
    workspace: Workspace, add_job: AddJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drive, "_LONGEST_TURN", 0.0)
    turns: list[int] = []
    take = drive.Drive._take

    async def count() -> None:
        while True:
            turns[-1:] = [turns[-1] + 1 if turns else 0]
            await asyncio.sleep(0)

    def taken(self: drive.Drive, event: RunnerEvent) -> None:
        take(self, event)
        if isinstance(event, Progress) and event.position.step in (1, 300):
            turns.append(0)

    monkeypatch.setattr(drive.Drive, "_take", taken)
    add_job()
    counting = asyncio.create_task(count())
    try:
        one = Worker(workspace.database, OWNER, runners={Engine.SIMULATOR: Hasty})
        await asyncio.wait_for(one.run(asyncio.Event(), once=True), 20)
    finally:
        counting.cancel()
    assert turns[-2] >= 200, "between the first and the last of 300 events"


class Wordy:
    """Says a line for each of its steps, right behind it."""

    async def run(self, job: Job, control: RunControl) -> AsyncGenerator[RunnerEvent, None]:
        for step in range(1, 51):
            block = MetricsBlock(np.array([step]), np.zeros(1), loss=np.ones(1))
            yield Progress(Position(Stage.TRAINING, 1, 0.0, step), 0.0, metrics=block)
            yield LogText(f"step {step}")
        yield Completed()


async def test_a_position_is_never_stored_without_the_lines_behind_it(
    workspace: Workspace, add_job: AddJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drive, "_LONGEST_TURN", -1.0)
    monkeypatch.setattr(drive, "MOST_PENDING_POINTS", 0)
    seen: set[tuple[int, int]] = set()
    store = leases.store_advances

    def look(connection: Connection, advances: Sequence[leases.Advance]) -> set[int]:
        lost = store(connection, advances)
        for advance in advances:
            said = [line for line in lines_after(connection, 1) if line.text.startswith("step")]
            seen.add((advance.after.step, len(said)))
        return lost

    monkeypatch.setattr(leases, "store_advances", look)
    add_job()
    one = Worker(workspace.database, OWNER, runners={Engine.SIMULATOR: Wordy})
    await asyncio.wait_for(one.run(asyncio.Event(), once=True), 20)
    assert len(seen) > 10
    assert all(step == lines for step, lines in seen), seen
