"""Curves over each other: told apart without colour, on axes that stay where they are."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.conftest import AddJob
from tests.ui.contrast import contrast
from vapor_tui.domain.comparison import Axis, Compared, Comparison
from vapor_tui.domain.history import History
from vapor_tui.domain.metrics import VALUE_COLUMNS
from vapor_tui.domain.traces import Points
from vapor_tui.ui.axis_ticks import log_ticks
from vapor_tui.ui.charting import nice_top
from vapor_tui.ui.curve_styles import STYLES, styles_of
from vapor_tui.ui.overlay import Curve, Overlay, dashed, draw_overlay, x_axis, y_axis
from vapor_tui.ui.themes import THEMES
from vapor_tui.ui.widgets.lines import line_width
from vapor_tui.ui.widgets.overlay_chart import OverlayData, overlaid_curve


def curve(place: int, points: int = 300, level: float = 1.0) -> Curve:
    x = np.arange(1.0, points + 1)
    return Curve(STYLES[place], x, level + np.exp(-x / 50))


def compared(add_job: AddJob, losses: np.ndarray, evaluated: np.ndarray | None = None) -> Compared:
    steps = np.arange(1, len(losses) + 1)
    values = np.full((len(VALUE_COLUMNS), len(losses)), np.nan)
    values[VALUE_COLUMNS.index("loss")] = losses
    if evaluated is not None:
        values[VALUE_COLUMNS.index("eval_loss")] = evaluated
    points = Points.single(steps, steps / 10, steps * 1.0, values)
    return Compared(add_job(), History().extended(points))


def test_every_curve_has_a_mark_a_line_and_a_colour_of_its_own() -> None:
    assert len({style.mark for style in STYLES}) == len(STYLES)
    assert len({(style.on, style.off) for style in STYLES}) == len(STYLES)
    assert len({style.sample for style in STYLES}) == len(STYLES)
    for theme in THEMES:
        colours = [theme.variables[style.colour] for style in STYLES]
        assert len(set(colours)) == len(STYLES)
        assert all(contrast(colour, str(theme.background)) >= 4.5 for colour in colours)


def test_a_job_keeps_its_style_whatever_it_is_compared_with() -> None:
    assert styles_of([3, 4])[3] is styles_of([9, 1, 3])[3] is styles_of([3, 5, 6, 4])[3]
    assert len(set(map(id, styles_of([1, 7, 13, 19, 25, 31]).values()))) == 6
    assert styles_of([7, 1]) == styles_of([1, 7])


@pytest.mark.parametrize("size", [(120, 20), (60, 12), (24, 5)])
def test_a_picture_fills_its_place_and_marks_every_curve(size: tuple[int, int]) -> None:
    width, height = size
    curves = [curve(place, level=1.0 + place) for place in range(6)]
    lines = draw_overlay(Overlay(curves, 300, 0, 8), width, height)
    assert len(lines) == height
    assert all(line_width(line) <= width for line in lines)
    text = "\n".join("".join(part for part, _ in line) for line in lines)
    if height > 5:
        for style in STYLES:
            assert style.mark in text
        assert {style for line in lines for _, style in line} >= {s.colour for s in STYLES}


def test_what_lies_outside_the_picture_is_not_drawn() -> None:
    stray = Curve(STYLES[1], np.array([1.0, 2e3, 2.0, -2e3]), np.ones(4))
    plain = Curve(STYLES[1], np.array([1.0, 2.0]), np.ones(2))
    drawn = [draw_overlay(Overlay([shown], 3, 0, 2), 60, 12) for shown in (stray, plain)]
    assert drawn[0] == drawn[1]


def test_lines_are_interrupted_each_in_its_own_way() -> None:
    drawn = []
    for place in range(6):
        x, y = dashed(curve(place, points=3), 3, 60)
        columns = (x / 3 * 60).astype(int)
        drawn.append(tuple(np.unique(columns[np.isfinite(y)]).tolist()))
    assert len(set(drawn)) == 6
    assert len(drawn[0]) <= 3, "an unbroken line needs no more than its points"


def test_axes_are_labelled_for_values_of_any_size() -> None:
    small = y_axis(Overlay((), 1, 0, 3e-4), 20)[1]
    assert [label.strip() for label in small[:3]] == ["0", "5e-5", "1e-4"]
    assert len({len(label) for label in small}) == 1, "aligned at the right"
    assert y_axis(Overlay((), 1, 0, 4_000), 10)[1][-1].strip() == "4,000"
    assert y_axis(Overlay((), 1, 0, 0.8), 20)[1][-1].strip() == "0.8"
    labels = y_axis(Overlay((), 1, 0, 3e-4), 40)[1]
    assert len(set(labels)) == len(labels)
    assert x_axis(Overlay((), 7200, 0, 1, is_time=True), 120)[1][:3] == ["0s", "15m", "30m"]
    assert all(math.isfinite(tick) for tick in x_axis(Overlay((), 1e9, 0, 1, is_time=True), 60)[0])


def test_a_logarithmic_axis_has_round_numbers() -> None:
    assert [round(10**tick, 6) for tick in log_ticks(0, 1, 3)] == [1, 2, 5, 10]
    assert [round(10**tick, 6) for tick in log_ticks(-1, 3, 5)] == [0.1, 1, 10, 100, 1000]
    assert len(log_ticks(-30, 30, 5)) <= 6


def test_a_curve_is_smoothed_but_evaluations_are_not(add_job: AddJob) -> None:
    evaluated = np.full(100, np.nan)
    evaluated[[49, 99]] = [2.0, 1.0]
    job = compared(add_job, np.tile([1.0, 3.0], 50), evaluated)
    comparison = Comparison((job,), ())
    rough = overlaid_curve(job, STYLES[0], OverlayData(comparison, smoothing=0.0))
    smooth = overlaid_curve(job, STYLES[0], OverlayData(comparison, smoothing=0.9))
    assert rough.y.tolist() == [1.0, 3.0] * 50
    assert smooth.y[50:].std() < rough.y.std() / 5
    points = overlaid_curve(job, STYLES[0], OverlayData(comparison, "eval_loss", Axis.EPOCH, 0.9))
    assert (points.x.tolist(), points.y.tolist()) == ([5.0, 10.0], [2.0, 1.0])


def test_a_spike_of_a_long_run_is_drawn(add_job: AddJob) -> None:
    losses = np.ones(20_000)
    losses[12_345] = 9.0
    job = compared(add_job, losses)
    drawn = overlaid_curve(job, STYLES[0], OverlayData(Comparison((job,), ()), smoothing=0.0))
    assert drawn.y.max() == 9.0


def test_a_logarithm_leaves_out_what_has_none(add_job: AddJob) -> None:
    job = compared(add_job, np.array([10.0, 0.0, -1.0, np.nan, 0.1]))
    data = OverlayData(Comparison((job,), ()), smoothing=0.0, is_log=True)
    np.testing.assert_allclose(overlaid_curve(job, STYLES[0], data).y, [1.0, -1.0])


def test_the_top_moves_in_steps() -> None:
    assert nice_top(3540) == 4000
    assert nice_top(3600, 4000) == 4000
    assert nice_top(3990, 4000) > 4000
    assert nice_top(100, 4000) < 4000
    assert nice_top(0.0) == nice_top(float("nan")) == 1.0
