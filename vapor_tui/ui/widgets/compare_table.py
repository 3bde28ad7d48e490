"""The table of a comparison: a column for each job, with a cursor that stays on its job."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import var

from vapor_tui.domain.comparison import Comparison
from vapor_tui.ui.compare_lines import HEADINGS, Columns, body_lines, columns_for, heading_lines
from vapor_tui.ui.widgets.lines import LinesView, line_width

_EPOCH = datetime.fromtimestamp(0, UTC)


class CompareTable(LinesView, can_focus=True):
    """Shows `comparison`; the headings stay while what lies below them is scrolled."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "open", id="compare.open", tooltip="Watch the job of this column"),
        Binding(
            "right",
            "move(1)",
            "Right",
            show=False,
            id="compare.right",
            tooltip="Go to the next job",
        ),
        Binding(
            "left",
            "move(-1)",
            "Left",
            show=False,
            id="compare.left",
            tooltip="Go to the job before",
        ),
        Binding(
            "down,j", "scroll(1)", "Down", show=False, id="compare.down", tooltip="Scroll down"
        ),
        Binding("up,k", "scroll(-1)", "Up", show=False, id="compare.up", tooltip="Scroll up"),
        Binding(
            "pagedown,ctrl+f",
            "turn(1)",
            "Next page",
            show=False,
            id="compare.next_page",
            tooltip="Scroll down by what fits on the screen",
        ),
        Binding(
            "pageup,ctrl+b",
            "turn(-1)",
            "Previous page",
            show=False,
            id="compare.previous_page",
            tooltip="Scroll up by what fits on the screen",
        ),
        Binding(
            "g,home", "first", "First", show=False, id="compare.first", tooltip="Scroll to the top"
        ),
        Binding(
            "G,end", "last", "Last", show=False, id="compare.last", tooltip="Scroll to the end"
        ),
    ]

    DEFAULT_CSS = """
    CompareTable { height: 1fr; min-height: 2; }
    """

    comparison: var[Comparison | None] = var(None, init=False)
    cursor: var[int] = var(0, init=False)
    """The column, counted from the left."""

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
    def jobs(self) -> int:
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
        self._draw()

    def on_resize(self, _event: events.Resize) -> None:
        self._draw()

    def on_focus(self) -> None:
        self._draw()

    def on_blur(self) -> None:
        self._draw()

    def validate_cursor(self, cursor: int) -> int:
        return min(max(cursor, 0), max(self.jobs - 1, 0))

    def watch_cursor(self) -> None:
        self._draw()

    def action_open(self) -> None:
        if self.comparison is not None:
            self.post_message(self.Opened(self.comparison.ids[self.cursor]))

    def action_move(self, columns: int) -> None:
        self.cursor += columns

    def action_scroll(self, lines: int) -> None:
        self._top += lines
        self._draw()

    def action_turn(self, pages: int) -> None:
        self.action_scroll(pages * max(self._room - 1, 1))

    def action_first(self) -> None:
        self.action_scroll(-self._top)

    def action_last(self) -> None:
        self.action_scroll(self.wanted_height)

    def on_click(self, event: events.Click) -> None:
        column = self._column_at(event.x - self.gutter.left)
        if column is None:
            return
        if column == self.cursor and event.chain > 1:
            self.action_open()
        self.cursor = column

    def on_mouse_scroll_down(self) -> None:
        self.action_scroll(1)

    def on_mouse_scroll_up(self) -> None:
        self.action_scroll(-1)

    @property
    def _room(self) -> int:
        """Lines below the headings."""
        return max(self.content_size.height - HEADINGS, 1)

    def _column_at(self, x: int) -> int | None:
        columns = self._columns
        label = line_width(self.lines[0]) - columns.count * columns.width if self.lines else 0
        place = (x - label) // columns.width
        return columns.first + place if 0 <= place < columns.count else None

    def _draw(self) -> None:
        width, comparison = self.content_size.width, self.comparison
        if not width or comparison is None:
            return
        self._columns = columns_for(self.jobs, self.cursor, self._columns.first, width)
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
