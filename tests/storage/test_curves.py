"""Comparing jobs: curves read whole, summed up or continued, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.conftest import AddJob
from vapor_tui.domain.comparison import Comparison
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.metrics import MetricsBlock, Void
from vapor_tui.domain.results import Ok, Refused
from vapor_tui.domain.traces import MOST_BUCKETS
from vapor_tui.services.compare import (
    compare_jobs,
    comparison_document,
    comparison_news,
    comparison_table,
    curve_rows,
)
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import curves
from vapor_tui.storage.metrics import store_blocks


def log(workspace: Workspace, job: Job, first: int, losses: np.ndarray) -> None:
    steps = np.arange(first, first + len(losses))
    block = MetricsBlock(step=steps, epoch=steps / 1000, loss=losses)
    workspace.database.write(store_blocks, job.id, [block])


def compare(workspace: Workspace, *ids: int, known: Comparison | None = None) -> Comparison:
    answer = compare_jobs(workspace, ids, known)
    assert isinstance(answer, Ok), answer
    return answer.value


@pytest.mark.parametrize(
    ("ids", "sentence"),
    [
        ((), "at least two"),
        ((1,), "at least two"),
        ((1, 1), "Job 1 is named twice"),
        ((1, 9), "There is no job 9"),
        (tuple(range(1, 8)), "At most 6 jobs can be compared at once; these are 7"),
    ],
)
def test_what_cannot_be_compared_is_answered(
    workspace: Workspace, add_job: AddJob, ids: tuple[int, ...], sentence: str
) -> None:
    add_job()
    add_job()
    answer = compare_jobs(workspace, ids)
    assert isinstance(answer, Refused)
    assert sentence in answer.error


def test_the_jobs_come_in_the_order_they_were_asked_for(
    workspace: Workspace, add_job: AddJob
) -> None:
    jobs = [add_job(), add_job(), add_job()]
    log(workspace, jobs[1], 1, np.array([2.0, 1.0]))
    found = compare(workspace, 3, 1, 2)
    assert found.ids == (3, 1, 2)
    assert [len(compared.trace) for compared in found.jobs] == [0, 0, 2]


def test_a_long_run_is_summed_up_by_the_database(workspace: Workspace, add_job: AddJob) -> None:
    job, other = add_job(), add_job()
    losses = 2 + np.sin(np.arange(3 * MOST_BUCKETS + 7) / 300)
    losses[5_000], losses[9_000], losses[20] = 0.25, 7.0, math.nan
    log(workspace, job, 1, losses)
    trace = compare(workspace, job.id, other.id).jobs[0].trace
    assert len(trace) <= MOST_BUCKETS
    assert trace.points.count.sum() == len(losses)
    assert trace.points.step[-1] == len(losses)
    assert trace.high("loss").max() == 7.0
    assert (trace.lowest["loss"].value, trace.lowest["loss"].step) == (0.25, 5_001)
    assert trace.first_loss == 2.0
    # A stretch with a value that is not finite counts as much as the others.
    assert trace.average("loss") == pytest.approx(np.nanmean(losses), rel=1e-4)


def test_only_what_is_new_is_read(
    workspace: Workspace, add_job: AddJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, other = add_job(), add_job()
    log(workspace, job, 1, np.linspace(3, 2, 50))
    before = compare(workspace, job.id, other.id)
    log(workspace, job, 51, np.linspace(2, 1, 50))
    asked: list[int] = []
    read = curves.points_after

    def note(connection, job_id, step, limit):  # type: ignore[no-untyped-def]
        asked.append(step)
        return read(connection, job_id, step, limit)

    monkeypatch.setattr(curves, "points_after", note)
    touched = before.jobs[0].job.model_copy(update={"current_step": 0, "progress": 1.0})
    stale = Comparison(
        (type(before.jobs[0])(touched, before.jobs[0].history), before.jobs[1]), before.differing
    )
    after = compare(workspace, job.id, other.id, known=stale)
    assert asked == [49], "the last point again, since an evaluation may complete it"
    assert after.jobs[0].trace.points.step.tolist() == list(range(1, 101))
    assert after.jobs[1] is before.jobs[1]


@pytest.mark.parametrize("again", [[Void()], []])
def test_a_run_that_was_logged_again_is_compared_as_it_is_now(
    workspace: Workspace, add_job: AddJob, again: list[Void]
) -> None:
    job, other = add_job(), add_job()
    log(workspace, job, 1, np.full(600, 2.0))
    before = compare(workspace, job.id, other.id)
    workspace.database.write(store_blocks, job.id, again)
    log(workspace, job, 1, np.full(100, 5.0))
    after = compare(workspace, job.id, other.id, known=before)
    fresh = compare(workspace, job.id, other.id)
    for found in (after, fresh):
        trace = found.jobs[0].trace
        assert (len(trace), trace.first_loss) == (100 if again else 600, 5.0)
        assert trace.mean("loss")[:100].tolist() == [5.0] * 100
    assert after.jobs[0].trace.lowest == fresh.jobs[0].trace.lowest


def test_nothing_is_new_until_something_was_written(workspace: Workspace, add_job: AddJob) -> None:
    jobs = [add_job(), add_job(), add_job()]
    before = compare(workspace, 1, 2)
    assert comparison_news(workspace, (1, 2), before) is None
    assert isinstance(comparison_news(workspace, (1, 2, 3), before), Ok), "one was added"
    log(workspace, jobs[0], 1, np.array([2.0]))
    assert isinstance(comparison_news(workspace, (1, 2), before), Ok)


def test_the_table_has_a_row_for_each_job(workspace: Workspace, add_job: AddJob) -> None:
    add_job()
    add_job(lora_rank=64, name="higher, rank")
    columns, rows = comparison_table(compare(workspace, 1, 2))
    assert columns[:6] == ("job", "name", "status", "simulated", "preset", "lora_rank")
    assert [row[1] for row in rows] == ["support-bot", "higher, rank"]
    assert [row[5] for row in rows] == ["16", "64"]
    assert all(len(row) == len(columns) for row in rows)
    document = comparison_document(compare(workspace, 1, 2))
    assert document["differing_settings"]["lora_rank"] == {"1": "16", "2": "64"}


def test_curves_are_written_in_full(workspace: Workspace, add_job: AddJob) -> None:
    job, other = add_job(), add_job()
    losses = np.ones(5_001)
    losses[1] = math.inf
    log(workspace, job, 1, losses)
    log(workspace, other, 1, np.array([2.5]))
    rows = list(curve_rows(workspace, [job, other]))
    assert len(rows) == 5_002
    assert [row[4] for row in rows[:3]] == [1.0, "inf", 1.0]
    assert rows[-1][:3] == (other.id, 1, 0.001)
    assert rows[-1][5] is None
