"""A choice of GPUs as one line of the comparison; every column has a fixed width."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from vapor_tui.domain.formats import duration, money
from vapor_tui.domain.text import printable
from vapor_tui.ui.glyphs import CURSOR, SIMULATED, SIMULATED_SHORT, SIMULATED_STYLE, percent
from vapor_tui.ui.widgets.lines import GAP, Line, fitted, joined, line_width, spread

if TYPE_CHECKING:
    from vapor_tui.domain.plans import PlanRow, PlanSort
    from vapor_tui.services.plans import Plan

GpuChoice: TypeAlias = tuple[str, int]
"""Type and number of GPUs."""

PRESENT = "● now"
BEST = "◆ best"
LEGEND = f"{BEST}: every cheaper choice that fits is slower"

_CURSOR_WIDTH = 2
_MODEL_LENGTHS = (40, 20, 12)
"""Characters of a model's name, the first of them that has room."""
_SAME_COST, _SAME_SECONDS = 0.005, 0.5
"""Differences below these are not worth a word."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, how wide it is, and what it shows of a row."""

    title: str
    width: int
    show: Callable[[PlanRow], Line]
    is_right: bool = True


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a table of at least this width, and the cells between them."""

    least: int
    gap: int
    columns: tuple[Column, ...]


def choice_of(row: PlanRow) -> GpuChoice:
    return row.gpu.type, row.gpu_count


def choice_name(choice: GpuChoice) -> str:
    """Return a choice as people write it, safe to show: "2 × A100-80GB"."""
    return f"{choice[1]} × {printable(choice[0])}"


def _strong(row: PlanRow) -> str:
    return "bold foreground" if row.is_on_frontier else "foreground"


def _gpu(row: PlanRow) -> Line:
    return ((printable(row.gpu.type), _strong(row)),)


def _count(row: PlanRow) -> Line:
    return ((str(row.gpu_count), _strong(row)),)


def _gpus(row: PlanRow) -> Line:
    return ((choice_name(choice_of(row)), _strong(row)),)


def _time(row: PlanRow) -> Line:
    return ((duration(row.seconds), _strong(row)),)


def _cost(row: PlanRow) -> Line:
    return ((money(row.total_cost), _strong(row)),)


def _listed(row: PlanRow) -> Line:
    return ((money(row.listed.total_cost), "dim"),)


def _rate(row: PlanRow) -> Line:
    return ((f"{money(row.listed.hourly_rate)}/h", "dim"),)


def _per_million(row: PlanRow) -> Line:
    return ((money(row.cost_per_million_tokens), "dim"),)


def _memory(row: PlanRow) -> Line:
    return ((memory_text(row), "dim"),)


def _fits(row: PlanRow) -> Line:
    return fit_word(row)


def _fits_briefly(row: PlanRow) -> Line:
    return fit_word(row, "no fit")


def _best(row: PlanRow) -> Line:
    return ((BEST, "bold foreground"),) if row.is_on_frontier else ()


def memory_text(row: PlanRow) -> str:
    """Return what each GPU has to hold of what it has."""
    memory = row.memory
    return "unknown" if memory is None else f"{memory.total:.1f} of {memory.available:g} GB"


def fit_word(row: PlanRow, no_fit: str = "does not fit") -> Line:
    """Return icon and word of how the job stands to the memory of these GPUs."""
    memory = row.memory
    if memory is None:
        return (("unknown", "dim"),)
    if not memory.fits:
        return ((f"✗ {no_fit}", "error"),)
    return (("! tight", "warning"),) if memory.is_tight else (("✓ fits", "success"),)


_TIME = Column("time", 7, _time)
_COST = Column("cost", 9, _cost)
_FITS = Column("fits", 14, _fits, is_right=False)
_FITS_BRIEFLY = Column("fits", 8, _fits_briefly, is_right=False)
_BEST = Column("", len(BEST), _best, is_right=False)
_PER_MILLION = Column("$/M tokens", 10, _per_million)
_MEMORY = Column("memory per GPU", 15, _memory)


def _first(gpu_width: int) -> tuple[Column, ...]:
    return (
        Column("GPU", gpu_width, _gpu, is_right=False),
        Column("count", 5, _count),
        _TIME,
        _COST,
    )


_LAYOUTS = (
    Layout(
        150,
        3,
        (
            *_first(20),
            Column("list cost", 9, _listed),
            Column("rate", 10, _rate),
            _PER_MILLION,
            _MEMORY,
            _FITS,
            _BEST,
        ),
    ),
    Layout(
        116,
        2,
        (*_first(14), Column("list cost", 9, _listed), _PER_MILLION, _MEMORY, _FITS, _BEST),
    ),
    Layout(92, 1, (*_first(14), _PER_MILLION, _MEMORY, _FITS_BRIEFLY, _BEST)),
    Layout(76, 1, (*_first(12), _MEMORY, _FITS_BRIEFLY, _BEST)),
    Layout(0, 1, (Column("GPUs", 16, _gpus, is_right=False), _TIME, _COST, _FITS_BRIEFLY, _BEST)),
)


def layout_for(width: int) -> Layout:
    """Return the columns that a table of this width has."""
    return next(layout for layout in _LAYOUTS if width >= layout.least)


def heading_line(width: int) -> Line:
    """Return the line of headings."""
    layout = layout_for(width)
    titles: list[Line] = [((column.title, "dim"),) for column in layout.columns]
    return _line((" " * _CURSOR_WIDTH, ""), (), titles, layout, width)


def row_line(
    row: PlanRow, width: int, *, is_present: bool, is_current: bool, has_focus: bool
) -> Line:
    """Return a row's line: marked where the cursor and where the present choice is."""
    layout = layout_for(width)
    cells = [column.show(row) for column in layout.columns]
    if not row.may_fit:
        cells = [tuple((text, "dim") for text, _ in cell) for cell in cells]
    mark = (f"{CURSOR} " if is_current else " " * _CURSOR_WIDTH, "bold accent")
    present: Line = ((PRESENT, "accent"),) if is_present else ()
    line = _line(mark, present, cells, layout, width)
    if not (is_current and has_focus):
        return line
    return tuple((text, f"{style} on block-cursor-background".strip()) for text, style in line)


