"""What differs between jobs, what a fall of the loss costs, and curves laid along an axis."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from tests.conftest import AddJob
from vapor_tui.domain.comparison import (
    Axis,
    Compared,
    Comparison,
    common_places,
    cost_per_drop,
    differing_settings,
    means_until,
)
from vapor_tui.domain.comparison_rows import outcome_rows
from vapor_tui.domain.history import History
from vapor_tui.domain.jobs import (
    CurrentMetrics,
    Engine,
    Job,
)
from vapor_tui.domain.lifecycle import Status
from vapor_tui.domain.metrics import VALUE_COLUMNS
from vapor_tui.domain.traces import Points

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)


def compared(job: Job, losses: list[float], **values: Any) -> Compared:
    """A job with a curve of which ten steps are an epoch and a step takes two seconds."""
    steps = np.arange(1, len(losses) + 1)
    measured = np.full((len(VALUE_COLUMNS), len(losses)), np.nan)
    measured[0] = losses
    at = NOON.timestamp() + 2.0 * steps
    changed = job.model_copy(update={"started_at": NOON, **values})
    return Compared(changed, History().extended(Points.single(steps, steps / 10, at, measured)))


def texts(jobs: list[Compared]) -> dict[str, tuple[str, ...]]:
    comparison = Comparison(tuple(jobs), differing_settings([found.job for found in jobs]))
    return {row.label: row.values for row in outcome_rows(comparison, NOON + timedelta(hours=1))}


def test_only_what_differs_in_the_order_of_the_form(add_job: AddJob) -> None:
    jobs = [add_job(), add_job(preset="quality", weight_decay=0.1, gpu_type="H100", seed=12)]
    found = differing_settings(jobs)
    assert [row.name for row in found] == [
        "preset",
        "gpu_type",
        "learning_rate",
        "batch_size",
        "epochs",
        "lora_rank",
        "lora_alpha",
        "seed",
        "weight_decay",
    ]
    assert {row.label: row.values for row in found}["Learning rate"] == ("5e-5", "3e-5")


def test_jobs_that_are_the_same_differ_in_nothing(add_job: AddJob) -> None:
    assert differing_settings([add_job(), add_job(name="another name")]) == ()


def test_what_an_attached_run_lacks_is_a_dash(add_job: AddJob) -> None:
    job = add_job()
    bare = job.model_copy(
        update={
            "id": 2,
            "hyperparameters": None,
            "gpu_config": None,
            "dataset_id": None,
            "dataset_name": None,
            "base_model": None,
            "estimate": None,
            "preset_id": None,
            "engine": Engine.HF,
            "mode": None,
        }
    )
    found = {row.name: row.values for row in differing_settings([job, bare])}
    assert found["learning_rate"] == ("5e-5", "-")
    assert found["base_model"][1] == found["dataset"][1] == found["gpu_count"][1] == "-"
    assert "budget" not in found, "neither has one"
    texts([compared(job, [2.0, 1.0]), compared(bare, [2.0, 1.0])])


def test_a_drop_costs_what_it_cost() -> None:
    assert cost_per_drop(3.0, 2.5, 1.0) == 2.0
    assert cost_per_drop(3.0, 1.0, 2.5) is None
    assert cost_per_drop(3.0, 1.0, 1.0) is None
    assert cost_per_drop(3.0, None, 1.0) is None


def test_a_loss_that_ended_as_no_number_has_no_final_value(add_job: AddJob) -> None:
    metrics = CurrentMetrics(step=3, loss=None, non_finite={"loss": "nan"})
    job = compared(add_job(), [3.0, 2.0, float("nan")], current_metrics=metrics)
    outcome = job.outcome(NOON)
    assert outcome.final_loss is outcome.cost_per_drop is None
    assert outcome.best_loss == 2.0
    shown = texts([job, compared(add_job(), [2.0])])
    assert shown["Final loss, smoothed 0.9"] == ("NaN", "2.000")


def test_money_is_marked_and_never_summed(add_job: AddJob) -> None:
    simulated = compared(add_job(), [3.0, 1.0], final_cost=4.0, status=Status.COMPLETED)
    real = compared(add_job(), [3.0, 1.0], final_cost=4.0, engine=Engine.HF)
    comparison = Comparison((simulated, real), ())
    assert comparison.mixes_money
    assert texts([simulated, real])["Cost"] == ("$4.00 sim", "$4.00")
    drops = texts([simulated, real])["Cost per 1.0 of loss"]
    assert [drop.endswith("sim") for drop in drops] == [True, False]


def test_simulated_time_stands_beside_the_wall_clock(add_job: AddJob) -> None:
    job = compared(add_job(), [3.0, 1.0], current_cost=3.5)
    outcome = job.outcome(NOON + timedelta(minutes=2))
    assert outcome.seconds == 120.0
    assert outcome.simulated_seconds == pytest.approx(1800.0), "at 7.00 USD an hour"
    real = compared(add_job(), [3.0], engine=Engine.HF)
    assert real.outcome(NOON).simulated_seconds is None


def test_curves_lie_along_steps_epochs_and_seconds(add_job: AddJob) -> None:
    job = compared(add_job(), [4.0, 3.0, 2.0, 1.0])
    assert job.along(Axis.STEP).tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(job.along(Axis.EPOCH), [0.1, 0.2, 0.3, 0.4])
    np.testing.assert_allclose(job.along(Axis.TIME), [2, 4, 6, 8])


def test_epochs_of_a_log_become_an_axis_that_rises(add_job: AddJob) -> None:
    epochs = np.array([math.nan, 0.1, math.inf, -5.0, 3.0, 0.4, math.nan])
    steps, values = np.arange(1, 8), np.ones((len(VALUE_COLUMNS), 7))
    points = Points.single(steps, epochs, steps * 1.0, values)
    job = Compared(add_job(), History().extended(points))
    assert job.along(Axis.EPOCH).tolist() == [0, 0.1, 0.1, 0.1, 3, 3, 3]
    assert len(common_places([job], Axis.EPOCH, 3)) == 3


def test_points_of_unknown_time_lie_nowhere_along_the_time(add_job: AddJob) -> None:
    steps, values = np.arange(1, 5), np.ones((len(VALUE_COLUMNS), 4))
    began = (NOON + timedelta(seconds=2)).timestamp()
    at = np.array([0.0, 0.0, began, began + 2])
    points = Points.single(steps, steps / 10, at, values)
    timed = compared(add_job(), [4.0, 3.0])
    partly = replace(timed, history=History().extended(points))
    never = replace(timed, history=History().extended(replace(points, at=np.zeros(4))))
    assert np.isnan(partly.along(Axis.TIME)).tolist() == [True, True, False, False]
    assert means_until(partly, "loss", Axis.TIME, np.array([1e9])) == [1.0]
    assert never.end_along(Axis.TIME) == 0.0
    assert means_until(never, "loss", Axis.TIME, np.array([1.0, 1e9])) == [None, None]
    assert common_places([timed, never], Axis.TIME, 1) == [timed.end_along(Axis.TIME)]
    assert len(common_places([never], Axis.TIME, 4)) == 0


def test_simulated_time_counts_every_stage(add_job: AddJob) -> None:
    job = compared(add_job(), [2.0] * 750)
    plan = job.job.estimate
    assert plan is not None
    seconds = job.along(Axis.SIMULATED)
    assert seconds[0] == pytest.approx(600 + plan.seconds_per_step)
    assert seconds[250] - seconds[249] == pytest.approx(300 + plan.seconds_per_step)
    assert seconds[-1] == pytest.approx(plan.seconds - 300 - 300), "validating and saving follow"
    real = compared(add_job(), [2.0, 1.0], engine=Engine.HF)
    assert real.along(Axis.SIMULATED).tolist() == real.along(Axis.TIME).tolist()
    assert Axis.SIMULATED in Comparison((job, real), ()).axes
    assert Axis.SIMULATED not in Comparison((real,), ()).axes


def test_means_are_aligned_whatever_the_axis(add_job: AddJob) -> None:
    long = compared(add_job(), [8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0])
    short = compared(add_job(), [4.0, 2.0])
    places = common_places([long, short], Axis.STEP, 4)
    assert places.tolist() == [2, 4, 6, 8]
    assert means_until(long, "loss", Axis.STEP, places) == [7.5, 5.5, 3.5, 1.5]
    assert means_until(short, "loss", Axis.STEP, places) == [3.0, None, None, None]
    seconds = common_places([long, short], Axis.TIME, 2)
    np.testing.assert_allclose(seconds, [8.0, 16.0])
    assert means_until(long, "loss", Axis.TIME, seconds) == [6.5, 2.5]
    assert means_until(short, "loss", Axis.TIME, seconds) == [3.0, None]
    assert len(common_places([compared(add_job(), [])], Axis.STEP, 4)) == 0


def test_results_that_no_job_has_are_left_out(add_job: AddJob) -> None:
    shown = texts([compared(add_job(), []), compared(add_job(), [])])
    assert "Last eval loss" not in shown
    assert "Progress" in shown
