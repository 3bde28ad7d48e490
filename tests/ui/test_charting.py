"""Numbers on their way into a chart."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vapor_tui.ui.charting import (
    axis_top,
    epochs_apart,
    nice_top,
    reduced,
    runs,
    smoothed,
    ticks,
    whole_span,
    window_span,
)

values = st.floats(-10, 10, width=32)
gaps = st.sampled_from([math.nan, math.inf, -math.inf])


def tensorboard(series: list[float], weight: float) -> list[float]:
    """Smooth as TensorBoard's own code does, one value at a time."""
    last, count, result = 0.0, 0, []
    for value in series:
        if not math.isfinite(value):
            result.append(value)
            continue
        last = last * weight + (1 - weight) * value
        count += 1
        result.append(last / (1 - weight**count))
    return result


@given(st.lists(values | gaps, max_size=300), st.sampled_from([0.0, 0.3, 0.6, 0.99]))
def test_smoothing_is_that_of_tensorboard(series: list[float], weight: float) -> None:
    expected = tensorboard(series, weight) if weight else series
    np.testing.assert_allclose(smoothed(np.array(series, float), weight), expected, atol=1e-9)


@given(
    st.lists(st.tuples(values | gaps, st.integers(1, 9)), max_size=60),
    st.sampled_from([0.3, 0.6, 0.99]),
)
def test_a_value_that_stands_for_many_weighs_as_many(
    stretches: list[tuple[float, int]], weight: float
) -> None:
    each = [value for value, times in stretches for _ in range(times)]
    counts = np.array([times for _, times in stretches], dtype=np.int64)
    found = smoothed(np.array([value for value, _ in stretches], float), weight, counts)
    ends = np.cumsum(counts) - 1
    np.testing.assert_allclose(found, np.array(tensorboard(each, weight), float)[ends], atol=1e-9)


@given(st.lists(values, min_size=1, max_size=500), st.integers(1, 40))
def test_reduction_keeps_every_extreme_and_little_else(series: list[float], buckets: int) -> None:
    y = np.array(series, float)
    x = np.arange(1, len(y) + 1)
    xs, ys = reduced(x, y, 0, len(y), buckets)
    assert len(xs) <= max(2 * buckets, 2)
    assert ys.min() == y.min()
    assert ys.max() == y.max()
    assert (np.diff(xs) > 0).all()


def test_a_spike_among_a_million_points_is_kept() -> None:
    y = np.ones(1_000_000)
    y[777_777] = 50.0
    xs, ys = reduced(np.arange(1, len(y) + 1), y, 0, len(y), 100)
    assert len(xs) <= 200
    assert xs[ys.argmax()] == 777_778


def test_points_that_come_later_leave_the_picture_before_them_alone() -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(size=5_000)
    x = np.arange(1, len(y) + 1)
    before = reduced(x[:3_000], y[:3_000], 0, 10_000, 100)
    after = reduced(x, y, 0, 10_000, 100)
    assert before[0][:-2].tolist() == after[0][: len(before[0]) - 2].tolist()


def test_what_is_not_finite_is_a_gap() -> None:
    x = np.arange(1.0, 8.0)
    y = np.array([1.0, math.nan, 2.0, 3.0, math.inf, -math.inf, 4.0])
    xs, ys = reduced(x, y, 0, 10, 100)
    assert runs(xs, ys) == [([1.0], [1.0]), ([3.0, 4.0], [2.0, 3.0]), ([7.0], [4.0])]


def test_a_bucket_without_a_number_is_a_gap_too() -> None:
    y = np.ones(1000)
    y[400:600] = math.nan
    xs, ys = reduced(np.arange(1, 1001), y, 0, 1000, 10)
    assert len(runs(xs, ys)) == 2


@pytest.mark.parametrize(
    ("greatest", "present", "top"),
    [
        (2.4, None, 3.0),
        (2.4, 3.0, 3.0),
        (2.6, 3.0, 3.5),
        (2.0, 3.0, 3.0),
        (0.2, 3.0, 0.7),
        (14.0, None, 16.0),
        (math.nan, 2.0, 2.0),
        (math.nan, None, 1.0),
    ],
)
def test_the_y_axis_moves_in_steps_and_stays_where_it_can(
    greatest: float, present: float | None, top: float
) -> None:
    assert axis_top(greatest, present) == pytest.approx(top)


@given(st.floats(0, 1e6))
def test_the_y_axis_has_room_above_the_greatest_value(greatest: float) -> None:
    assert axis_top(greatest) >= (greatest + 0.5) * (1 - 1e-9)


@pytest.mark.parametrize("greatest", [5e-324, 1e-300, 1e300])
def test_an_axis_has_a_top_for_values_of_any_size(greatest: float) -> None:
    for top in (axis_top(greatest), nice_top(greatest)):
        assert greatest <= top < math.inf


def test_ticks_are_round_numbers() -> None:
    assert ticks(0, 3, 6) == [0, 0.5, 1, 1.5, 2, 2.5, 3]
    assert ticks(260, 460, 4) == [300, 350, 400, 450]


def test_the_axis_of_a_whole_run_doubles() -> None:
    tops = {whole_span(last, 750).high for last in range(1, 751)}
    assert tops == {47, 94, 188, 375, 750}
    assert whole_span(300, 0).high == 300
    assert whole_span(0, 0).high == 1


def test_the_axis_of_a_window_moves_by_tenths() -> None:
    assert window_span(150, 200).low == 0
    spans = {(window_span(last, 200).low, window_span(last, 200).high) for last in range(401, 441)}
    assert spans == {(220, 420), (240, 440)}
    assert all(
        low <= last <= high
        for last in (401, 420, 440)
        for low, high in [(window_span(last, 200).low, window_span(last, 200).high)]
    )


@pytest.mark.parametrize(
    ("epochs", "apart"), [(0, 1), (3, 1), (8, 1), (9, 2), (20, 5), (100, 20), (1e6, 200_000)]
)
def test_epoch_lines_leave_the_curve_to_be_seen(epochs: float, apart: int) -> None:
    assert epochs_apart(epochs) == apart
