"""How many commits a second the store makes, beside the driver alone at the same durability."""

from __future__ import annotations

import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import OWNER
from tests.faults.conftest import MustBeSound
from tests.faults.figures import Figures
from tests.faults.jobs import plant
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.lifecycle import Position, Stage, Status
from vapor_tui.processes import this_process
from vapor_tui.runners.simulator import simulation_spec, timeline_of
from vapor_tui.services.workspace import open_workspace
from vapor_tui.simulation import simulate
from vapor_tui.storage import claims, leases, workers
from vapor_tui.storage.engine import connect
from vapor_tui.worker.drive import latest_metrics

COMMITS = 300


def _advances(job: Job, lease: leases.Lease) -> list[leases.Advance]:
    """Return a tick for each step of a job's first epoch."""
    assert job.estimate is not None
    spec = simulation_spec(job)
    timeline, found, before = timeline_of(job, spec), [], Position()
    for step in range(COMMITS):
        after = Position(Stage.TRAINING, 1, 0.0, step)
        block = simulate(spec, before.step, step)
        found.append(
            leases.Advance(
                lease=lease,
                before=before,
                after=after,
                status=Status.RUNNING,
                progress=100 * step / job.total_steps,
                current_metrics=latest_metrics(job.current_metrics, block)
                if step
                else job.current_metrics,
                current_cost=job.estimate.cost_at(timeline.seconds_at(after)),
                blocks=[block] if step else [],
            )
        )
        before = after
    # What was printed on the way there belongs to the first of them.
    return [replace(found[0], lines=_BEGINNING), *found[1:]]


_BEGINNING = ("initializing (simulated)", "epoch 1 of 1: training")


def _raw(database: sqlite3.Connection, step: int) -> None:
    """Store as much as a tick does, with nothing between the driver and the file."""
    database.execute("BEGIN IMMEDIATE")
    database.execute(
        "UPDATE training_jobs SET current_step = ?, status = 'running' WHERE id = 1", (step,)
    )
    database.execute(
        "INSERT INTO training_metrics (job_id, step, epoch, loss, created_at) "
        "VALUES (1, ?, 0.1, 1.5, 0)",
        (step,),
    )
    database.execute("COMMIT")


@pytest.mark.long_faults
def test_the_rate_of_commits(tmp_path: Path, must_be_sound: MustBeSound, figures: Figures) -> None:
    """By turns, so that what else this machine does slows both."""
    path, bare = tmp_path / "jobs.db", tmp_path / "bare.db"
    plant(path, steps=COMMITS + 1, epochs=1)
    workspace = open_workspace(path, owner=OWNER)
    write, ours, raw = workspace.database.write, 0.0, 0.0
    try:
        worker = write(workers.register, OWNER, this_process(), "1", True)
        [job] = write(claims.claim, OWNER, worker, 1)
        shutil.copy(path, bare)
        with closing(connect(bare)) as database:
            for step, advance in enumerate(_advances(job, leases.Lease(1, worker, job.fence)), 1):
                begun = time.perf_counter()
                assert write(leases.store_advances, [advance]) == set()
                turned = time.perf_counter()
                _raw(database, step)
                ours, raw = ours + turned - begun, raw + time.perf_counter() - turned
    finally:
        workspace.close()
    must_be_sound(path)
    figures.words["commits per second"] = f"{COMMITS / ours:.0f}"
    figures.words["of raw sqlite3, as durable"] = f"{raw / ours:.2f} of {COMMITS / raw:.0f}"
