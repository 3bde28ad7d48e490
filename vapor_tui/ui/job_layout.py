"""Jobs as lines of a table: which columns there is room for, how wide they are, one line each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from vapor_tui.ui.glyphs import FALLING, RISING
from vapor_tui.ui.job_rows import COLUMNS, COST, NAME, TAGS, Cell, Size
from vapor_tui.ui.table_rows import SIGNS_WIDTH, aligned, heading_of, row_of
from vapor_tui.ui.widgets.lines import Line

if TYPE_CHECKING:
    from vapor_tui.domain.job_facts import JobFacts
    from vapor_tui.domain.job_pages import Sort
    from vapor_tui.domain.results import Result

_GOOD_NAME, _LEAST_NAME = 20, 8
"""Cells of a name before the other columns are made smaller, and before one is left out."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a table, by name, and the cells that they take."""

    columns: tuple[str, ...]
    size: Size
    gap: int

    def widths(self, width: int) -> list[int]:
        """Return the cells of each column in a table of this width."""
        rest = max(self.rest(width), 1)
        return [COLUMNS[name].widths[self.size] or rest for name in self.columns]

    def rest(self, width: int) -> int:
        """Return the cells that are left for the name."""
        fixed = sum(COLUMNS[name].widths[self.size] for name in self.columns)
        return width - SIGNS_WIDTH - fixed - self.gap * (len(self.columns) - 1)


_MIDDLE = ("id", NAME, "status", "model", "progress", "loss", "left", COST, "age")
_BY_WIDTH: tuple[tuple[int, Layout], ...] = (
    (
        150,
        Layout(
            ("id", NAME, "status", "model", "dataset", *_MIDDLE[4:]),
            Size.LARGE,
            2,
        ),
    ),
    (110, Layout(_MIDDLE, Size.MIDDLE, 2)),
    (76, Layout(("id", NAME, "status", "progress", "loss", "left", COST), Size.SMALL, 1)),
    (66, Layout(("id", NAME, "status", "progress", "loss", COST), Size.TIGHT, 1)),
    (0, Layout(("id", NAME, "status", "progress", COST), Size.TIGHT, 1)),
)
"""What is shown where nobody has chosen, from a width on."""


def check_columns(names: Iterable[str]) -> Result[tuple[str, ...]]:
    """Return the columns of these names, the name of the job among them, or what is wrong."""
    from vapor_tui.domain.results import Ok, Refused

    found = tuple(dict.fromkeys(names))
    if unknown := [name for name in found if name not in COLUMNS]:
        sentence = f'There is no column "{unknown[0]}"; there are {", ".join(COLUMNS)}'
        return Refused(sentence, {"columns": sentence})
    if found and NAME not in found:
        found = (NAME, *found)
    return Ok(found)


def layout_for(width: int, chosen: Sequence[str] = ()) -> Layout:
    """Return the columns of a table of this width: those chosen that fit, or the usual ones.

    Columns become smaller before the last of them is left out.
    """
    if not chosen:
        return next(layout for least, layout in _BY_WIDTH if width >= least)
    columns = tuple(chosen)
    for size, gap in ((Size.LARGE, 2), (Size.MIDDLE, 2), (Size.SMALL, 1), (Size.TIGHT, 1)):
        layout = Layout(columns, size, gap)
        if layout.rest(width) >= _GOOD_NAME:
            return layout
    while layout.rest(width) < _LEAST_NAME and len(layout.columns) > 1:
        others = [name for name in layout.columns if name != NAME]
        left = tuple(name for name in layout.columns if name != others[-1])
        layout = replace(layout, columns=left)
    return layout


def heading_line(
    layout: Layout, width: int, sort: Sort | None = None, is_reversed: bool = False
) -> Line:
    """Return the line of headings, with an arrow at the column that decides the order."""
    cells: list[Line] = []
    for name, size in zip(layout.columns, layout.widths(width), strict=True):
        column = COLUMNS[name]
        title = column.title if len(column.title) <= size else column.short_title
        if sort is not None and name == _column_of(sort):
            arrow = FALLING if sort.falls(is_reversed) else RISING
            cells.append(((f"{title}{arrow}", "foreground"),))
        else:
            cells.append(((title, "dim"),))
    return heading_of(_aligned(cells, layout, width))


def job_line(
    job: JobFacts,
    curve: Sequence[float],
    now: datetime,
    layout: Layout,
    width: int,
    *,
    is_current: bool,
    has_focus: bool,
    is_marked: bool = False,
) -> Line:
    """Return a job's line, with a sign when the cursor is on it and one when it is marked."""
    cell = Cell(
        job,
        curve,
        now,
        names_tags=TAGS not in layout.columns,
        marks_name=COST not in layout.columns,
    )
    sizes = layout.widths(width)
    cells = [
        COLUMNS[name].show(cell, size) for name, size in zip(layout.columns, sizes, strict=True)
    ]
    return row_of(
        _aligned(cells, layout, width),
        is_current=is_current,
        has_focus=has_focus,
        is_marked=is_marked,
    )


def _column_of(sort: Sort) -> str:
    return "id" if sort in ("newest", "oldest") else sort.value


def _aligned(cells: Sequence[Line], layout: Layout, width: int) -> Line:
    rights = [COLUMNS[name].is_right for name in layout.columns]
    placed = zip(cells, layout.widths(width), rights, strict=True)
    return aligned(placed, layout.gap, width - SIGNS_WIDTH)
