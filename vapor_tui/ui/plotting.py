"""Draws curves with plotext and gives them back as styled lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import TypeAlias

from textual_plotext.plot import Plot

from vapor_tui.ui.axis_ticks import x_ticks, y_ticks
from vapor_tui.ui.curve_styles import CURVE_STYLES
from vapor_tui.ui.glyphs import EVALUATION
from vapor_tui.ui.widgets.lines import Line

Dots: TypeAlias = tuple[list[float], list[float]]
"""x and y, all finite."""

MARKER = "braille"
"""Eight dots in a cell."""
_ASCII_MARKERS = {"chart-raw": ".", "chart-line": "*"}
_EPOCH_STYLE = "faint"
_MARK, _LOST, _MARK_STYLE = "!", "×", "status-failed"
_ABOVE, _BELOW, _CUT_STYLE = "▲", "▼", "status-paused"
_STYLES = (
    *("chart-raw", "chart-line", "chart-eval", _EPOCH_STYLE, _MARK_STYLE, _CUT_STYLE),
    *CURVE_STYLES,
)
"""plotext is given these as colours (their index, 0, 0): the theme is applied later."""
_AXIS = "│┤└┬─┴┼├"
_COLOUR = re.compile(r"\x1b\[(?:0|38;2;(\d+);0;0)m")


@dataclass(frozen=True, slots=True)
class Picture:
    """What a chart shows; curves are lists of pieces with gaps between them.

    On a logarithmic axis all of y is log10.
    """

    raw: Sequence[Dots]
    smooth: Sequence[Dots]
    evaluations: Dots
    epochs: Sequence[float]
    """Where one epoch ends and the next begins."""
    left: float
    right: float
    low: float
    high: float
    marks: Sequence[float] = ()
    """Where something was found to be wrong."""
    lost: Sequence[float] = ()
    """Where a value was no finite number."""
    above: Sequence[float] = ()
    below: Sequence[float] = ()
    """Where the curve leaves the picture."""
    is_log: bool = False
    is_time: bool = False
    """Whether x is in seconds."""


def draw(picture: Picture, width: int, height: int, *, ascii_only: bool = False) -> list[Line]:
    """Return a picture as exactly `height` lines of `width` cells.

    With `ascii_only` the curves are of ASCII; the frame has its likeness in line_filters.
    """
    plot = empty_plot(width, height)
    plot.xlim(picture.left, picture.right)
    plot.ylim(picture.low, picture.high)
    for epoch in picture.epochs:
        plot.vline(epoch, colour_of(_EPOCH_STYLE))
    for style, pieces in (("chart-raw", picture.raw), ("chart-line", picture.smooth)):
        marker = _ASCII_MARKERS[style] if ascii_only else MARKER
        for x, y in pieces:
            plot.plot(x, y, marker=marker, color=colour_of(style))
    x, y = picture.evaluations
    if x:
        plot.scatter(x, y, marker=EVALUATION, color=colour_of("chart-eval"))
    for places, edge, sign, style in (
        (picture.above, picture.high, _ABOVE, _CUT_STYLE),
        (picture.below, picture.low, _BELOW, _CUT_STYLE),
        (picture.lost, picture.low, _LOST, _MARK_STYLE),
        (picture.marks, picture.high, _MARK, _MARK_STYLE),
    ):
        if len(places):
            plot.scatter(list(places), [edge] * len(places), marker=sign, color=colour_of(style))
    plot.xticks(*x_ticks(picture.left, picture.right, width, is_time=picture.is_time))
    plot.yticks(*y_ticks(picture.low, picture.high, height, is_log=picture.is_log))
    return built(plot, height)


def empty_plot(width: int, height: int) -> Plot:
    """Return a plot of this size with axes at the left and below."""
    plot = Plot()
    plot.theme("clear")
    plot.plotsize(width, height)
    plot._set_size(width, height)  # plotsize alone is forgotten: textual-plotext, issue 5
    plot.xaxes(True, False)
    plot.yaxes(True, False)
    return plot


def built(plot: Plot, height: int) -> list[Line]:
    """Return a plot as lines."""
    return [styled(row) for row in str(plot.build()).split("\n")[:height]]


def colour_of(style: str) -> tuple[int, int, int]:
    """Return the colour that stands for a style in plotext's output."""
    return (_STYLES.index(style), 0, 0)


@lru_cache(maxsize=512)
def styled(row: str) -> Line:
    """Return a row of plotext's output as spans; what has no colour is the frame."""
    line: list[tuple[str, str]] = []
    style: str | None = None
    for position, part in enumerate(_COLOUR.split(row)):
        if position % 2:
            style = None if part is None else _STYLES[int(part)]
        elif style is None:
            line += _frame(part)
        elif part:
            line.append((part.replace("│", "┊") if style == _EPOCH_STYLE else part, style))
    return tuple(line)


def _frame(text: str) -> list[tuple[str, str]]:
    return [
        ("".join(group), "faint" if is_axis else "dim")
        for is_axis, group in groupby(text, key=lambda character: character in _AXIS)
    ]
