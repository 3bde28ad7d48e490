"""A metric on its way into a chart: along every axis, without seams, on axes that stay."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vapor_tui.domain.comparison import Axis
from vapor_tui.domain.history import History
from vapor_tui.domain.metrics import VALUE_COLUMNS
from vapor_tui.domain.traces import Points
from vapor_tui.ui.chart_view import STEP_TIME, ChartView
from vapor_tui.ui.charting import Floats, Span, runs, smoothed
from vapor_tui.ui.metric_curve import Places, curve_of, raw_line, smooth_line, y_ends
from vapor_tui.ui.plotting import Picture, draw

PLAIN = ChartView(smoothing=0.0)


def points(losses: Floats, **columns: Floats) -> Points:
    steps = np.arange(1, len(losses) + 1)
    values = np.full((len(VALUE_COLUMNS), len(losses)), np.nan)
    for name, column in {"loss": losses, **columns}.items():
        values[VALUE_COLUMNS.index(name)] = column
    return Points.single(steps, steps / 100, 1000 + steps * 2.0, values)


@pytest.mark.parametrize(("axis", "end"), [(Axis.STEP, 300), (Axis.EPOCH, 3), (Axis.TIME, 600)])
def test_steps_lie_along_every_axis_and_are_found_again(axis: Axis, end: float) -> None:
    places = Places.of(points(np.ones(300)), axis, 1000.0)
    assert places.place(300) == pytest.approx(end)
    assert places.place(0) == 0
    assert places.place(600) == pytest.approx(2 * end), "at the pace so far"
    assert places.step(places.place(123)) == pytest.approx(123)
    span = places.span(Span(100, 200))
    assert span.low <= places.place(100) < places.place(200) <= span.high


def test_points_of_one_moment_still_have_an_axis() -> None:
    one = points(np.ones(5))
    at_once = replace(one, at=np.zeros(5), epoch=np.zeros(5))
    for axis in Axis:
        span = Places.of(at_once, axis, 0.0).span(Span(0, 5))
        assert span.high > span.low


def test_step_time_comes_from_when_steps_were_stored() -> None:
    run = points(np.ones(50))
    places = Places.of(run, Axis.STEP, 1000.0)
    curve = curve_of(run, places, 1000.0, replace(PLAIN, metric=STEP_TIME))
    assert len(curve.step) == 49
    np.testing.assert_allclose(curve.low, 2.0)


def test_what_was_not_measured_is_passed_over_and_what_is_not_finite_is_a_gap() -> None:
    losses = np.array([3.0, math.nan, 2.0, math.inf, 1.0])
    run = points(losses)
    curve = curve_of(run, Places.of(run, Axis.STEP, 0.0), 0.0, PLAIN)
    assert curve.step.tolist() == [1, 3, 4, 5]
    assert curve.lost.tolist() == [False, False, True, False]
    x, y = raw_line(curve, Span(0, 5), 100)
    assert x.tolist() == [1, 3, 4, 5]
    assert np.isnan(y).tolist() == [False, False, True, False]


@pytest.mark.parametrize("weight", [0.6, 0.9, 0.99])
def test_the_seam_between_stretches_and_points_does_not_show(weight: float) -> None:
    """At the width of a chart the curve of a run summed up is that of its points."""
    rng = np.random.default_rng(2)
    count, columns = 300_000, 60
    losses = 1 + np.exp(-np.arange(count) / 50_000) + rng.normal(size=count) * 0.05
    whole = points(losses)
    history = History().extended(whole)
    for first in range(0, count, 5_000):
        part = whole.since(first).until(5_000)
        history = history.extended(part) if first else History().extended(part)
    assert (history.points.count == 1).any()
    assert (history.points.count > 1).any()
    shown = history.points.grouped(history.resolution(0, count, None))
    view = replace(PLAIN, smoothing=weight)
    curve = curve_of(shown, Places.of(shown, Axis.STEP, 0.0), 0.0, view)
    exact = smoothed(losses, weight)
    x, y = smooth_line(curve, Span(0, count), columns)
    last_column = x > count * (columns - 1) / columns
    spread = np.ptp(y[last_column])
    others = [
        np.ptp(y[(x > count * n / columns) & (x <= count * (n + 1) / columns)])
        for n in range(40, 59)
    ]
    assert spread <= 2 * max(others), "the end is drawn no rougher than the rest"
    means = np.add.reduceat(exact, np.arange(0, count, 5_000)) / 5_000
    found = np.interp(np.arange(2_500, count, 5_000), curve.x, curve.smooth)
    np.testing.assert_allclose(found[1:], means[1:], atol=0.03)
    raw_x, raw_y = raw_line(curve, Span(0, count), columns)
    assert raw_y.min() == losses.min()
    assert raw_y.max() == losses.max()
    assert (np.diff(raw_x) >= 0).all()


def test_a_line_goes_on_to_the_points_beside_what_is_shown() -> None:
    run = points(np.arange(100.0))
    curve = curve_of(run, Places.of(run, Axis.STEP, 0.0), 0.0, PLAIN)
    x, y = raw_line(curve, Span(40.5, 42.5), 50)
    assert x.tolist() == [40, 41, 42, 43]
    assert y.tolist() == [39, 40, 41, 42]


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30),
    st.sampled_from(["loss", "learning_rate"]),
    st.booleans(),
    st.booleans(),
)
def test_an_axis_holds_all_values_and_stays_where_it_fits(
    values: list[float], metric: str, is_log: bool, is_close: bool
) -> None:
    view = ChartView(metric=metric, is_log=is_log, width=50 if is_close else None)
    column = np.array(values)
    low, high = y_ends(column, column, view, None)
    assert low < high
    assert math.isfinite(low)
    assert math.isfinite(high)
    shown = np.log10(column[column > 0]) if is_log else column
    slack = 1e-6 * max(abs(low), abs(high), 1.0)
    assert (shown >= low - slack).all()
    assert (shown <= high + slack).all()
    assert y_ends(column, column, view, (low, high)) == (low, high)


@pytest.mark.parametrize(
    "values", [[1.7e308] * 3, [1.7e308, -1.7e308], [5e-324], [0.0], [2.0, 1e-310, 1.7e308]]
)
@pytest.mark.parametrize(
    "view",
    [PLAIN, replace(PLAIN, is_log=True), replace(PLAIN, is_clipped=True), ChartView(width=8)],
)
@pytest.mark.parametrize("metric", ["loss", "grad_norm"])
def test_values_of_any_size_are_drawn(values: list[float], view: ChartView, metric: str) -> None:
    view = replace(view, metric=metric)
    run = points(np.array(values), grad_norm=np.array(values))
    curve = curve_of(run, Places.of(run, Axis.STEP, 0.0), 0.0, view)
    low, high = y_ends(curve.low, curve.high, view, None)
    assert math.isfinite(high - low)
    assert low < high
    assert y_ends(curve.low, curve.high, view, (low, high)) == (low, high)
    raw = runs(*raw_line(curve, Span(0, 8), 40))
    shown = [(x, np.clip(y, low, high).tolist()) for x, y in raw]
    picture = Picture(shown, shown, ([], []), (), 0, 8, low, high, is_log=view.is_log)
    assert len(draw(picture, 60, 12)) == 12


def test_an_axis_does_not_tremble_with_the_values() -> None:
    view = ChartView(metric="grad_norm", width=50, end=100)
    rng = np.random.default_rng(0)
    ends: tuple[float, float] | None = None
    seen = []
    for _ in range(200):
        values = 1 + rng.uniform(-0.1, 0.1, size=50)
        ends = y_ends(values, values, view, ends)
        seen.append(ends)
    assert len(set(seen)) <= 3


def test_outliers_are_left_out_of_the_axis() -> None:
    values = np.ones(1000)
    values[500] = 1e9
    view = ChartView(metric="grad_norm")
    assert y_ends(values, values, view, None)[1] > 1e8
    assert y_ends(values, values, replace(view, is_clipped=True), None)[1] < 2


def test_an_axis_without_values_is_one_all_the_same() -> None:
    nothing = np.full(3, np.nan)
    assert y_ends(nothing, nothing, PLAIN, None) == (0.0, 1.0)
    assert y_ends(-np.ones(3), -np.ones(3), replace(PLAIN, is_log=True), None) == (-1.0, 0.0)


def test_points_of_unknown_time_are_left_out_of_times() -> None:
    run = points(np.linspace(2.0, 1.0, 50))
    run = replace(run, at=np.where(run.step <= 20, 0.0, run.at))
    by_time = curve_of(run, Places.of(run, Axis.TIME, 1000.0), 1000.0, PLAIN)
    assert by_time.step.tolist() == list(range(21, 51))
    places = Places.of(run, Axis.STEP, 1000.0)
    assert len(curve_of(run, places, 1000.0, PLAIN).step) == 50
    taken = curve_of(run, places, 1000.0, replace(PLAIN, metric=STEP_TIME))
    assert taken.step.tolist() == list(range(22, 51))
    np.testing.assert_allclose(taken.low, 2.0)
