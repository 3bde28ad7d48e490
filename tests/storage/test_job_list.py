"""The list of jobs: its orders, its filters, and what all of it comes to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Connection, update

from tests.ui.support import advance, hold
from vapor_tui.domain.job_pages import (
    JobFilter,
    Sort,
)
from vapor_tui.domain.jobs import (
    CurrentMetrics,
    Engine,
    Job,
)
from vapor_tui.domain.lifecycle import Action, Status
from vapor_tui.domain.results import Ok, Refused
from vapor_tui.services.annotations import change_tags, set_note, set_tags, tags_in_use
from vapor_tui.services.cloning import clone_job
from vapor_tui.services.jobs import apply_action, apply_actions, get_job, get_jobs, list_jobs
from vapor_tui.services.overview import job_totals, overview
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage.events import history
from vapor_tui.storage.jobs import JOBS

AddJob = Callable[..., Job]
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


def change(workspace: Workspace, job: Job, **values: Any) -> None:
    def store(connection: Connection) -> None:
        connection.execute(update(JOBS).where(JOBS.c.id == job.id).values(values))

    workspace.database.write(store)


def listed(workspace: Workspace, **wanted: Any) -> list[int]:
    return [job.id for job in list_jobs(workspace, JobFilter(**wanted)).jobs]


@pytest.fixture
def three(workspace: Workspace, add_job: AddJob) -> list[Job]:
    """Jobs whose values are in another order than their numbers; the third has few of them."""
    made = [add_job(name=name) for name in ("bbb", "AAA", "ccc")]
    for job, loss, cost, age in zip(
        made, (2.0, 1.0, None), (1.0, 3.0, 0.0), (3, 1, 2), strict=True
    ):
        change(
            workspace,
            job,
            current_metrics=CurrentMetrics(loss=loss),
            current_cost=cost,
            progress=10 * cost,
            created_at=NOON - timedelta(hours=age),
            started_at=NOON - timedelta(hours=age) if loss else None,
            estimated_completion_at=NOON + timedelta(hours=cost) if loss else None,
        )
    return made


@pytest.mark.parametrize(
    ("sort", "order", "turned"),
    [
        (Sort.NEWEST, [3, 2, 1], [1, 2, 3]),
        (Sort.OLDEST, [1, 2, 3], [3, 2, 1]),
        (Sort.NAME, [2, 1, 3], [3, 1, 2]),
        (Sort.STATUS, [3, 2, 1], [3, 2, 1]),
        (Sort.MODEL, [3, 2, 1], [3, 2, 1]),
        (Sort.PROGRESS, [2, 1, 3], [3, 1, 2]),
        (Sort.COST, [2, 1, 3], [1, 2, 3]),
        (Sort.AGE, [2, 3, 1], [1, 3, 2]),
        (Sort.LOSS, [2, 1, 3], [1, 2, 3]),
        (Sort.LEFT, [1, 2, 3], [2, 1, 3]),
        (Sort.DURATION, [1, 2, 3], [2, 1, 3]),
    ],
)
def test_orders(
    workspace: Workspace, three: list[Job], sort: Sort, order: list[int], turned: list[int]
) -> None:
    """What has no value stands last either way; the newest job comes first among equals."""
    assert listed(workspace, sort=sort) == order
    assert listed(workspace, sort=sort, is_reversed=True) == turned


def test_the_page_of_a_job_is_found(workspace: Workspace, add_job: AddJob) -> None:
    for number in range(7):
        add_job(name=f"job-{number}")
    page = list_jobs(workspace, JobFilter(sort=Sort.NAME, limit=3, around=6))
    assert (page.page, [job.name for job in page.jobs]) == (2, ["job-3", "job-4", "job-5"])
    assert list_jobs(workspace, JobFilter(limit=3, around=99, page=2)).page == 2


def test_jobs_of_a_tag(workspace: Workspace, three: list[Job]) -> None:
    set_tags(workspace, 1, ["Base, lr sweep"])
    set_tags(workspace, 2, ["baseline"])
    assert listed(workspace, tag="base") == [1]
    assert listed(workspace, tag=" LR SWEEP ") == [1]
    assert listed(workspace, tag="none") == []
    assert listed(workspace, search="base") == [2, 1]


def test_tags_in_use_come_by_their_number(workspace: Workspace, three: list[Job]) -> None:
    assert tags_in_use(workspace) == []
    for job_id, tags in ((1, "a,b"), (2, "b"), (3, "c,b")):
        set_tags(workspace, job_id, [tags])
    assert tags_in_use(workspace) == ["b", "a", "c"]


def test_tags_are_changed_and_recorded(workspace: Workspace, three: list[Job]) -> None:
    answer = change_tags(workspace, 1, ["x", "y, z"], [])
    assert isinstance(answer, Ok)
    assert answer.value.tags == ["x", "y", "z"]
    change_tags(workspace, 1, ["New"], ["Y", "unknown"])
    change_tags(workspace, 1, [], [])
    job = get_job(workspace, 1)
    assert job is not None
    assert job.tags == ["x", "z", "New"]
    events = [e for e in workspace.database.read(history, 1) if e.what == "tags"]
    assert [(e.before, e.after) for e in events] == [("", "x, y, z"), ("x, y, z", "x, z, New")]
    assert isinstance(change_tags(workspace, 1, ["t" * 41], []), Refused)
    assert isinstance(change_tags(workspace, 77, ["t"], []), Refused)


def test_a_note_is_stored_as_it_came(workspace: Workspace, three: list[Job]) -> None:
    text = "first\nsecond \x1b[31m \udc80"
    assert isinstance(set_note(workspace, 1, text), Ok)
    job = get_job(workspace, 1)
    assert job is not None
    assert job.notes == "first\nsecond \x1b[31m ?"
    assert isinstance(set_note(workspace, 1, "n" * 10_001), Refused)
    assert isinstance(set_note(workspace, 77, "n"), Refused)
    assert [e.what for e in workspace.database.read(history, 1)] == ["status", "note"]


def test_annotations_leave_a_running_job_its_worker(workspace: Workspace, add_job: AddJob) -> None:
    job = advance(workspace, hold(workspace, add_job), 60)
    set_tags(workspace, job.id, ["t"])
    set_note(workspace, job.id, "n")
    later = advance(workspace, job, 61)
    assert (later.current_step, later.tags, later.notes) == (61, ["t"], "n")


def test_several_jobs_are_answered_one_by_one(workspace: Workspace, three: list[Job]) -> None:
    apply_action(workspace, Action.CANCEL, 2)
    answers = apply_actions(
        workspace, {1: Action.PAUSE, 2: Action.PAUSE, 3: Action.CANCEL, 9: Action.PAUSE}
    )
    assert list(answers) == [1, 2, 3, 9]
    statuses = {job.id: job.status for job in get_jobs(workspace, [1, 2, 3, 9])}
    assert statuses == {1: Status.PAUSED, 2: Status.CANCELLED, 3: Status.CANCELLED}
    refused = answers[2]
    assert isinstance(refused, Refused)
    assert refused.error == "Job 2 is cancelled and can't be paused: it has ended"
    assert isinstance(answers[9], Refused)


def test_a_copy_is_queued_with_changes(workspace: Workspace, add_job: AddJob) -> None:
    job = add_job(name="chat", lora_rank=8, epochs=2, budget=5)
    answer = clone_job(workspace, job.id, {"lora_rank": "32", "epochs": None})
    assert isinstance(answer, Ok)
    copy = answer.value
    assert (copy.name, copy.status, copy.budget, copy.seed) == ("chat-2", Status.QUEUED, 5, 11)
    assert (copy.dataset_id, copy.speed, copy.mode) == (job.dataset_id, "max", job.mode)
    values = copy.hyperparameters
    assert values is not None
    assert (values.lora_rank, values.lora_alpha, values.epochs) == (32, 64, 2)

    by_preset = clone_job(workspace, job.id, {"preset": "fast", "name": "quick"}, speed="auto")
    assert isinstance(by_preset, Ok)
    assert by_preset.value.preset_id == "fast"
    assert (by_preset.value.name, by_preset.value.speed) == ("quick", "auto")

    wrong = clone_job(workspace, job.id, {"lora_rank": "3"})
    assert isinstance(wrong, Refused)
    assert wrong.details == {"lora_rank": "LoRA rank must be at least 4"}
    assert isinstance(clone_job(workspace, 99, {}), Refused)
    assert len(list_jobs(workspace).jobs) == 3


def test_copies_of_one_job_have_names_of_their_own(workspace: Workspace, add_job: AddJob) -> None:
    job = add_job(name="chat")
    copies = [clone_job(workspace, job.id, {}) for _ in range(2)]
    assert [copy.value.name for copy in copies if isinstance(copy, Ok)] == ["chat-2", "chat-3"]


def ended(workspace: Workspace, job: Job, began: datetime, hours: float, cost: float) -> None:
    """Let a job have run for so long at this cost, storage included."""
    change(workspace, job, status=Status.CANCELLED, completed_at=began + timedelta(hours=hours),
           started_at=began, final_cost=cost, current_cost=cost - 0.5)  # fmt: skip


def test_what_was_spent_is_spread_over_the_days_of_a_run(
    workspace: Workspace, add_job: AddJob
) -> None:
    hours = timedelta(hours=1)
    ended(workspace, add_job(), NOON - 2 * hours, 1, 4.0)  # today
    ended(workspace, add_job(), NOON - 24 * hours, 1, 8.0)  # yesterday
    ended(workspace, add_job(), NOON - 24 * hours, 18, 6.0)  # a third of it today
    ended(workspace, add_job(), NOON - 20 * 24 * hours, 1, 100.0)  # the month before
    ended(workspace, add_job(), NOON - 10 * 24 * hours, 24, 10.0)  # half of it this month
    add_job()
    totals = job_totals(workspace, NOON)
    assert totals.simulated.today == pytest.approx(4 + 2, abs=1e-6)
    assert totals.simulated.month == pytest.approx(4 + 8 + 6 + 5, abs=1e-6)
    assert totals.simulated.counts == {Status.CANCELLED: 5, Status.QUEUED: 1}
    assert (totals.real.total, totals.real.today, totals.real.month) == (0, 0, 0)


def test_real_and_simulated_dollars_are_never_added(workspace: Workspace, add_job: AddJob) -> None:
    for engine, cost in ((Engine.SIMULATOR, 4.0), (Engine.HF, 1.5)):
        job = add_job()
        change(workspace, job, engine=engine)
        ended(workspace, job, NOON - timedelta(hours=2), 1, cost)
    totals = job_totals(workspace, NOON)
    assert (totals.simulated.today, totals.real.today) == (4.0, 1.5)


def test_days_are_those_of_the_clock(workspace: Workspace, add_job: AddJob) -> None:
    ended(workspace, add_job(), NOON - timedelta(hours=13), 1, 4.0)  # 23:00 to midnight, UTC
    assert job_totals(workspace, NOON).simulated.today == 0
    east = NOON.astimezone(timezone(timedelta(hours=2)))
    assert job_totals(workspace, east).simulated.today == 4


def test_a_job_that_runs_counts_until_now(workspace: Workspace, add_job: AddJob) -> None:
    job = advance(workspace, hold(workspace, add_job), 60)
    change(workspace, job, started_at=NOON - timedelta(hours=24), current_cost=6.0)
    totals = job_totals(workspace, NOON).simulated
    assert totals.today == pytest.approx(3, abs=1e-6)
    assert (totals.running, totals.queued) == (1, 0)


def test_a_job_that_waits_again_counts_until_it_was_handed_back(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = add_job()
    began = datetime.now(UTC) - timedelta(hours=1)
    change(workspace, job, started_at=began, current_cost=6.0)
    later = datetime.now(UTC) + timedelta(days=400)
    assert job_totals(workspace, later).simulated.month == 0


def test_the_overview_is_read_again_on_another_day(workspace: Workspace, add_job: AddJob) -> None:
    ended(workspace, add_job(), NOON - timedelta(hours=2), 1, 4.0)
    first = overview(workspace, now=NOON)
    assert first is not None
    assert first.totals.simulated.today == 4
    assert overview(workspace, first, now=NOON + timedelta(hours=2)) is None
    second = overview(workspace, first, now=NOON + timedelta(hours=13))
    assert second is not None
    assert second.totals.simulated.today == 0
