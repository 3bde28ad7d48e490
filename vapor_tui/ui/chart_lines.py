"""The lines around a chart: its metrics as tabs, what it shows and how, and the values read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from vapor_tui.domain.comparison import Axis
from vapor_tui.domain.formats import count, plain_number
from vapor_tui.domain.metrics import VALUE_COLUMNS
from vapor_tui.ui.chart_view import METRIC_TABS, STEP_TIME, ChartView
from vapor_tui.ui.charting import smoothed
from vapor_tui.ui.glyphs import EVALUATION
from vapor_tui.ui.metric_curve import step_times
from vapor_tui.ui.widgets.lines import Line, joined, line_width

if TYPE_CHECKING:
    from vapor_tui.domain.history import History
    from vapor_tui.ui.charting import Span
    from vapor_tui.ui.crosshair import Reading

_AXES = {Axis.EPOCH: "by epoch", Axis.TIME: "by time"}
SHORT_NAMES = {
    "loss": "loss",
    "accuracy": "acc",
    "learning_rate": "lr",
    "grad_norm": "grad",
    "tokens_per_second": "tok/s",
    STEP_TIME: "s/step",
}
"""Of every metric that has a tab."""
_VALUE = 8
"""Cells of a value, so that those behind it stay in their place as the crosshair moves."""


def state_line(
    view: ChartView, shown: Span, width: int, *, has_ended: bool, is_named: bool
) -> Line:
    """Return what the chart shows, and how; in little room what matters least is left out.

    The metric is not named below the tabs, which do.
    """
    smooth = f"smooth {view.weight:.2f}" if view.weight > 0 else "not smoothed"
    scale = "log" if view.is_log else "linear"
    part = _part(view, shown)
    whether = "looking back" if not view.follows else "" if has_ended else "following"
    axis, cut = _AXES.get(view.axis, ""), "outliers cut" if view.is_clipped else ""
    name: Line = ((METRIC_TABS[view.metric], "bold foreground"),) if is_named else ()
    for words in (
        (smooth, scale, axis, cut, part, whether),
        (smooth, view.is_log and scale, axis, cut, part, whether),
        (smooth, view.is_log and scale, axis, part),
        (smooth, part),
    ):
        line = joined([name, *(((word, "dim"),) for word in words if word)])
        if line_width(line) <= width:
            return line
    return name


def _part(view: ChartView, shown: Span) -> str:
    if view.width is None:
        return "all steps"
    if view.follows:
        return f"last {count(view.width)} steps"
    return f"steps {count(round(shown.low))} – {count(round(shown.high))}"


def tabs_line(metric: str, present: frozenset[str]) -> tuple[Line, list[tuple[int, int, str]]]:
    """Return the metrics in a line, and from which cell to which each of them stands.

    What a run did not log is faint.
    """
    line: list[tuple[str, str]] = []
    places: list[tuple[int, int, str]] = []
    for name, title in METRIC_TABS.items():
        style = "bold underline accent" if name == metric else "dim"
        if name not in (metric, "loss") and name not in present:
            style = "faint"
        start = line_width(tuple(line))
        line += [(title, style), ("  ", "")]
        places.append((start, start + len(title), name))
    return tuple(line[:-1]), places


def reading_line(reading: Reading, metric: str, width: int) -> Line:
    """Return the values under the crosshair: the metric that is shown first, then the others."""
    points, last = reading.points, int(reading.points.step[0])
    steps = f"{count(reading.first_step)} – {count(last)}"
    where = f"step {count(last)}" if reading.first_step == last else f"steps {steps}"
    parts: list[Line] = [((where, "accent"),)]
    parts.append(_value(reading, metric) if metric != STEP_TIME else ())
    if reading.smoothed is not None:
        smooth = f"{_number(reading.smoothed):<{_VALUE}}"
        parts.append((("smoothed ", "dim"), (smooth, "chart-line")))
    evaluated = float(points.mean[VALUE_COLUMNS.index("eval_loss")][0])
    if math.isfinite(evaluated):
        parts.append(((f"{EVALUATION} ", "chart-eval"), (_number(evaluated), "foreground")))
    parts.append((("epoch ", "dim"), (f"{float(points.epoch[0]):.2f}", "foreground")))
    parts += [_value(reading, name) for name in SHORT_NAMES if name not in (metric, STEP_TIME)]
    while len(parts) > 1 and line_width(joined(parts, "  ")) > width:
        parts.pop()
    return joined(parts, "  ")


def latest_line(history: History, view: ChartView, started: float, width: int) -> Line:
    """Return the latest value of a metric, and how low and how high it has been."""
    points = history.points
    if view.metric == STEP_TIME:
        low = high = mean = step_times(points, started)
    else:
        row = VALUE_COLUMNS.index(view.metric)
        low, high, mean = points.low[row], points.high[row], points.mean[row]
    known = np.isfinite(mean)
    if not known.any():
        return ()
    parts: list[Line] = [
        ((f"{SHORT_NAMES[view.metric]} ", "dim"), (_number(mean[known][-1]), "bold foreground"))
    ]
    if view.weight > 0:
        smooth = smoothed(mean[known], view.weight, points.count[known])[-1]
        parts.append((("smoothed ", "dim"), (_number(smooth), "chart-line")))
    for word, value in (("lowest ", low[known].min()), ("highest ", high[known].max())):
        parts.append(((word, "dim"), (_number(value), "foreground")))
    while len(parts) > 1 and line_width(joined(parts)) > width:
        parts.pop()
    return joined(parts)


def _value(reading: Reading, metric: str) -> Line:
    row = VALUE_COLUMNS.index(metric)
    points, label = reading.points, (f"{SHORT_NAMES[metric]} ", "dim")
    mean = float(points.mean[row][0])
    if not math.isfinite(mean):
        is_lost = bool(points.lost[row][0])
        return (label, (f"{'not finite':<{_VALUE}}", "status-failed")) if is_lost else ()
    text = _number(mean)
    if points.count[0] > 1:
        low, high = float(points.low[row][0]), float(points.high[row][0])
        text = f"{text} ({_number(low)}–{_number(high)})" if low < high else text
    return (label, (f"{text:<{_VALUE}}", "foreground"))


def _number(value: float) -> str:
    if 0.01 <= abs(value) < 100 or value == 0:
        return f"{value:.3f}"
    return f"{value:,.0f}" if 100 <= abs(value) < 1e6 else plain_number(float(f"{value:.3g}"))
