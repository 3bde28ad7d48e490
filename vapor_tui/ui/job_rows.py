"""The columns that a table of jobs can have, and what each shows of a job."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import TYPE_CHECKING

from rich.cells import cell_len

from vapor_tui.domain.formats import ABSENT, age, count, duration, money
from vapor_tui.domain.job_facts import metric_text
from vapor_tui.domain.text import printable
from vapor_tui.ui.glyphs import (
    INJECTED_SHORT,
    SIMULATED_SHORT,
    TAG,
    badge,
    bar,
    percent,
    sparkline,
    status_style,
)
from vapor_tui.ui.widgets.lines import Line, fitted, line_width
from vapor_tui.ui.wrapping import cut_in_the_middle

if TYPE_CHECKING:
    from vapor_tui.domain.job_facts import JobFacts

_CURVE = 7
_SHORT_BAR = 8
"""A narrower cell says the percentage alone."""


class Size(IntEnum):
    """How much room the columns of a table have."""

    TIGHT = 0
    SMALL = 1
    MIDDLE = 2
    LARGE = 3


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell is made from."""

    job: JobFacts
    curve: Sequence[float]
    now: datetime
    names_tags: bool = False
    """Whether the tags stand behind the name, as there is no column for them."""
    marks_name: bool = False
    """Whether what is simulated is marked at the name, as there is no column of costs."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, how wide it is in each size of table, and what it shows."""

    title: str
    widths: tuple[int, int, int, int]
    """Cells for each `Size`; 0 takes what the others leave."""
    show: Callable[[Cell, int], Line]
    is_right: bool = False
    short_title: str = ""
    """The heading where the other one has no room."""
    about: str = ""
    """What it shows, in a few words."""


def _number(cell: Cell, _width: int) -> Line:
    return ((str(cell.job.id), "dim"),)


def _name(cell: Cell, width: int) -> Line:
    mark = simulated_mark(cell.job) if cell.marks_name else ""
    room = width - len(mark)
    # Names that are made up differ in their ends.
    name: Line = ((cut_in_the_middle(printable(cell.job.name), room), "foreground"),)
    for tag in cell.job.tags if cell.names_tags else ():
        part = f" {TAG}{printable(tag)}"
        if line_width(name) + cell_len(part) > room:
            break
        name += ((part, "dim"),)
    return (*fitted(name, room), (mark, "dim")) if mark else name


def simulated_mark(job: JobFacts) -> str:
    """Return what marks a job or its dollars as simulated; as many spaces for a real one."""
    short = INJECTED_SHORT if job.injection else SIMULATED_SHORT
    return f" {short}" if job.is_simulated else " " * (len(SIMULATED_SHORT) + 1)


def _status(cell: Cell, _width: int) -> Line:
    return badge(cell.job.status, cell.job.desired, word=cell.job.status_word)


def _model(cell: Cell, _width: int) -> Line:
    return ((printable(cell.job.base_model or ABSENT).rsplit("/", 1)[-1], "dim"),)


def _dataset(cell: Cell, _width: int) -> Line:
    return ((printable(cell.job.dataset_name or ABSENT), "dim"),)


def _progress(cell: Cell, width: int) -> Line:
    if not cell.job.has_progress:
        step = f"step {count(cell.job.current_step)}"
        return ((step if len(step) <= width else f"{ABSENT:>3}", "dim"),)
    share, text = cell.job.progress / 100, percent(cell.job.progress / 100)
    if width < _SHORT_BAR:
        return ((text, "foreground"),)
    drawn = bar(share, width - len(text) - 1, status_style(cell.job.status))
    return (*drawn, (f" {text}", "foreground"))


def _loss(cell: Cell, width: int) -> Line:
    metrics = cell.job.current_metrics
    bad = "loss" in metrics.non_finite
    number: Line = ((metric_text(metrics, "loss"), "status-failed" if bad else "foreground"),)
    if width <= _CURVE:
        return number
    curve = f" {sparkline(cell.curve, _CURVE)}"
    return (*fitted(number, width - len(curve)), (curve, "chart-line"))


def _left(cell: Cell, _width: int) -> Line:
    return ((duration(cell.job.seconds_left(cell.now)), "foreground"),)


def _cost(cell: Cell, _width: int) -> Line:
    job = cell.job
    cost = job.final_cost if job.final_cost is not None else job.current_cost
    amount = money(cost) if cost else ABSENT
    return ((amount, "foreground"), (simulated_mark(job), "dim"))


def _age(cell: Cell, _width: int) -> Line:
    return ((age(cell.job.created_at, cell.now), "dim"),)


def _tags(cell: Cell, _width: int) -> Line:
    return ((", ".join(map(printable, cell.job.tags)) or ABSENT, "dim"),)


def _gpus(cell: Cell, _width: int) -> Line:
    gpus = cell.job.gpu_config
    return ((f"{gpus.count} × {printable(gpus.type)}" if gpus else ABSENT, "dim"),)


def _preset(cell: Cell, _width: int) -> Line:
    return ((printable(cell.job.preset_id or ABSENT), "dim"),)


def _duration(cell: Cell, _width: int) -> Line:
    return ((duration(cell.job.elapsed(cell.now)), "foreground"),)


def _budget(cell: Cell, _width: int) -> Line:
    return ((money(cell.job.budget), "dim"),)


NAME, COST, TAGS = "name", "cost", "tags"

COLUMNS: Mapping[str, Column] = {
    "id": Column("#", (4,) * 4, _number, about="the number to type"),
    NAME: Column("name", (0,) * 4, _name, about="takes what the others leave"),
    "status": Column("status", (14,) * 4, _status),
    "model": Column("model", (10, 12, 12, 18), _model),
    "dataset": Column("dataset", (10, 12, 14, 18), _dataset),
    "progress": Column("progress", (5, 11, 15, 22), _progress, short_title="done"),
    "loss": Column("loss", (6, 6, 14, 14), _loss, about="with its curve where there is room"),
    "left": Column("left", (7,) * 4, _left, is_right=True, about="time to the expected end"),
    COST: Column("cost", (11,) * 4, _cost, is_right=True, about="so far, or in the end"),
    "age": Column("age", (4,) * 4, _age, is_right=True, about="since it was made"),
    "duration": Column("took", (7,) * 4, _duration, is_right=True, about="since its start"),
    TAGS: Column("tags", (10, 12, 16, 20), _tags),
    "gpus": Column("GPUs", (13,) * 4, _gpus),
    "preset": Column("preset", (8, 8, 10, 10), _preset),
    "budget": Column("budget", (9,) * 4, _budget, is_right=True),
}
"""By the name that a person chooses them by."""
