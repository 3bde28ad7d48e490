"""Jobs whose worker is gone go to whoever comes next, or end as somebody wanted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection

from tests.conftest import OWNER, AddJob
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.lifecycle import Action, Desired, Position, Stage, Status
from vapor_tui.domain.results import Ok, Refused
from vapor_tui.processes import this_process
from vapor_tui.runners.simulator import simulation_spec
from vapor_tui.services.exports import metric_rows, new_log_lines
from vapor_tui.services.jobs import apply_action, get_job
from vapor_tui.services.notifications import list_notifications
from vapor_tui.services.workspace import Workspace
from vapor_tui.simulation import simulate
from vapor_tui.storage import claims, jobs, leases, takeover, workers
from vapor_tui.storage.events import history
from vapor_tui.storage.logs import lines_after
from vapor_tui.storage.takeover import BARREN_CLAIMS

NOBODY = 2**22 + 1


class Ward:
    """Workers that live and die at a word, on one database."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.write, self.read = workspace.database.write, workspace.database.read

    def register(self, *, is_gone: bool = False) -> int:
        process = replace(this_process(), pid=NOBODY) if is_gone else this_process()
        return self.write(workers.register, OWNER, process, "1", True)

    def worker(self, number: int) -> workers.Worker:
        found = self.read(workers.worker_by_id, number)
        assert found is not None
        return found

    def claim(self, worker: int, most: int = 4) -> list[Job]:
        return self.write(claims.claim, OWNER, worker, most)

    def die(self, worker: int) -> None:
        """Let a worker be found dead by another."""
        self.write(takeover.take_over, self.worker(worker), "worker 99")

    def job(self, number: int) -> Job:
        found = get_job(self.workspace, number)
        assert found is not None
        return found

    def advance(self, job: Job, **changes: Any) -> leases.Advance:
        """Return an advance of a job by two steps."""
        assert job.lease_owner is not None
        values = {
            "lease": leases.Lease(job.id, job.lease_owner, job.fence),
            "before": job.position,
            "after": Position(Stage.TRAINING, epoch=1, step=job.current_step + 2),
            "status": Status.RUNNING,
            "progress": 1.0,
            "current_metrics": job.current_metrics,
            "current_cost": 1.2,
            "blocks": [simulate(simulation_spec(job), job.current_step, job.current_step + 2)],
        }
        return leases.Advance(**{**values, **changes})

    def store(self, job: Job, **changes: Any) -> set[int]:
        return self.write(leases.store_advances, [self.advance(job, **changes)])


@pytest.fixture
def ward(workspace: Workspace) -> Ward:
    return Ward(workspace)


def test_the_jobs_of_a_dead_worker_wait_for_the_next(ward: Ward, add_job: AddJob) -> None:
    first, second = add_job(), add_job()
    dead, heir = ward.register(), ward.register()
    ward.claim(dead)
    ward.store(ward.job(1))
    released = ward.write(takeover.take_over, ward.worker(dead), f"worker {heir}")

    assert [job.id for job in released] == [first.id, second.id]
    assert [ward.job(n).status for n in (1, 2)] == [Status.QUEUED, Status.QUEUED]
    assert ward.read(workers.worker_by_id, dead) is None
    event = ward.read(history, 1)[-1]
    assert (event.before, event.after, event.who) == ("running", "queued", f"worker {heir}")
    assert (event.fence, event.note) == (1, "its worker is gone")

    again = ward.claim(heir)
    assert [(job.id, job.fence) for job in again] == [(1, 2)]  # the other is on trial after it
    assert again[0].position == Position(Stage.TRAINING, epoch=1, step=2)
    assert [row["step"] for row in metric_rows(ward.workspace, 1)] == [1, 2]


def test_a_worker_that_gave_a_sign_of_life_keeps_its_jobs(ward: Ward, add_job: AddJob) -> None:
    add_job()
    owner = ward.register()
    ward.claim(owner)
    seen = ward.worker(owner)
    ward.write(workers.beat, owner)

    assert ward.write(takeover.take_over, seen, "worker 2") == []
    assert ward.job(1).lease_owner == owner


def test_a_worker_that_comes_back_writes_nothing(ward: Ward, add_job: AddJob) -> None:
    add_job()
    zombie, heir = ward.register(), ward.register()
    [held] = ward.claim(zombie)
    ward.die(zombie)
    assert ward.store(held) == {1}
    ward.claim(heir)
    assert ward.store(held) == {1}

    assert ward.job(1).current_step == 0
    assert list(metric_rows(ward.workspace, 1)) == []
    assert not ward.write(workers.beat, zombie)


