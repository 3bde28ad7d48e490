"""Metrics: stored once per step, completed later, and given back as they were."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.conftest import AddJob
from vapor_tui.domain.metrics import VALUE_COLUMNS, MetricsBlock, Void
from vapor_tui.services.exports import metric_rows
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import curves, metrics
from vapor_tui.storage.samples import loss_samples


def _block(first: int, losses: list[float]) -> MetricsBlock:
    steps = np.arange(first, first + len(losses), dtype=np.int64)
    return MetricsBlock(step=steps, epoch=steps / 10, loss=np.array(losses))


@pytest.fixture
def job_id(add_job: AddJob) -> int:
    return add_job().id


def test_blocks_come_back_as_they_were(workspace: Workspace, job_id: int) -> None:
    workspace.database.write(metrics.store_blocks, job_id, [_block(1, [2.5, 2.25]), _block(3, [2])])
    found = workspace.database.read(metrics.metrics_after, job_id)

    assert found.step.tolist() == [1, 2, 3]
    assert found.loss is not None
    assert found.loss.tolist() == [2.5, 2.25, 2.0]
    assert found.epoch.tolist() == [0.1, 0.2, 0.3]
    assert found.accuracy is not None
    assert np.isnan(found.accuracy).all()


def test_an_evaluation_completes_the_row_of_its_step(workspace: Workspace, job_id: int) -> None:
    evaluated = MetricsBlock(step=np.array([2]), epoch=np.array([0.2]), eval_loss=np.array([1.75]))
    workspace.database.write(metrics.store_blocks, job_id, [_block(1, [2.5, 2.25])])
    workspace.database.write(metrics.store_blocks, job_id, [evaluated])

    rows = list(metric_rows(workspace, job_id))
    assert [(row["step"], row["loss"], row["eval_loss"]) for row in rows] == [
        (1, 2.5, None),
        (2, 2.25, 1.75),
    ]


def test_what_is_not_finite_is_null_with_a_mark(workspace: Workspace, job_id: int) -> None:
    values = [2.5, math.nan, math.inf, -math.inf]
    workspace.database.write(metrics.store_blocks, job_id, [_block(1, values)])

    rows = list(metric_rows(workspace, job_id))
    assert [row["loss"] for row in rows] == [2.5, None, None, None]
    assert [row["non_finite"] for row in rows] == [
        None,
        {"loss": "nan"},
        {"loss": "inf"},
        {"loss": "-inf"},
    ]
    found = workspace.database.read(metrics.metrics_after, job_id)
    assert found.loss is not None
    np.testing.assert_array_equal(found.loss, values)


def test_only_the_last_points_and_only_what_is_new(workspace: Workspace, job_id: int) -> None:
    workspace.database.write(
        metrics.store_blocks, job_id, [_block(1, [float(i) for i in range(9)])]
    )

    assert [row["step"] for row in metric_rows(workspace, job_id, last=2)] == [8, 9]
    assert len(list(metric_rows(workspace, job_id, last=100))) == 9
    newer = workspace.database.read(metrics.metrics_after, job_id, 7)
    assert newer.step.tolist() == [8, 9]
    last = workspace.database.read(metrics.metrics_after, job_id, 0, 3)
    assert last.step.tolist() == [7, 8, 9]


def test_samples_spread_over_the_run(workspace: Workspace, job_id: int) -> None:
    losses = [float(100 - i) for i in range(100)]
    workspace.database.write(metrics.store_blocks, job_id, [_block(1, losses)])

    samples = workspace.database.read(
        lambda connection: loss_samples(metrics.driver(connection), job_id, 100, 4)
    )
    assert samples == [76.0, 51.0, 26.0, 1.0]


@pytest.mark.parametrize("each", [1, 100])
def test_no_sample_is_taken_from_behind_the_present_step(
    workspace: Workspace, job_id: int, each: int
) -> None:
    workspace.database.write(metrics.store_blocks, job_id, [_block(1, [1.0] * 100)])
    found = workspace.database.read(metrics.metric_samples, job_id, 60, 4, each)
    assert found.step[-1] == 60


@pytest.mark.parametrize(
    ("earlier", "later", "value", "marks"),
    [
        (2.0, 1.0, 1.0, None),
        (math.nan, 1.0, 1.0, None),
        (2.0, math.nan, None, {"loss": "nan"}),
        (math.nan, math.inf, None, {"loss": "inf"}),
    ],
)
def test_of_two_values_of_a_step_the_later_counts(
    workspace: Workspace,
    job_id: int,
    earlier: float,
    later: float,
    value: float | None,
    marks: object,
) -> None:
    for loss in (earlier, later):
        workspace.database.write(metrics.store_blocks, job_id, [_block(1, [loss])])
    [row] = metric_rows(workspace, job_id)
    assert (row["loss"], row["non_finite"]) == (value, marks)


def test_a_mark_stays_while_another_column_is_completed(workspace: Workspace, job_id: int) -> None:
    step, epoch = np.array([1]), np.array([0.0])
    for block in (
        MetricsBlock(step=step, epoch=np.array([0.5]), loss=np.array([math.nan])),
        MetricsBlock(step=step, epoch=epoch, grad_norm=np.array([math.inf])),
        MetricsBlock(step=step, epoch=epoch, eval_loss=np.array([1.5])),
    ):
        workspace.database.write(metrics.store_blocks, job_id, [block])
    [row] = metric_rows(workspace, job_id)
    assert row["non_finite"] == {"loss": "nan", "grad_norm": "inf"}
    assert (row["loss"], row["eval_loss"], row["epoch"]) == (None, 1.5, 0.5)


def test_only_a_change_behind_the_last_row_counts_as_a_rewrite(
    workspace: Workspace, job_id: int
) -> None:
    late = MetricsBlock(step=np.array([3]), epoch=np.array([0.3]), eval_loss=np.array([1.75]))
    for blocks, count in (
        ([_block(1, [2.5, 2.25, 2.0]), late], 0),
        ([late], 0),
        ([_block(4, [1.5, 1.25])], 0),
        ([late], 1),
        ([_block(2, [2.5, 2.25, 2.0, 1.75, 1.5])], 2),
        ([Void()], 3),
        ([_block(1, [2.5])], 3),
    ):
        workspace.database.write(metrics.store_blocks, job_id, blocks)
        assert workspace.database.read(curves.rewrites, job_id) == count


def test_what_is_void_is_gone_with_its_stretches(workspace: Workspace, job_id: int) -> None:
    long = _block(1, [1.0] * 200)
    workspace.database.write(metrics.store_blocks, job_id, [long, Void(), _block(3, [2.0])])
    assert [row["step"] for row in metric_rows(workspace, job_id)] == [3]
    count = "SELECT count(*) FROM metric_stretches"
    assert workspace.database.read(lambda c: c.exec_driver_sql(count).scalar()) == 0


def test_a_gap_is_stored_as_such_and_what_is_not_a_number_with_its_mark(
    workspace: Workspace, job_id: int
) -> None:
    loss = np.array([2.0, math.nan, math.nan])
    gaps = np.zeros((len(VALUE_COLUMNS), 3), dtype=np.bool_)
    gaps[VALUE_COLUMNS.index("loss"), 2] = True
    block = MetricsBlock(np.arange(1, 4), np.zeros(3), loss=loss, gaps=gaps)
    workspace.database.write(metrics.store_blocks, job_id, [block])
    rows = list(metric_rows(workspace, job_id))
    assert [row["loss"] for row in rows] == [2.0, None, None]
    assert [row["non_finite"] for row in rows] == [None, {"loss": "nan"}, None]


def test_points_are_stored_with_the_times_they_were_logged_at(
    workspace: Workspace, job_id: int
) -> None:
    steps = np.arange(1, 201)
    block = MetricsBlock(steps, steps / 100, loss=steps * 0.1, at=1.7e9 + steps)
    workspace.database.write(metrics.store_blocks, job_id, [block])
    single = workspace.database.read(curves.points_after, job_id, 0, 500)
    assert single.at.tolist() == (1.7e9 + steps).tolist()
    summed = workspace.database.read(curves.curve, job_id, 0, 128, 2)
    assert summed.at.tolist() == [1.7e9 + 64, 1.7e9 + 128]


def test_points_from_a_step_on_are_void_with_their_stretches(
    workspace: Workspace, job_id: int
) -> None:
    again = _block(301, [2.0] * 400)
    blocks = [_block(1, [1.0] * 600), Void(301), again]
    workspace.database.write(metrics.store_blocks, job_id, blocks)
    assert [row["loss"] for row in metric_rows(workspace, job_id)] == [1.0] * 300 + [2.0] * 400
    summed = workspace.database.read(curves.curve, job_id, 0, 640, 10)
    loss = summed.mean[VALUE_COLUMNS.index("loss")]
    assert loss.tolist() == [1.0] * 4 + [(44 * 1.0 + 20 * 2.0) / 64] + [2.0] * 5


def test_less_is_left_of_a_run_that_did_not_come_as_far_again(
    workspace: Workspace, job_id: int
) -> None:
    blocks = [_block(1, [1.0] * 600), Void(301)]
    workspace.database.write(metrics.store_blocks, job_id, blocks)
    count = "SELECT max((stretch + 1) * size) FROM metric_stretches"
    assert workspace.database.read(lambda c: c.exec_driver_sql(count).scalar()) == 256
