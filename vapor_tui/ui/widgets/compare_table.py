"""The table of a comparison: a column for each job, with a cursor that stays on its job."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import var

from vapor_tui.domain.comparison import Comparison
from vapor_tui.ui.compare_lines import HEADINGS, Columns, body_lines, columns_for, heading_lines
from vapor_tui.ui.widgets.cursor_view import CursorView, movement_key
from vapor_tui.ui.widgets.lines import line_width

_EPOCH = datetime.fromtimestamp(0, UTC)


class CompareTable(CursorView):
    """Shows `comparison`, with the cursor on a column; the headings stay when it is scrolled."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "open", id="compare.open", tooltip="Watch the job of this column"),
        movement_key("compare.right", "right", "move(1)", "Right", "Go to the next job"),
        movement_key("compare.left", "left", "move(-1)", "Left", "Go to the job before"),
        movement_key("compare.down", "down,j", "scroll(1)", "Down", "Scroll down"),
        movement_key("compare.up", "up,k", "scroll(-1)", "Up", "Scroll up"),
        movement_key(
            "compare.next_page",
            "pagedown,ctrl+f",
            "turn(1)",
            "Next page",
            "Scroll down by what fits on the screen",
        ),
        movement_key(
            "compare.previous_page",
            "pageup,ctrl+b",
            "turn(-1)",
            "Previous page",
            "Scroll up by what fits on the screen",
        ),
        movement_key("compare.first", "g,home", "first", "First", "Scroll to the top"),
        movement_key("compare.last", "G,end", "last", "Last", "Scroll to the end"),
    ]

    DEFAULT_CSS = """
    CompareTable { height: 1fr; min-height: 2; }
    """

    comparison: var[Comparison | None] = var(None, init=False)

    class Opened(Message):
        """A job was chosen."""

        def __init__(self, job_id: int) -> None:
            super().__init__()
            self.job_id = job_id

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._columns = Columns(0, 1, 1)
        self._top = 0
        self._now = _EPOCH

    @property
    def count(self) -> int:
        return len(self.comparison.jobs) if self.comparison else 0

    @property
    def wanted_height(self) -> int:
        """Lines that show everything without scrolling."""
        if self.comparison is None:
            return HEADINGS
        return HEADINGS + len(body_lines(self.comparison, self._columns, self._now))

    def tell(self, comparison: Comparison, now: datetime) -> None:
        """Show a comparison as it is at a moment."""
        self._now = now
        self.comparison = comparison
        self.draw()

    def action_open(self) -> None:
        if self.comparison is not None:
            self.post_message(self.Opened(self.comparison.ids[self.cursor]))

    def action_move(self, columns: int) -> None:
        self.cursor += columns

    def action_scroll(self, lines: int) -> None:
        self._top += lines
        self.draw()

    def action_turn(self, pages: int) -> None:
        self.action_scroll(pages * max(self._room - 1, 1))

    def action_first(self) -> None:
        self.action_scroll(-self._top)

    def action_last(self) -> None:
        self.action_scroll(self.wanted_height)

    def wheel(self, lines: int) -> None:
        self.action_scroll(lines)

    @property
    def _room(self) -> int:
        """Lines below the headings."""
        return max(self.content_size.height - HEADINGS, 1)

    def place_at(self, x: int, y: int) -> int | None:
        columns = self._columns
        label = line_width(self.lines[0]) - columns.count * columns.width if self.lines else 0
        place = (x - label) // columns.width
        return columns.first + place if 0 <= place < columns.count else None

    def draw(self) -> None:
        width, comparison = self.content_size.width, self.comparison
        if not width or comparison is None:
            return
        self._columns = columns_for(self.count, self.cursor, self._columns.first, width)
        body = body_lines(comparison, self._columns, self._now)
        self._top = max(min(self._top, len(body) - self._room), 0)
        seen = body[self._top : self._top + self._room]
        rows = f"rows {self._top + 1}-{self._top + len(seen)} of {len(body)}"
        headings = heading_lines(
            comparison,
            self._columns,
            self.cursor,
            has_focus=self.has_focus,
            rows=rows if len(seen) < len(body) else "",
        )
        self.show([*headings, *seen])