def test_what_was_stored_is_not_stored_again(ward: Ward, add_job: AddJob) -> None:
    """As by a worker whose commit was reported to have failed, and had not."""
    add_job()
    [held] = ward.claim(ward.register())
    assert ward.store(held, lines=["step 2"]) == set()
    told = ward.read(history, 1)
    assert ward.store(held, lines=["step 2"]) == {1}

    assert [line.text for line in ward.read(lines_after, 1, 0)] == ["step 2"]
    assert ward.read(history, 1) == told


def test_a_lease_of_an_earlier_claim_writes_nothing(ward: Ward, add_job: AddJob) -> None:
    add_job()
    worker = ward.register()
    [held] = ward.claim(worker)
    assert ward.store(held, after=held.position, status=Status.QUEUED) == set()
    ward.claim(worker)
    assert ward.store(held) == {1}
    assert ward.job(1).current_step == 0


@pytest.mark.parametrize(
    ("action", "status"),
    [
        (Action.CANCEL, Status.CANCELLED),
        (Action.PAUSE, Status.PAUSED),
        (Action.FAIL, Status.FAILED),
        (Action.CANCEL_AFTER_EPOCH, Status.QUEUED),
    ],
)
@pytest.mark.parametrize("asks_first", [True, False])
def test_what_was_asked_is_done_to_a_job_whose_worker_is_gone(
    ward: Ward, add_job: AddJob, action: Action, status: Status, asks_first: bool
) -> None:
    """Whether the worker dies before the person asks, who then does it, or afterwards."""
    add_job()
    holder = ward.register(is_gone=not asks_first)
    ward.claim(holder)
    ward.store(ward.job(1))
    answer = apply_action(ward.workspace, action, 1)
    assert isinstance(answer, Ok)
    if asks_first:
        assert answer.value.status is Status.RUNNING
        ward.die(holder)

    job = ward.job(1)
    assert job.status is status
    assert job.lease_owner is None
    assert (job.final_cost is not None) is job.status.has_ended
    if job.final_cost is not None:
        assert job.final_cost == pytest.approx(1.2 + 0.5)
    if action is Action.CANCEL_AFTER_EPOCH:
        assert job.desired is Desired.STOP_AFTER_EPOCH


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        (Action.CANCEL_AFTER_EPOCH, Action.PAUSE, "a pause would take that back"),
        (Action.PAUSE, Action.CANCEL_AFTER_EPOCH, "is about to pause"),
    ],
)
def test_a_wish_that_another_would_lose_is_refused(
    ward: Ward, add_job: AddJob, first: Action, second: Action, sentence: str
) -> None:
    add_job()
    ward.claim(ward.register())
    assert isinstance(apply_action(ward.workspace, first, 1), Ok)
    wanted = ward.job(1).desired
    refused = apply_action(ward.workspace, second, 1)
    assert isinstance(refused, Refused)
    assert sentence in refused.error
    assert ward.job(1).desired is wanted
    assert isinstance(apply_action(ward.workspace, Action.CANCEL, 1), Ok)
    assert ward.job(1).desired is Desired.STOP


@pytest.mark.parametrize("wish", [Desired.STOP_AFTER_EPOCH, Desired.FAIL])
def test_a_queued_job_keeps_the_wish_that_its_worker_left_undone(
    ward: Ward, add_job: AddJob, wish: Desired
) -> None:
    add_job()
    ward.write(jobs.set_desired, 1, wish)
    assert isinstance(apply_action(ward.workspace, Action.PAUSE, 1), Refused)
    [claimed] = ward.claim(ward.register())
    assert claimed.desired is wish


def test_the_third_death_without_progress_is_the_jobs_own_fault(
    ward: Ward, add_job: AddJob
) -> None:
    add_job()
    for number in range(1, BARREN_CLAIMS + 1):
        worker = ward.register()
        ward.claim(worker)
        ward.die(worker)
        assert ward.job(1).barren_claims == number

    job = ward.job(1)
    assert job.status is Status.FAILED
    assert "no progress in 3 attempts" in (job.error_message or "")
    assert new_log_lines(ward.workspace, 1, 0)[-1].text == f"failed: {job.error_message}"
    assert job.final_cost is not None
    told = list_notifications(ward.workspace)[0]
    assert (told.type, "no progress" in told.message) == ("job_failed", True)

    again = apply_action(ward.workspace, Action.RETRY, 1)
    assert isinstance(again, Ok)
    assert (again.value.status, again.value.barren_claims) == (Status.QUEUED, 0)


