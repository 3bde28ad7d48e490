"""Several curves in one picture, told apart by colour, mark and kind of line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vapor_tui.ui.axis_ticks import FRAME_WIDTH, Ticks, x_ticks, y_ticks
from vapor_tui.ui.charting import Floats, reduced, runs
from vapor_tui.ui.curve_styles import CurveStyle
from vapor_tui.ui.plotting import MARKER, built, colour_of, empty_plot
from vapor_tui.ui.widgets.lines import Line

_BETWEEN_MARKS = 14
_SHIFT = 2
"""Columns from one mark to the next, and between the marks of neighbouring styles."""


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
    curves = [within(curve, picture.right) for curve in picture.curves]
    for curve in curves:
        for piece in runs(*dashed(curve, picture.right, columns)):
            marker = "." if ascii_only else MARKER
            plot.plot(*piece, marker=marker, color=colour_of(curve.style.colour))
    for place, curve in enumerate(curves):
        x, y = marks(curve, place, picture.right, columns)
        if len(x):
            style = curve.style
            plot.scatter(x.tolist(), y.tolist(), marker=style.mark, color=colour_of(style.colour))
    plot.xticks(*x_axis(picture, width))
    plot.yticks(*y_axis(picture, height))
    return built(plot, height)


def within(curve: Curve, right: float) -> Curve:
    """Return the part of a curve that is shown: plotext goes all the way to what lies outside."""
    inside = (curve.x >= 0) & (curve.x <= right)
    return curve if inside.all() else Curve(curve.style, curve.x[inside], curve.y[inside])


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


def x_axis(picture: Overlay, width: int) -> Ticks:
    """Return the ticks of the x axis with their labels."""
    return x_ticks(0, picture.right, width, is_time=picture.is_time)


def y_axis(picture: Overlay, height: int) -> Ticks:
    """Return the ticks of the y axis with their labels, of a logarithmic one where values are."""
    return y_ticks(picture.low, picture.high, height, is_log=picture.is_log)


def _rises(x: Floats) -> bool:
    return bool((np.diff(x) > 0).all())
