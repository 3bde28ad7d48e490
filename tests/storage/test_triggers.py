"""The rules that the database keeps whatever program writes to it: tried with plain SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.conftest import AddJob
from vapor_tui.domain.lifecycle import ENDED, HELD, TRANSITIONS, Status, may_become
from vapor_tui.processes import this_process
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import workers
from vapor_tui.storage.engine import connect

PAIRS = [(before, after) for before in Status for after in Status if before is not after]
NOW = "2026-01-01 00:00:00.000000"


class Bench:
    """One job under plain SQL, as another program would write it."""

    def __init__(self, connection: sqlite3.Connection, workers: tuple[int, int]) -> None:
        self.execute = connection.execute
        self.workers = workers

    def set(self, **values: object) -> None:
        marks = ", ".join(f"{name} = :{name}" for name in values)
        self.execute(f"UPDATE training_jobs SET {marks} WHERE id = 1", values)

    def get(self, column: str) -> object:
        return self.execute(f"SELECT {column} FROM training_jobs WHERE id = 1").fetchone()[0]

    def become(self, status: Status) -> None:
        """Write a status with all that has to go with it."""
        held = self.get("lease_owner")
        values: dict[str, object] = {
            "status": status.value,
            "completed_at": NOW if status.has_ended else None,
            "lease_owner": None,
        }
        if status in HELD:
            values["lease_owner"] = held or self.workers[0]
            values["fence"] = self._fence() + (held is None)
        self.set(**values)

    def go(self, goal: Status) -> None:
        """Become a status by a way that is legal."""
        ways: list[list[Status]] = [[Status.QUEUED]]
        while ways[0][-1] is not goal:
            way = ways.pop(0)
            ways += [[*way, following] for following in TRANSITIONS[way[-1]] - set(way)]
        for status in ways[0][1:]:
            self.become(status)

    def claim_is_refused(self, **values: object) -> None:
        with pytest.raises(sqlite3.IntegrityError, match="a claim raises the fence"):
            self.set(**values)

    def _fence(self) -> int:
        fence = self.get("fence")
        assert isinstance(fence, int)
        return fence


@pytest.fixture
def bench(workspace: Workspace, add_job: AddJob) -> Iterator[Bench]:
    add_job()
    write = workspace.database.write
    first, second = (write(workers.register, "ada", this_process(), "1", True) for _ in "ab")
    with closing(connect(workspace.database.path)) as connection:
        yield Bench(connection, (first, second))


@pytest.mark.parametrize(
    ("before", "after"), [pair for pair in PAIRS if may_become(*pair)], ids=lambda s: s.value
)
def test_a_legal_change_of_status_is_allowed(bench: Bench, before: Status, after: Status) -> None:
    bench.go(before)
    bench.become(after)
    assert bench.get("status") == after


@pytest.mark.parametrize(
    ("before", "after"), [pair for pair in PAIRS if not may_become(*pair)], ids=lambda s: s.value
)
def test_an_illegal_change_of_status_is_refused(
    bench: Bench, before: Status, after: Status
) -> None:
    bench.go(before)
    with pytest.raises(sqlite3.IntegrityError, match="a job of this status cannot become that"):
        bench.become(after)
    assert bench.get("status") == before


@pytest.mark.parametrize("status", sorted(ENDED))
def test_what_is_only_watched_may_be_queued_again_from_any_end(
    bench: Bench, status: Status
) -> None:
    bench.go(status)
    bench.set(placement="attached")
    with pytest.raises(sqlite3.IntegrityError, match="a job of this status cannot become that"):
        bench.become(Status.RUNNING)
    bench.become(Status.QUEUED)
    assert bench.get("status") == Status.QUEUED


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.QUEUED])
def test_a_job_begins_queued(bench: Bench, status: Status) -> None:
    columns = [row[1] for row in bench.execute("PRAGMA table_info(training_jobs)")]
    changed = {"id": "NULL", "status": f"'{status}'"}
    if status.has_ended:
        changed["completed_at"] = f"'{NOW}'"
    if status in HELD:
        changed["lease_owner"] = str(bench.workers[0])
    values = ", ".join(changed.get(name, name) for name in columns)
    with pytest.raises(sqlite3.IntegrityError, match="a job begins queued"):
        bench.execute(f"INSERT INTO training_jobs SELECT {values} FROM training_jobs")


def test_a_status_of_nobodys_is_refused(bench: Bench) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        bench.set(status="sleeping")
    with pytest.raises(sqlite3.IntegrityError, match="desired_known"):
        bench.set(desired="everything")
    with pytest.raises(sqlite3.IntegrityError, match="current_stage_known"):
        bench.set(current_stage="thinking")


def test_a_fence_never_falls(bench: Bench) -> None:
    bench.set(fence=5)
    with pytest.raises(sqlite3.IntegrityError, match="a fence never falls"):
        bench.set(fence=4)
    bench.set(fence=5)


def test_a_claim_raises_the_fence(bench: Bench) -> None:
    first, second = bench.workers
    bench.claim_is_refused(status="initializing", lease_owner=first)
    bench.become(Status.INITIALIZING)
    bench.claim_is_refused(lease_owner=second)
    bench.set(lease_owner=second, fence=2)
    bench.set(lease_owner=second, status="running")
    assert bench.get("fence") == 2


def test_a_job_is_held_exactly_while_it_is_driven(bench: Bench) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="lease_while_held"):
        bench.set(lease_owner=bench.workers[0], fence=1)
    bench.become(Status.INITIALIZING)
    for changes in ({"lease_owner": None}, {"status": "queued"}):
        with pytest.raises(sqlite3.IntegrityError, match="lease_while_held"):
            bench.set(**changes)


def test_a_job_is_held_by_a_worker_that_there_is(bench: Bench) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        bench.set(status="initializing", lease_owner=99, fence=1)
    bench.become(Status.INITIALIZING)
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        bench.execute("DELETE FROM workers")


def test_a_job_has_ended_exactly_when_it_says_so(bench: Bench) -> None:
    for changes in ({"completed_at": NOW}, {"status": "cancelled"}):
        with pytest.raises(sqlite3.IntegrityError, match="completed_at_when_ended"):
            bench.set(**changes)
    with pytest.raises(sqlite3.IntegrityError, match="deleted_when_ended"):
        bench.set(deleted_at=NOW)


def test_a_step_is_never_taken_back(bench: Bench) -> None:
    bench.set(current_step=7)
    with pytest.raises(sqlite3.IntegrityError, match="a stored step is never taken back"):
        bench.set(current_step=6)
    with pytest.raises(sqlite3.IntegrityError, match="current_step_within"):
        bench.set(current_step=10_000)
    bench.set(current_step=7)


def test_the_history_is_only_added_to(bench: Bench) -> None:
    for statement in ("UPDATE job_events SET who = 'nobody'", "DELETE FROM job_events"):
        with pytest.raises(sqlite3.IntegrityError, match="job_events is append-only"):
            bench.execute(statement)


def test_a_deleted_job_takes_its_history_along(bench: Bench) -> None:
    bench.become(Status.CANCELLED)
    bench.set(deleted_at=NOW)
    bench.execute("DELETE FROM training_jobs")
    for table in ("job_events", "notifications", "training_metrics", "log_lines"):
        assert bench.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


def test_the_time_of_the_last_change_keeps_itself(bench: Bench) -> None:
    before = str(bench.get("updated_at"))
    bench.set(notes="seen")
    after = str(bench.get("updated_at"))
    assert after > before
    assert len(after) == len(before) == len(NOW)
    bench.set(notes="said", updated_at=NOW)
    assert bench.get("updated_at") == NOW


def test_a_metric_belongs_to_a_job_and_counts_from_one(bench: Bench) -> None:
    insert = "INSERT INTO training_metrics (job_id, step, epoch, created_at) VALUES (?, ?, 0.1, 0)"
    bench.execute(insert, (1, 1))
    for row, message in (((1, 1), "UNIQUE"), ((1, 0), "step_counts"), ((9, 1), "FOREIGN KEY")):
        with pytest.raises(sqlite3.IntegrityError, match=message):
            bench.execute(insert, row)