def test_progress_makes_up_for_deaths(ward: Ward, add_job: AddJob) -> None:
    add_job()
    for _ in range(2 * BARREN_CLAIMS):
        worker = ward.register()
        [job] = ward.claim(worker)
        ward.store(job)
        ward.die(worker)
    assert ward.job(1).status is Status.QUEUED
    assert ward.job(1).current_step == 4 * BARREN_CLAIMS


def test_work_that_is_handed_back_is_no_death(ward: Ward, add_job: AddJob) -> None:
    add_job()
    worker = ward.register()
    for _ in range(2 * BARREN_CLAIMS):
        [job] = ward.claim(worker)
        ward.store(job, after=job.position, blocks=[], status=Status.QUEUED)
    assert ward.job(1).status is Status.QUEUED
    assert ward.job(1).barren_claims == 0


def test_jobs_that_lost_a_worker_together_are_tried_one_by_one(ward: Ward, add_job: AddJob) -> None:
    """One of them may have killed it, and must not take the others with it again."""
    for _ in range(3):
        add_job()
    first, second = ward.register(), ward.register()
    ward.claim(first)
    ward.die(first)
    fresh = add_job()

    assert [job.id for job in ward.claim(second)] == [1, fresh.id]
    assert ward.claim(second) == []  # the first one has not come further yet
    ward.store(ward.job(1))
    assert [job.id for job in ward.claim(second)] == [2]


def test_a_log_that_rests_keeps_no_job_from_being_tried(ward: Ward, add_job: AddJob) -> None:
    add_job()
    add_job()
    ward.write(_attach, 1)
    dying = ward.register(is_gone=True)
    assert {job.id for job in ward.claim(dying)} == {1, 2}
    ward.die(dying)
    assert [ward.job(number).barren_claims for number in (1, 2)] == [0, 1]
    heir = ward.register()
    assert {job.id for job in ward.claim(heir)} == {1, 2}


def _attach(connection: Connection, job_id: int) -> None:
    connection.exec_driver_sql(
        "UPDATE training_jobs SET placement = 'attached', engine = 'external' WHERE id = ?",
        (job_id,),
    )


def test_a_worker_that_holds_a_job_is_not_removed(ward: Ward, add_job: AddJob) -> None:
    add_job()
    worker = ward.register()
    ward.claim(worker)
    ward.write(workers.unregister, worker)
    assert ward.worker(worker).id == worker
    assert ward.read(workers.holding, OWNER).holders == {worker}


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (Desired.PAUSE, Status.PAUSED),
        (Desired.STOP, Status.CANCELLED),
        (Desired.STOP_AFTER_EPOCH, Status.QUEUED),
        (Desired.FAIL, Status.QUEUED),
    ],
)
def test_the_last_word_counts_while_a_job_is_being_paused(
    ward: Ward, add_job: AddJob, asked: Desired, status: Status
) -> None:
    """A cancel that arrives between the pause and its storing must not be lost."""
    add_job()
    [job] = ward.claim(ward.register())
    ward.write(jobs.set_desired, 1, asked)
    assert ward.store(job, status=Status.PAUSED) == set()

    stored = ward.job(1)
    assert stored.status is status
    assert (stored.final_cost is not None) is status.has_ended
    if status is Status.QUEUED:
        assert stored.desired is asked


def test_what_a_worker_holds_without_knowing_can_be_found(ward: Ward, add_job: AddJob) -> None:
    """As after an error that came behind the commit of a claim."""
    add_job()
    worker = ward.register()
    [claimed] = ward.claim(worker)
    [found] = ward.read(claims.held_by, worker)
    assert (found.id, found.fence) == (claimed.id, claimed.fence)


def test_a_worker_whose_row_was_removed_by_hand_does_not_count_against_its_job(
    ward: Ward, add_job: AddJob
) -> None:
    job, worker = add_job(), ward.register()
    ward.claim(worker)
    with closing(sqlite3.connect(ward.workspace.database.path)) as by_hand, by_hand:
        by_hand.execute("DELETE FROM workers")
    assert ward.read(workers.holding, OWNER).orphans == [job.id]
    [released] = ward.write(takeover.release_orphans, OWNER, "worker 99")
    assert released.status is Status.INITIALIZING
    stored = ward.job(job.id)
    assert (stored.status, stored.barren_claims, stored.lease_owner) == (Status.QUEUED, 0, None)
