"""Traces: bounded however long a run is, and the same however it was read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from vapor_tui.domain.metrics import VALUE_COLUMNS
from vapor_tui.domain.traces import MOST_BUCKETS, Points, Trace, spread_ties


def points(first: int, losses: list[float], *, per_step: int = 1) -> Points:
    steps = np.arange(first, first + len(losses) * per_step, per_step)
    values = np.full((len(VALUE_COLUMNS), len(losses)), np.nan)
    values[0] = losses
    return Points.single(steps, steps / 100, steps * 1.0, values)


def behind(trace: Trace, whole: Points) -> Points:
    """Return the points that a trace wants to be extended with, of those there are."""
    kept = whole.step > trace.resume_after
    return Points.single(whole.step[kept], whole.epoch[kept], whole.at[kept], whole.mean[:, kept])


def test_a_short_run_keeps_every_point() -> None:
    trace = Trace().extended(points(1, [3.0, 2.0, 2.5]))
    assert trace.points.step.tolist() == [1, 2, 3]
    assert trace.mean("loss").tolist() == [3.0, 2.0, 2.5]
    assert (trace.first_loss, trace.last("loss")) == (3.0, 2.5)
    assert (trace.lowest["loss"].value, trace.lowest["loss"].step) == (2.0, 2)
    assert trace.has("loss")
    assert not trace.has("eval_loss")


def test_a_long_run_is_bounded_and_keeps_its_extremes() -> None:
    losses = np.full(20_000, 1.0)
    losses[7_000], losses[13_001] = 9.0, 0.25
    trace = Trace().extended(points(1, losses.tolist()))
    assert len(trace) <= MOST_BUCKETS
    assert trace.points.count.sum() == 20_000
    assert trace.high("loss").max() == 9.0
    assert trace.low("loss").min() == 0.25
    assert trace.lowest["loss"].step == 13_002
    assert trace.points.step[-1] == 20_000


def test_growing_bit_by_bit_gives_what_reading_at_once_does() -> None:
    losses = (2 + np.sin(np.arange(9_999) / 50)).tolist()
    whole = points(1, losses)
    at_once = Trace().extended(whole)
    growing = Trace()
    for size in (1, 2, 500, 4_097, 4_098, 9_000, 9_999):
        growing = growing.extended(behind(growing, points(1, losses[:size])))
    assert growing.stride == at_once.stride
    assert growing.points.count.tolist() == at_once.points.count.tolist()
    np.testing.assert_allclose(growing.mean("loss"), at_once.mean("loss"))
    assert growing.lowest == at_once.lowest


def test_the_last_point_may_still_change() -> None:
    trace = Trace().extended(points(1, [3.0, 2.0]))
    completed = points(2, [2.0, 1.5])
    completed.mean[VALUE_COLUMNS.index("eval_loss"), 0] = 2.25
    trace = trace.extended(completed)
    assert trace.points.step.tolist() == [1, 2, 3]
    assert trace.last("eval_loss") == 2.25


def test_what_is_not_finite_is_not_there() -> None:
    trace = Trace().extended(points(1, [np.nan, 2.0, np.inf, np.nan]))
    assert (trace.first_loss, trace.last("loss")) == (2.0, 2.0)
    grouped = points(1, [np.nan, 2.0, np.nan, np.nan]).grouped(2)
    np.testing.assert_array_equal(grouped.mean[0], [2.0, np.nan])
    assert grouped.count.tolist() == [2, 2]


def test_the_final_loss_is_the_moving_average() -> None:
    losses = [3.0, 1.0, 2.0]
    wanted = (2.0 + 0.9 * 1.0 + 0.81 * 3.0) / (1 + 0.9 + 0.81)
    assert Trace().extended(points(1, losses)).smoothed_last("loss") == pytest.approx(wanted)
    flat = Trace().extended(points(1, [1.5] * 20_000))
    assert flat.smoothed_last("loss") == pytest.approx(1.5)
    assert Trace().smoothed_last("loss") is None


def test_points_stored_together_are_spread_over_the_time_since_those_before() -> None:
    moments = np.array([4.0, 4.0, 4.0, 4.0, 6.0, 6.0, 9.0])
    assert spread_ties(moments).tolist() == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 9.0]
    assert spread_ties(np.zeros(0)).tolist() == []


def test_seconds_never_fall_and_begin_with_the_job() -> None:
    trace = Trace().extended(points(1, [3.0, 2.0, 1.0]))
    at = np.array([99.0, 105.0, 103.0])
    moved = Trace(Points.single(trace.points.step, at, at, trace.points.mean))
    seconds = moved.seconds(100.0)
    assert seconds[0] == 0.0
    assert (np.diff(seconds) >= 0).all()
    assert seconds[-1] == 5.0


def test_points_of_unknown_time_stand_where_the_one_before_them_does() -> None:
    at = np.array([0.0, 0.0, 104.0, 106.0, 0.0, 110.0])
    whole = points(1, [1.0] * 6)
    seconds = Trace(replace(whole, at=at)).seconds(100.0)
    assert seconds.tolist() == [0.0, 0.0, 4.0, 6.0, 6.0, 10.0]
    assert replace(whole, at=at).timed.tolist() == [False, False, True, True, False, True]
    assert Trace(replace(whole, at=np.zeros(6))).seconds(100.0).tolist() == [0.0] * 6