def _line(
    mark: tuple[str, str], present: Line, cells: list[Line], layout: Layout, width: int
) -> Line:
    line: Line = (mark, *fitted(present, len(PRESENT)))
    for cell, column in zip(cells, layout.columns, strict=True):
        line += ((" " * layout.gap, ""),)
        missing = column.width - line_width(cell)
        if column.is_right and missing > 0:
            line += ((" " * missing, ""), *cell)
        else:
            line += fitted(cell, column.width)
    return fitted(line, width)


def title_line(
    plan: Plan, sort: PlanSort, shown: str, rows: int, width: int, *, is_stale: bool
) -> Line:
    """Return the order, what is shown and how many, and what the figures go by."""
    left = joined(
        [
            (("last valid", "warning"),) if is_stale else (),
            (("sort ", "dim"), (sort.value, "foreground")),
            ((f"{shown} ", "foreground"), (str(rows), "dim")),
        ]
    )
    rights: list[Line] = [
        joined([((assumption(plan, length), "dim"),), ((mark, SIMULATED_STYLE),)])
        for length in _MODEL_LENGTHS
        for mark in (SIMULATED, SIMULATED_SHORT)
    ]
    room = width - line_width(left) - len(GAP)
    right = next((line for line in rights if line_width(line) <= room), rights[-1])
    return spread(left, right, width)


def assumption(plan: Plan, length: int) -> str:
    """Return what time and cost go by."""
    if plan.model is None or plan.for_model is None:
        return "list figures, size unknown"
    uncertainty = percent(plan.for_model.uncertainty).strip()
    return f"for {printable(plan.model.id, length)} ± {uncertainty}"


def detail_lines(
    row: PlanRow | None, present: PlanRow | None, place: str, width: int
) -> list[Line]:
    """Return the figures of the row under the cursor that have room, and how it compares."""
    if row is None:
        return [(("No choice of GPUs is left; f shows the others", "dim"),), ()]
    facts: list[Line] = [
        ((choice_name(choice_of(row)), "bold foreground"),),
        ((memory_text(row), "foreground"), (" per GPU", "dim")) if row.memory else (),
        ((f"list {money(row.listed.total_cost)}", "dim"),),
        ((f"{money(row.cost_per_million_tokens)}/M tokens", "dim"),),
        ((f"{money(row.gpu.price)}/h each", "dim"),),
        ((printable(row.gpu.tagline), "dim"),),
    ]
    told: Line = ()
    for fact in facts:
        longer = joined([told, fact])
        if line_width(longer) > width:
            break
        told = longer
    return [told, spread(((_against(row, present), "dim"),), ((f" {place}", "dim"),), width)]


def _against(row: PlanRow, present: PlanRow | None) -> str:
    if present is None:
        return ""
    if choice_of(row) == choice_of(present):
        return "the present choice"
    cost, seconds = row.total_cost - present.total_cost, row.seconds - present.seconds
    money_word = f"{money(abs(cost))} {'dearer' if cost > 0 else 'cheaper'}"
    time_word = f"{duration(abs(seconds))} {'slower' if seconds > 0 else 'faster'}"
    words = (
        "the same cost" if abs(cost) < _SAME_COST else money_word,
        "the same time" if abs(seconds) < _SAME_SECONDS else time_word,
    )
    return f"{words[0]}, {words[1]} than {choice_name(choice_of(present))}"
