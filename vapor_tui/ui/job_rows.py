"""A job as one line of a table; columns have fixed widths, the name takes what is left."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from vapor_tui.domain.formats import ABSENT, age, duration, money
from vapor_tui.domain.text import printable
from vapor_tui.ui.glyphs import (
    CURSOR,
    INJECTED_SHORT,
    SIMULATED_SHORT,
    badge,
    bar,
    percent,
    sparkline,
    status_style,
)
from vapor_tui.ui.widgets.lines import Line, fitted, line_width

if TYPE_CHECKING:
    from vapor_tui.domain.jobs import Job

_CURSOR_WIDTH = 2
_CURVE = 7


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell is made from."""

    job: Job
    curve: Sequence[float]
    now: datetime


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, how wide it is (0 takes the rest), and what it shows."""

    title: str
    width: int
    show: Callable[[Cell, int], Line]
    is_right: bool = False


def _number(cell: Cell, _width: int) -> Line:
    return ((str(cell.job.id), "dim"),)


def _name(cell: Cell, _width: int) -> Line:
    return ((printable(cell.job.name), "foreground"),)


def _status(cell: Cell, _width: int) -> Line:
    return badge(cell.job.status, cell.job.desired)


def _model(cell: Cell, _width: int) -> Line:
    return ((printable(cell.job.base_model or ABSENT).rsplit("/", 1)[-1], "dim"),)


def _dataset(cell: Cell, _width: int) -> Line:
    return ((printable(cell.job.dataset_name or ABSENT), "dim"),)


def _progress(cell: Cell, width: int) -> Line:
    share, text = cell.job.progress / 100, percent(cell.job.progress / 100)
    drawn = bar(share, width - len(text) - 1, status_style(cell.job.status))
    return (*drawn, (f" {text}", "foreground"))


def _percent(cell: Cell, _width: int) -> Line:
    return ((percent(cell.job.progress / 100), "foreground"),)


def loss_text(job: Job) -> str:
    """Return the latest loss of a job: "NaN" or "inf" for one that is not finite."""
    metrics = job.current_metrics
    if metrics.loss is not None and math.isfinite(metrics.loss):
        return f"{metrics.loss:.3f}" if metrics.loss < 100 else f"{metrics.loss:.3g}"
    return {"nan": "NaN"}.get(mark := metrics.non_finite.get("loss", ABSENT), mark)


def _loss(cell: Cell, _width: int) -> Line:
    bad = "loss" in cell.job.current_metrics.non_finite
    return ((loss_text(cell.job), "status-failed" if bad else "foreground"),)


def _loss_and_curve(cell: Cell, width: int) -> Line:
    number = fitted(_loss(cell, width), width - _CURVE - 1)
    return (*number, (f" {sparkline(cell.curve, _CURVE)}", "chart-line"))


def _left(cell: Cell, _width: int) -> Line:
    return ((duration(cell.job.seconds_left(cell.now)), "foreground"),)


def _cost(cell: Cell, _width: int) -> Line:
    job = cell.job
    cost = job.final_cost if job.final_cost is not None else job.current_cost
    short = INJECTED_SHORT if job.injection else SIMULATED_SHORT
    mark = f" {short}" if job.is_simulated else " " * (len(SIMULATED_SHORT) + 1)
    amount = money(cost) if cost else ABSENT
    return ((amount, "foreground"), (mark, "dim"))


def _age(cell: Cell, _width: int) -> Line:
    return ((age(cell.job.created_at, cell.now), "dim"),)


_NUMBER, _NAME = Column("#", 4, _number), Column("name", 0, _name)
_STATUS, _LOSS = Column("status", 14, _status), Column("loss", 6, _loss, is_right=True)
_LEFT = Column("left", 7, _left, is_right=True)
_COST = Column("cost", 11, _cost, is_right=True)
_AGE = Column("age", 4, _age, is_right=True)


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a table of at least this width, and the cells between them."""

    least: int
    gap: int
    columns: tuple[Column, ...]

    def widths(self, width: int) -> list[int]:
        fixed = sum(column.width for column in self.columns) + self.gap * (len(self.columns) - 1)
        rest = max(width - _CURSOR_WIDTH - fixed, 1)
        return [column.width or rest for column in self.columns]


_LAYOUTS = (
    Layout(
        150,
        2,
        (
            _NUMBER,
            _NAME,
            _STATUS,
            Column("model", 18, _model),
            Column("dataset", 18, _dataset),
            Column("progress", 22, _progress),
            Column("loss", 14, _loss_and_curve),
            _LEFT,
            _COST,
            _AGE,
        ),
    ),
    Layout(
        110,
        2,
        (
            _NUMBER,
            _NAME,
            _STATUS,
            Column("model", 12, _model),
            Column("progress", 15, _progress),
            Column("loss", 14, _loss_and_curve),
            _LEFT,
            _COST,
            _AGE,
        ),
    ),
    Layout(
        76, 1, (_NUMBER, _NAME, _STATUS, Column("progress", 11, _progress), _LOSS, _LEFT, _COST)
    ),
    Layout(0, 1, (_NUMBER, _NAME, _STATUS, Column("done", 5, _percent), _LOSS)),
)


def layout_for(width: int) -> Layout:
    """Return the columns that a table of this width has."""
    return next(layout for layout in _LAYOUTS if width >= layout.least)


def heading_line(layout: Layout, width: int) -> Line:
    """Return the line of headings."""
    cells: list[Line] = [((column.title, "dim"),) for column in layout.columns]
    return ((" " * _CURSOR_WIDTH, ""), *_row(cells, layout, width))


def job_line(
    job: Job,
    curve: Sequence[float],
    now: datetime,
    layout: Layout,
    width: int,
    *,
    is_current: bool,
    has_focus: bool,
) -> Line:
    """Return a job's line, marked when the cursor is on it."""
    cell = Cell(job, curve, now)
    sizes = layout.widths(width)
    cells = [column.show(cell, size) for column, size in zip(layout.columns, sizes, strict=True)]
    mark = f"{CURSOR} " if is_current else " " * _CURSOR_WIDTH
    line: Line = ((mark, "bold accent"), *_row(cells, layout, width))
    if not (is_current and has_focus):
        return line
    return tuple((text, f"{style} on block-cursor-background".strip()) for text, style in line)


def _row(cells: Sequence[Line], layout: Layout, width: int) -> Line:
    line: Line = ()
    for cell, column, size in zip(cells, layout.columns, layout.widths(width), strict=True):
        line += ((" " * layout.gap, ""),) if line else ()
        missing = size - line_width(cell)
        if column.is_right and missing > 0:
            line += ((" " * missing, ""), *cell)
        else:
            line += fitted(cell, size)
    return fitted(line, width - _CURSOR_WIDTH)
