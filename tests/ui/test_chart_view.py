"""What part of a run a chart shows: whatever the keys, it lies within the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vapor_tui.ui.chart_view import (
    LEAST_STEPS,
    METRIC_TABS,
    SMOOTHING_STEPS,
    WINDOW_STEPS,
    ChartView,
    next_metric,
    next_smoothing,
)
from vapor_tui.ui.charting import Span

Change = Callable[[ChartView, int], ChartView]

changes = st.one_of(
    st.tuples(st.sampled_from([0.5, 0.8, 1.25, 2.0]), st.none() | st.floats(-10, 3e6)).map(
        lambda drawn: lambda view, last: view.zoomed(drawn[0], last, drawn[1])
    ),
    st.sampled_from([-1.0, -0.25, 0.25, 1.0]).map(
        lambda share: lambda view, last: view.panned(share, last)
    ),
    st.just(lambda view, last: view.at_start(last)),
    st.just(lambda view, last: view.following()),
    st.just(lambda view, last: view.windowed()),
    st.just(lambda view, last: view.whole()),
)


@given(st.lists(changes, max_size=30), st.integers(0, 2_000_000), st.integers(0, 50_000))
def test_no_key_leads_out_of_the_run(keys: list[Change], last: int, more: int) -> None:
    view = ChartView()
    for number, change in enumerate(keys):
        view = change(view, last + number * more)
    last += len(keys) * more
    span = view.span(last)
    assert 0 <= span.low < span.high
    if not view.follows:
        assert span.high <= max(last, LEAST_STEPS)
    elif view.width is not None:
        assert span.low <= last <= span.high <= max(last + view.width / 10 + 1, view.width)
    assert view.width is None or view.width >= LEAST_STEPS


@given(st.integers(100, 1_000_000), st.floats(0, 1))
def test_what_is_zoomed_at_stays_in_its_place(last: int, share: float) -> None:
    around = share * last
    view = ChartView().zoomed(0.5, last, around)
    span = view.span(last)
    assert span.low <= around <= span.high + (last - view.width if view.follows else 0)
    if not view.follows:
        assert (around - span.low) / (span.high - span.low) == pytest.approx(share, abs=0.02)


def test_a_closer_look_follows_the_run_until_one_looks_elsewhere() -> None:
    view = ChartView().zoomed(0.5, 1000)
    assert (view.width, view.follows) == (500, True)
    assert view.span(1100) == Span(600, 1100)
    back = view.panned(-0.25, 1000)
    assert back.span(1000) == back.span(5000) == Span(375, 875), "it stays where one looks"
    assert back.zoomed(0.5, 1000).span(1000) == Span(500, 750), "around the middle"
    assert back.panned(0.25, 1000).follows
    assert back.following() == view
    assert back.at_start(1000).span(1000) == Span(0, 500)
    assert back.zoomed(4, 1000) == ChartView()


def test_the_window_is_the_last_steps_all_or_back_from_a_part() -> None:
    window = ChartView().windowed()
    assert (window.width, window.is_close) == (WINDOW_STEPS, False)
    assert window.windowed() == ChartView()
    assert ChartView().zoomed(0.5, 1000).panned(-1, 1000).windowed() == ChartView()


def test_a_part_of_a_run_that_got_shorter_lies_within_it() -> None:
    part = replace(ChartView(), width=500, end=900)
    assert part.span(300) == Span(0, 300)
    assert part.span(0).high > 0


def test_smoothing_goes_in_steps_from_wherever_it_is() -> None:
    assert next_smoothing(0.6, 1) == 0.8
    assert next_smoothing(0.7, -1) == 0.6
    assert next_smoothing(SMOOTHING_STEPS[-1], 1) == SMOOTHING_STEPS[-1]
    assert ChartView(smoothing=0.0).smoother(-1).smoothing == 0.0


def test_metrics_that_were_not_logged_are_passed_over() -> None:
    present = frozenset({"learning_rate", "step_time"})
    assert next_metric("loss", 1, present) == "learning_rate"
    assert next_metric("learning_rate", 1, present) == "step_time"
    assert next_metric("step_time", 1, present) == "loss"
    assert next_metric("loss", -1, present) == "step_time"
    assert next_metric("loss", 1, frozenset()) == "loss"
    assert set(METRIC_TABS) > present


def test_no_window_is_wider_than_the_run() -> None:
    view = ChartView().windowed()
    assert view.span(57, 126) == ChartView().span(57, 126)
    assert view.span(126, 126) == Span(0, 126)
    assert view.span(57) == Span(0, 200), "how long it will be is not known"
    assert view.span(57, 750) == Span(0, 200)
