"""Round numbers along the axes of a chart, and how they are written."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

from vapor_tui.domain.formats import duration, plain_number, short_count
from vapor_tui.ui.charting import tick_step, ticks

FRAME_WIDTH = 8
"""Cells of the labels at the left, and of the axis."""
_LABEL_WIDTH = FRAME_WIDTH - 1
_NICE_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)

Ticks: TypeAlias = tuple[list[float], list[str]]
"""Where they are, and their labels."""


def x_ticks(low: float, high: float, width: int, *, is_time: bool = False) -> Ticks:
    """Return the ticks below a chart of this width."""
    most, span = max(width // 14, 2), high - low
    if is_time and span > most:
        longest = tick_step(span, most)
        step = next((float(s) for s in _NICE_SECONDS if span / s <= most), longest)
        found = [n * step for n in range(math.ceil(low / step), int(high // step) + 1)]
        return found, [duration(second) for second in found]
    found = ticks(low, high, most)
    unit, label = "s" if is_time else "", _plain(found)
    return found, [f"{label(value)}{unit}" for value in found]


def y_ticks(low: float, high: float, height: int, *, is_log: bool = False) -> Ticks:
    """Return the ticks beside a chart of this height; on a logarithmic axis ends are log10."""
    most = max(height * 2 // 5, 2)
    if is_log:
        found = log_ticks(low, high, most)
        labels = [_brief(10**value) for value in found]
    else:
        found = ticks(low, high, most)
        labels = list(map(_plain(found), found))
    return found, [label.rjust(_LABEL_WIDTH) for label in labels]


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
    if 0 < greatest < 0.01 or greatest >= 1e15:
        return _brief
    if greatest >= 100_000:
        return short_count
    for digits in range(4):
        if all(abs(round(value, digits) - value) < 1e-9 for value in values):
            return lambda value: f"{value:,.{digits}f}"
    return lambda value: f"{value:.3f}"


def _brief(value: float) -> str:
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e5 else plain_number(float(f"{value:.3g}"))
