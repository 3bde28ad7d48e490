"""Metrics: stored once per step, completed later, and given back as they were."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.conftest import AddJob
from vapor_tui.domain.metrics import MetricsBlock
from vapor_tui.services.exports import metric_rows
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import metrics


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

    samples = workspace.database.read(metrics.loss_samples, job_id, 100, 4)
    assert samples == [76.0, 51.0, 26.0, 1.0]
