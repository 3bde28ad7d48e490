"""The crosshair of a chart: what is read under it, and how it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vapor_tui.domain.traces import Points
from vapor_tui.ui.widgets.lines import Line

_CURSOR = "│"
_CURSOR_STYLE = "accent"


@dataclass(frozen=True, slots=True)
class Reading:
    """What lies under the crosshair: a point, or as many steps as one stands for."""

    points: Points
    """One."""
    first_step: int
    smoothed: float | None

    @classmethod
    def at(cls, points: Points, step: float, smoothed_at: Callable[[int], float | None]) -> Reading:
        """Return what lies at a step; there must be points."""
        behind = min(int(np.searchsorted(points.step, step)), len(points) - 1)
        before = max(behind - 1, 0)
        # A stretch ends with its step; of single points the nearest one is meant.
        is_nearer = step - points.step[before] < points.step[behind] - step
        place = before if is_nearer and points.count[behind] == 1 else behind
        last, ended = int(points.step[place]), int(points.step[place - 1]) if place else 0
        first = ended + 1 if points.count[place] > 1 else last
        return cls(points.since(place).until(1), first, smoothed_at(last))


def crossed(line: Line, column: int) -> Line:
    """Return a line with the crosshair at a column, where there is nothing else."""
    cells = [(character, style) for text, style in line for character in text]
    cells += [(" ", "")] * (column + 1 - len(cells))
    under = cells[column][0]
    cells[column] = (_CURSOR if under in " \u2800" else under, _CURSOR_STYLE)
    spans: list[tuple[str, str]] = []
    for character, style in cells:
        if spans and spans[-1][1] == style:
            spans[-1] = (spans[-1][0] + character, style)
        else:
            spans.append((character, style))
    return tuple(spans)
