"""Rows of tables as lines: cells in columns of fixed widths, behind the signs of the row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from vapor_tui.ui.glyphs import CURSOR, MARK
from vapor_tui.ui.widgets.lines import CURSOR_GROUND, Line, fitted, line_width

CellT = TypeVar("CellT")

SIGNS_WIDTH = 2
"""Cells before the first column: the cursor, and the mark of a row that is marked."""


@dataclass(frozen=True, slots=True)
class Column(Generic[CellT]):
    """A column: its heading, how wide it is (0 takes the rest), and what it shows of a row."""

    title: str
    width: int
    show: Callable[[CellT], Line]
    is_right: bool = False


@dataclass(frozen=True, slots=True)
class Layout(Generic[CellT]):
    """The columns of a table of at least this width, and the cells between them."""

    least: int
    gap: int
    columns: tuple[Column[CellT], ...]

    def heading(self, width: int) -> Line:
        """Return the line of headings."""
        return heading_of(self._aligned([((c.title, "dim"),) for c in self.columns], width))

    def row(self, row: CellT, width: int, *, is_current: bool, has_focus: bool) -> Line:
        """Return a row's line, with the cursor before it where that is on it."""
        cells = [column.show(row) for column in self.columns]
        return row_of(self._aligned(cells, width), is_current=is_current, has_focus=has_focus)

    def _aligned(self, cells: Sequence[Line], width: int) -> Line:
        room = width - SIGNS_WIDTH
        fixed = sum(column.width for column in self.columns) + self.gap * (len(self.columns) - 1)
        rest = max(room - fixed, 1)
        widths = [column.width or rest for column in self.columns]
        rights = [column.is_right for column in self.columns]
        return aligned(zip(cells, widths, rights, strict=True), self.gap, room)


def layout_for(layouts: Iterable[Layout[CellT]], width: int) -> Layout[CellT]:
    """Return the first of the layouts, widest first, that a table of this width has room for."""
    return next(layout for layout in layouts if width >= layout.least)


def aligned(cells: Iterable[tuple[Line, int, bool]], gap: int, width: int) -> Line:
    """Return cells beside each other, each with its width and whether it stands at the right."""
    line: Line = ()
    for cell, size, is_right in cells:
        line += ((" " * gap, ""),) if line else ()
        missing = size - line_width(cell)
        if is_right and missing > 0:
            line += ((" " * missing, ""), *cell)
        else:
            line += fitted(cell, size)
    return fitted(line, max(width, 0))


def heading_of(cells: Line) -> Line:
    """Return aligned headings with the room before them that rows have for their signs."""
    return ((" " * SIGNS_WIDTH, ""), *cells)


def row_of(cells: Line, *, is_current: bool, has_focus: bool, is_marked: bool = False) -> Line:
    """Return aligned cells with the signs of their row, on the cursor's ground if it is there."""
    signs = f"{CURSOR if is_current else ' '}{MARK if is_marked else ' '}"
    line: Line = ((signs, "bold accent"), *cells)
    return on_cursor(line) if is_current and has_focus else line


def on_cursor(line: Line) -> Line:
    """Return a line on the ground of what the cursor is on."""
    return tuple((text, f"{style} on {CURSOR_GROUND}".strip()) for text, style in line)
