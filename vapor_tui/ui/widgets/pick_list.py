"""A list of entries in aligned columns, of which one is picked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rich.cells import cell_len
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from vapor_tui.domain.text import printable

_GAP = "  "
GAP_WIDTH = len(_GAP)


@dataclass(frozen=True, slots=True)
class PickRow:
    """An entry: what it is called inside, its columns, and whether it can be picked."""

    key: str
    cells: tuple[str, ...]
    can_be_picked: bool = True


class PickList(OptionList):
    """The first column is the bright one; the last may be cut off."""

    DEFAULT_CSS = """
    PickList {
        height: 1fr;
        min-width: 12;
        min-height: 1;
        background: transparent;
        scrollbar-size-vertical: 1;
        text-wrap: nowrap;
        text-overflow: ellipsis;
    }
    """

    def __init__(self) -> None:
        super().__init__(markup=False, compact=True)

    def show(self, rows: Sequence[PickRow], picked: str = "") -> None:
        """Show entries with the picked one under the cursor, else the first that can be."""
        widths = column_widths(rows)
        self.clear_options()
        self.add_options(
            Option(_line(row, widths), id=row.key, disabled=not row.can_be_picked) for row in rows
        )
        keys = [row.key for row in rows if row.can_be_picked]
        if keys:
            self.highlighted = self.get_option_index(picked if picked in keys else keys[0])

    def move(self, direction: int) -> None:
        """Put the cursor on the next entry (1) or the one before (-1) that can be picked."""
        if direction > 0:
            self.action_cursor_down()
        else:
            self.action_cursor_up()


def column_widths(rows: Sequence[PickRow]) -> list[int]:
    """Return the cells that each column needs; the last one of a row may be of any length."""
    columns = zip_longest(*(row.cells[:-1] for row in rows), fillvalue="")
    return [max(cell_len(printable(cell)) for cell in column) for column in columns]


def _line(row: PickRow, widths: Sequence[int]) -> Content:
    parts: list[Content | str] = []
    for index, cell in enumerate(row.cells):
        style = "$dim" if index or not row.can_be_picked else "bold"
        text = Content.styled(printable(cell), style)
        if index < len(row.cells) - 1:
            text = text.pad_right(widths[index] - text.cell_length)
        parts += [_GAP, text] if index else [text]
    return Content.assemble(*parts)
