"""A choice of GPUs as one line of the comparison, and the lines above and below it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from vapor_tui.domain.formats import duration, fine_duration, money
from vapor_tui.domain.text import printable
from vapor_tui.ui.glyphs import SIMULATED, SIMULATED_SHORT, SIMULATED_STYLE, percent
from vapor_tui.ui.table_rows import Column, Layout
from vapor_tui.ui.widgets.lines import GAP, Line, joined, line_width, spread

if TYPE_CHECKING:
    from vapor_tui.domain.plans import PlanRow, PlanSort
    from vapor_tui.services.plans import Plan

GpuChoice: TypeAlias = tuple[str, int]
"""Type and number of GPUs."""

PRESENT = "● now"
BEST = "◆ best"
LEGEND = f"{BEST}: every cheaper choice that fits is slower"

_MODEL_LENGTHS = (40, 20, 12)
"""Characters of a model's name, the first of them that has room."""
_SAME_COST, _SAME_SECONDS = 0.005, 0.5
"""Differences below these are not worth a word."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell is made from."""

    row: PlanRow
    is_present: bool = False


def choice_of(row: PlanRow) -> GpuChoice:
    return row.gpu.type, row.gpu_count


def choice_name(choice: GpuChoice) -> str:
    """Return a choice as people write it, safe to show: "2 × A100-80GB"."""
    return f"{choice[1]} × {printable(choice[0])}"


def _strong(row: PlanRow) -> str:
    if not row.may_fit:
        return "dim"
    return "bold foreground" if row.is_on_frontier else "foreground"


def _present(cell: Cell) -> Line:
    return ((PRESENT, "accent"),) if cell.is_present else ()


def _gpu(cell: Cell) -> Line:
    return ((printable(cell.row.gpu.type), _strong(cell.row)),)


def _count(cell: Cell) -> Line:
    return ((str(cell.row.gpu_count), _strong(cell.row)),)


def _gpus(cell: Cell) -> Line:
    return ((choice_name(choice_of(cell.row)), _strong(cell.row)),)


def _time(cell: Cell) -> Line:
    return ((fine_duration(cell.row.seconds), _strong(cell.row)),)


def _cost(cell: Cell) -> Line:
    return ((money(cell.row.total_cost), _strong(cell.row)),)


def _listed(cell: Cell) -> Line:
    return ((money(cell.row.listed.total_cost), "dim"),)


def _rate(cell: Cell) -> Line:
    return ((f"{money(cell.row.listed.hourly_rate)}/h", "dim"),)


def _per_million(cell: Cell) -> Line:
    return ((money(cell.row.cost_per_million_tokens), "dim"),)


def _memory(cell: Cell) -> Line:
    return ((memory_text(cell.row), "dim"),)


def _fits(cell: Cell) -> Line:
    return fit_word(cell.row)


def _fits_briefly(cell: Cell) -> Line:
    return fit_word(cell.row, "no fit")


def _best(cell: Cell) -> Line:
    return ((BEST, "bold foreground"),) if cell.row.is_on_frontier else ()


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
        return ((f"✗ {no_fit}", "dim"),)
    return (("! tight", "warning"),) if memory.is_tight else (("✓ fits", "success"),)


_PRESENT = Column("", len(PRESENT), _present)
_COUNT = Column("count", 5, _count, is_right=True)
_TIME = Column("time", 7, _time, is_right=True)
_COST = Column("cost", 9, _cost, is_right=True)
_LISTED = Column("list cost", 9, _listed, is_right=True)
_RATE = Column("rate", 10, _rate, is_right=True)
_PER_MILLION = Column("$/M tokens", 10, _per_million, is_right=True)
_MEMORY = Column("memory per GPU", 15, _memory, is_right=True)
_FITS = Column("fits", 14, _fits)
_FITS_BRIEFLY = Column("fits", 8, _fits_briefly)
_BEST = Column("", len(BEST), _best)


def _first(gpu_width: int) -> tuple[Column[Cell], ...]:
    return _PRESENT, Column("GPU", gpu_width, _gpu), _COUNT, _TIME, _COST


_BRIEF = (_PRESENT, Column("GPUs", 16, _gpus), _TIME, _COST, _FITS_BRIEFLY, _BEST)

LAYOUTS = (
    Layout(150, 3, (*_first(20), _LISTED, _RATE, _PER_MILLION, _MEMORY, _FITS, _BEST)),
    Layout(116, 2, (*_first(14), _LISTED, _PER_MILLION, _MEMORY, _FITS, _BEST)),
    Layout(92, 1, (*_first(14), _PER_MILLION, _MEMORY, _FITS_BRIEFLY, _BEST)),
    Layout(76, 1, (*_first(12), _MEMORY, _FITS_BRIEFLY, _BEST)),
    Layout(0, 1, _BRIEF),
)


def title_line(
    plan: Plan,
    sort: PlanSort,
    shown: str,
    rows: int,
    best: int,
    width: int,
    *,
    is_next_best: bool,
    is_stale: bool,
) -> Line:
    """Return the order, what is shown and how many, how many are best, and what figures go by.

    `is_next_best` is whether the key that filters shows only the best next.
    """
    left = joined(
        [
            (("last valid", "warning"),) if is_stale else (),
            (("sort ", "dim"), (sort.value, "foreground")),
            ((f"{shown} ", "foreground"), (str(rows), "dim")),
        ]
    )
    hints = ("; f shows only these", " (f)", "") if is_next_best else ("",)
    marked: Line = ((f"{best} ", "foreground"), (BEST, "bold foreground"))
    lefts = [joined([left, (*marked, (hint, "dim"))]) for hint in hints] if 0 < best < rows else []
    rights: list[Line] = [
        joined([((assumption(plan, length), "dim"),), ((mark, SIMULATED_STYLE),)])
        for length in _MODEL_LENGTHS
        for mark in (SIMULATED, SIMULATED_SHORT)
    ]
    room = width - line_width(rights[-2]) - len(GAP)
    left = next((line for line in lefts if line_width(line) <= room), left)
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
