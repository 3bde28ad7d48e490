"""Rows below a line of headings, of which only the cells that change are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from textual.binding import Binding
from textual.message import Message

from vapor_tui.ui.widgets.cursor_view import CursorView, movement_key
from vapor_tui.ui.widgets.lines import Line

RowT = TypeVar("RowT")

_HEADING = 1


class RowTable(CursorView, Generic[RowT]):
    """Its rows from `top` on. Subclasses say what they are, and how one looks."""

    DEFAULT_CSS = """
    RowTable { height: 1fr; padding: 0 1; }
    """

    top = 0
    """The first row that is seen."""

    class Highlighted(Message):
        """The cursor is on another row, on what became of it, or on none."""

    @property
    def listed(self) -> Sequence[RowT]:
        """All rows, those that are not seen too."""
        raise NotImplementedError

    def heading(self, width: int) -> Line:
        """Return the line of headings."""
        raise NotImplementedError

    def line(self, row: RowT, width: int, *, is_current: bool) -> Line:
        """Return the line of a row."""
        raise NotImplementedError

    @property
    def row(self) -> RowT | None:
        """The row under the cursor."""
        return self.listed[self.cursor] if self.cursor < self.count else None

    @property
    def count(self) -> int:
        return len(self.listed)

    @property
    def room(self) -> int:
        """How many rows fit."""
        return max(self.content_size.height - _HEADING, 1)

    def place_at(self, x: int, y: int) -> int | None:
        place = self.top + y - _HEADING
        return place if self.top <= place < min(self.top + self.room, self.count) else None

    def watch_cursor(self) -> None:
        super().watch_cursor()
        self.post_message(self.Highlighted())

    def action_move(self, rows: int) -> None:
        self.cursor += rows

    def wheel(self, lines: int) -> None:
        self.action_move(lines)

    def draw(self) -> None:
        width, top = self.content_size.width, self.top
        if not width:
            return
        seen = enumerate(self.listed[top : top + self.room], top)
        rows = (self.line(row, width, is_current=place == self.cursor) for place, row in seen)
        self.show([self.heading(width), *rows])


def row_keys(
    table: str, row: str, *turning: Binding, first: str = "first", last: str = "last"
) -> tuple[Binding, ...]:
    """Return the keys of a table: those that go to the `row` beside or at an end, and `turning`.

    `table` begins their ids; `first` and `last` are what the rows at the ends are called.
    """
    return (
        movement_key(f"{table}.down", "down,j", "move(1)", "Down", f"Go to the next {row}"),
        movement_key(f"{table}.up", "up,k", "move(-1)", "Up", f"Go to the {row} before"),
        *turning,
        movement_key(f"{table}.first", "g,home", "first", "First", f"Go to the {first} {row}"),
        movement_key(f"{table}.last", "G,end", "last", "Last", f"Go to the {last} {row}"),
    )
