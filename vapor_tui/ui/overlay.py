"""Several curves in one picture, told apart by colour, mark and kind of line."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from vapor_tui.domain.formats import duration, plain_number, short_count
from vapor_tui.ui.charting import Floats, reduced, runs, tick_step, ticks
from vapor_tui.ui.curve_styles import CurveStyle
from vapor_tui.ui.plotting import MARKER, built, colour_of, empty_plot
from vapor_tui.ui.widgets.lines import Line

FRAME_WIDTH = 8
"""Cells of the labels at the left, and of the axis."""
_LABEL_WIDTH = FRAME_WIDTH - 1
_BETWEEN_MARKS = 14
_SHIFT = 2
"""Columns from one mark to the next, and between the marks of neighbouring styles."""
_NICE_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)


@dataclass(frozen=True, slots=True)
class Curve:
    """Finite values along an axis that rises; with `is_log` the values are their log10."""

    style: CurveStyle
    x: Floats
    y: Floats


@dataclass(frozen=True, slots=True)
class Overlay:
    """Curves with the part of the plane that is shown."""

    curves: Sequence[Curve]
    right: float
    """The x axis goes from 0 to here."""
    low: float
    high: float
    is_log: bool = False
    is_time: bool = False
    """Whether x is in seconds."""


def draw_overlay(
    picture: Overlay, width: int, height: int, *, ascii_only: bool = False
) -> list[Line]:
    """Return a picture as exactly `height` lines of `width` cells.

    With `ascii_only` the lines are of ASCII; marks and frame have their likeness in line_filters.
    """
    columns = max(width - FRAME_WIDTH, 1)
    plot = empty_plot(width, height)
    plot.xlim(0, picture.right)
    plot.ylim(picture.low, picture.high)
    for curve in picture.curves:
        for piece in runs(*dashed(curve, picture.right, columns)):
            marker = "." if ascii_only else MARKER
            plot.plot(*piece, marker=marker, color=colour_of(curve.style.colour))
    for place, curve in enumerate(picture.curves):
        x, y = marks(curve, place, picture.right, columns)
        if len(x):
            style = curve.style
            plot.scatter(x.tolist(), y.tolist(), marker=style.mark, color=colour_of(style.colour))
    x_ticks, x_labels = x_axis(picture, width)
    plot.xticks(x_ticks, x_labels)
    y_ticks, y_labels = y_axis(picture, height)
    plot.yticks(y_ticks, [label.rjust(_LABEL_WIDTH) for label in y_labels])
    return built(plot, height)


def dashed(curve: Curve, right: float, columns: int) -> tuple[Floats, Floats]:
    """Return a curve with the columns left out that its kind of line leaves out, as NaN."""
    x, y = reduced(curve.x, curve.y, 0, right, max(columns // 2, 1))
    style = curve.style
    if not style.off or len(x) < 2:
        return x, y
    if len(x) < 2 * columns:
        # A long straight piece has no points of its own where it should be interrupted.
        grid = np.arange(2 * columns + 1) * right / (2 * columns)
        inner = grid[(grid > x[0]) & (grid < x[-1])]
        merged = np.unique(np.concatenate([x, inner]))
        x, y = (merged, np.interp(merged, x, y)) if _rises(x) else (x, y)
    place = (x / right * columns).astype(np.int64) % (style.on + style.off)
    return x, np.where(place < style.on, y, np.nan)


def marks(curve: Curve, place: int, right: float, columns: int) -> tuple[Floats, Floats]:
    """Return where a curve is marked: now and then, and always at its end."""
    if not len(curve.x):
        return curve.x, curve.y
    width = right / columns
    wanted = (np.arange(place * _SHIFT + 1, columns, _BETWEEN_MARKS) + 0.5) * width
    wanted = wanted[(wanted >= curve.x[0]) & (wanted < curve.x[-1] - _SHIFT * width)]
    # At points of the curve, so that a mark never lies beside a line that jumps.
    near = np.searchsorted(curve.x, wanted)
    chosen = np.append(np.unique(near), len(curve.x) - 1)
    return curve.x[chosen], curve.y[chosen]


def x_axis(picture: Overlay, width: int) -> tuple[list[float], list[str]]:
    """Return the ticks of the x axis with their labels."""
    most = max(width // 14, 2)
    if picture.is_time and picture.right > most:
        longest = tick_step(picture.right, most)
        step = next((float(s) for s in _NICE_SECONDS if picture.right / s <= most), longest)
        found = [n * step for n in range(int(picture.right // step) + 1)]
        return found, [duration(second) for second in found]
    found = ticks(0, picture.right, most)
    unit = "s" if picture.is_time else ""
    return found, [f"{_plain(found)(value)}{unit}" for value in found]


def y_axis(picture: Overlay, height: int) -> tuple[list[float], list[str]]:
    """Return the ticks of the y axis with their labels, of a logarithmic one where values are."""
    most = max(height * 2 // 5, 2)
    if not picture.is_log:
        found = ticks(picture.low, picture.high, most)
        label = _plain(found)
        return found, [label(value) for value in found]
    found = log_ticks(picture.low, picture.high, most)
    return found, [_brief(10**value) for value in found]


def log_ticks(low: float, high: float, most: int) -> list[float]:
    """Return the log10 of round numbers between two powers of ten given by their exponents."""
    for factors in ((1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 5), (1, 2, 5), (1, 3), (1,)):
        found = [
            power + math.log10(factor)
            for power in range(math.floor(low), math.ceil(high) + 1)
            for factor in factors
        ]
        inside = [value for value in found if low - 1e-9 <= value <= high + 1e-9]
        if len(inside) <= most + 1:
            return inside
    return inside[:: -(-len(inside) // (most + 1))]


def _plain(values: Sequence[float]) -> Callable[[float], str]:
    """Return what writes ticks with as many digits as tell all of them apart."""
    greatest = max((abs(value) for value in values), default=0.0)
    if greatest >= 100_000:
        return short_count
    if 0 < greatest < 0.01:
        return _brief
    for digits in range(4):
        if all(abs(round(value, digits) - value) < 1e-9 for value in values):
            return lambda value: f"{value:,.{digits}f}"
    return lambda value: f"{value:.3f}"


def _brief(value: float) -> str:
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e5 else plain_number(float(f"{value:.3g}"))


def _rises(x: Floats) -> bool:
    return bool((np.diff(x) > 0).all())
