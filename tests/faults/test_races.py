"""Many workers on one database."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import OWNER
from tests.faults.conftest import MustBeSound, MustComplete
from tests.faults.figures import Figures
from tests.faults.jobs import claims, events, plant, states, worker_ids
from tests.faults.programs import PATIENCE, Programs, eventually
from vapor_tui.services.workspace import open_workspace
from vapor_tui.simulation import Pace
from vapor_tui.worker.worker import Worker, default_runners


def test_three_workers_race_for_forty_jobs(
    tmp_path: Path, programs: Programs, must_be_sound: MustBeSound, figures: Figures
) -> None:
    _race(tmp_path, programs, must_be_sound, figures, racers=3, jobs=40)


@pytest.mark.long_faults
def test_eight_workers_race_for_four_hundred_jobs(
    tmp_path: Path, programs: Programs, must_be_sound: MustBeSound, figures: Figures
) -> None:
    _race(tmp_path, programs, must_be_sound, figures, racers=8, jobs=400)


def _race(
    folder: Path,
    programs: Programs,
    must_be_sound: MustBeSound,
    figures: Figures,
    *,
    racers: int,
    jobs: int,
) -> None:
    path = folder / "jobs.db"
    plant(path, jobs=jobs, steps=5, epochs=1)
    begun = time.monotonic()
    started = [programs.worker(path, "--once", hooks=[("hurry", {})]) for _ in range(racers)]
    for program in started:
        assert program.wait(300) == 0, program.said
    seconds = time.monotonic() - begun

    final = states(path)
    assert Counter(job.status for job in final.values()) == {"completed": jobs}
    assert {job.fence for job in final.values()} == {1}, "a job was claimed twice"
    assert sum(job.step for job in final.values()) == jobs * 5
    winners = Counter(e.who for e in claims(path))
    assert len(winners) > 1, winners
    assert worker_ids(path) == []
    verdict = must_be_sound(path)
    assert verdict.rows == jobs * 5
    figures.fault(f"{racers} workers race", jobs)
    figures.words[f"{racers} workers, {jobs} jobs"] = f"{seconds:.1f} s"


async def test_two_apps_and_a_worker_on_one_file(
    tmp_path: Path, programs: Programs, must_complete: MustComplete, figures: Figures
) -> None:
    """The apps leave the work to the separate worker, and do it when that is gone."""
    path = tmp_path / "jobs.db"
    plant(path, jobs=6, speed="1500")
    separate = programs.worker(path, "--concurrency", 2, hooks=[("hurry", {})])
    eventually(lambda: sum(job.fence for job in states(path).values()) >= 2, "two claims")
    [separate_id] = worker_ids(path)
    stop, apps = asyncio.Event(), []
    with ExitStack() as opened:
        for _ in range(2):
            workspace = open_workspace(path, owner=OWNER)
            opened.callback(workspace.close)
            runners = default_runners(Pace.parse("max"))
            app = Worker(workspace.database, OWNER, runners=runners)
            apps.append(asyncio.create_task(app.run(stop)))
        await _until(lambda: len(worker_ids(path)) == 3)
        await _until(lambda: sum(job.fence for job in states(path).values()) >= 3)
        assert {claim.who for claim in claims(path)} == {f"worker {separate_id}"}

        separate.kill()
        await _until(lambda: {job.status for job in states(path).values()} == {"completed"})
        stop.set()
        await asyncio.gather(*apps)
    assert worker_ids(path) == []
    taken_over = [e for e in events(path) if e.after == "queued" and e.note]
    assert len(claims(path)) == 6 + len(taken_over)
    figures.fault("two apps and a worker, which is killed")
    must_complete(path)


async def _until(happened: object) -> None:
    assert callable(happened)
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


def test_the_app_does_the_work_where_there_is_no_other_worker(
    tmp_path: Path, programs: Programs, must_complete: MustComplete
) -> None:
    """A separate worker that was killed while idle does not keep the others from working."""
    path = tmp_path / "jobs.db"
    plant(path, jobs=0)
    separate = programs.worker(path)
    eventually(lambda: worker_ids(path), "a worker's row")
    separate.signal(signal.SIGKILL)
    separate.wait()
    plant(path, jobs=2)
    workspace = open_workspace(path, owner=OWNER)
    try:
        app = Worker(workspace.database, OWNER)
        asyncio.run(asyncio.wait_for(app.run(asyncio.Event(), once=True), PATIENCE))
    finally:
        workspace.close()
    must_complete(path)
