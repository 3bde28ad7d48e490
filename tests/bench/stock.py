"""Databases for the benchmarks: so many jobs, so many points behind each of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np
from sqlalchemy import Connection, update

from vapor_tui import paths
from vapor_tui.domain.jobs import (
    CurrentMetrics,
    Job,
)
from vapor_tui.domain.lifecycle import Position, Stage, Status
from vapor_tui.domain.metrics import MetricsBlock
from vapor_tui.domain.results import Ok, Result
from vapor_tui.processes import this_process
from vapor_tui.services.datasets import add_dataset
from vapor_tui.services.jobs import Simulation, create_job, get_job
from vapor_tui.services.workspace import Workspace, open_workspace
from vapor_tui.storage import leases, workers
from vapor_tui.storage.engine import connect
from vapor_tui.storage.jobs import JOBS
from vapor_tui.storage.metrics import store_blocks

POINTS_EACH = 20
"""Of the many jobs of a list; one that is watched has its own number."""
_BLOCK = 100_000
_LONG_AGO = "2025-01-01 00:00:00.000000"
"""So that no age changes while nothing happens."""

T = TypeVar("T")


@contextmanager
def stock() -> Iterator[Workspace]:
    """Open a workspace with a ready dataset in a folder of its own, and remove it afterwards."""
    with TemporaryDirectory() as folder:
        workspace = open_workspace(Path(folder) / "bench.db")
        granted(add_dataset(workspace, paths.sample_dataset()))
        try:
            yield workspace
        finally:
            workspace.close()


def granted(result: Result[T]) -> T:
    """Return what a service answered; it has no reason to refuse."""
    assert isinstance(result, Ok), result
    return result.value


def add_job(workspace: Workspace, *, speed: str = "auto", worker: int | None = None) -> Job:
    """Create a job, queued or held by a worker."""
    raw = {"name": "watched", "preset": "fast", "epochs": 10, "batch_size": 1}
    simulation = Simulation(speed=speed)
    return granted(create_job(workspace, raw, 1, simulation=simulation, leased_to=worker))


def add_worker(workspace: Workspace) -> int:
    """Register a worker that does nothing: what it holds moves when a benchmark moves it."""
    return workspace.database.write(
        workers.register, workspace.owner, this_process(), "bench", True
    )


def add_ended(workspace: Workspace, count: int, points: int = POINTS_EACH) -> None:
    """Add jobs that have ended, copies of one with names of their own, each with some points."""
    model = add_job(workspace)
    with closing(connect(workspace.database.path)) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(training_jobs)")][1:]
        values = ["'job ' || number" if name == "name" else name for name in columns]
        numbers = (
            "WITH RECURSIVE numbers(number) AS "
            "(SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?)"
        )
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            f"{numbers} INSERT INTO training_jobs ({', '.join(columns)}) "
            f"SELECT {', '.join(values)} FROM numbers, training_jobs WHERE id = ?",
            (count - 1, model.id),
        )
        connection.execute(
            "UPDATE training_jobs SET status = 'cancelled', created_at = ?1, queued_at = ?1, "
            "completed_at = ?1, final_cost = 0, current_step = ?2 WHERE status = 'queued'",
            (_LONG_AGO, points),
        )
        connection.execute(
            f"{numbers} INSERT INTO training_metrics (job_id, step, epoch, loss, created_at) "
            "SELECT id, number, 1.0, 2.5 / (1 + number), 0 FROM training_jobs, numbers "
            "WHERE status = 'cancelled'",
            (points,),
        )
        connection.execute("COMMIT")


def add_watched(workspace: Workspace, points: int, *, ended: bool = False) -> Job:
    """Add a job with this many points, held by a worker that does nothing, or ended."""
    job = add_job(workspace, worker=add_worker(workspace))
    workspace.database.write(_lengthen, job.id, points + _BLOCK)
    for first in range(1, points + 1, _BLOCK):
        block = losses(range(first, min(first + _BLOCK, points + 1)), points)
        workspace.database.write(store_blocks, job.id, [block])
    workspace.database.write(_move, job.id, points, ended)
    return _known(workspace, job)


def move_on(workspace: Workspace, jobs: Sequence[Job]) -> list[Job]:
    """Let held jobs come one step further, in one transaction."""
    advances = [_step_of(job) for job in jobs]
    lost = workspace.database.write(leases.store_advances, advances)
    assert not lost
    return [_known(workspace, job) for job in jobs]


def losses(steps: range, length: int) -> MetricsBlock:
    """Return some steps of a noisy falling curve that looks the same however long it is.

    What it costs to draw depends on its shape.
    """
    step = np.arange(steps.start, steps.stop, dtype=np.int64)
    noise = np.random.Generator(np.random.PCG64(steps.start)).standard_normal(len(step))
    loss = 0.5 + 2.0 * np.exp(-10 * step / length) + 0.05 * noise
    columns = dict.fromkeys(("learning_rate", "grad_norm", "tokens_per_second"), loss)
    return MetricsBlock(step=step, epoch=step / 1e6, loss=loss, accuracy=1 - loss / 3, **columns)


def _step_of(job: Job) -> leases.Advance:
    step = job.current_step + 1
    block = losses(range(step, step + 1), step)
    return leases.Advance(
        lease=leases.Lease(job.id, job.lease_owner or 0, job.fence),
        before=job.position,
        after=Position(Stage.TRAINING, 1, 0.0, step),
        status=Status.RUNNING,
        progress=min(100 * step / job.total_steps, 100),
        current_metrics=CurrentMetrics(step=step, epoch=1, loss=float(block.column("loss")[0])),
        current_cost=step / 1000,
        blocks=(block,),
    )


def _known(workspace: Workspace, job: Job) -> Job:
    known = get_job(workspace, job.id)
    assert known is not None
    return known


def _lengthen(connection: Connection, job_id: int, total_steps: int) -> None:
    connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(total_steps=total_steps))


def _move(connection: Connection, job_id: int, step: int, ended: bool) -> None:
    values = {"current_stage": Stage.TRAINING, "current_epoch": 1, "current_step": step}
    connection.execute(
        update(JOBS).where(JOBS.c.id == job_id).values(status=Status.RUNNING, **values)
    )
    if ended:
        end = {"status": Status.COMPLETED, "lease_owner": None, "final_cost": 1.0}
        connection.execute(
            update(JOBS).where(JOBS.c.id == job_id).values(completed_at=datetime.now(UTC), **end)
        )
