"""The table of all choices of GPUs: a window on its rows that follows the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import var

from vapor_tui.ui.plan_rows import GpuChoice, choice_of, heading_line, row_line
from vapor_tui.ui.widgets.lines import LinesView

if TYPE_CHECKING:
    from vapor_tui.domain.plans import PlanRow

_HEADING = 1


class PlanTable(LinesView, can_focus=True):
    """Rows with a cursor that stays on its choice, whatever the order and however many."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter", "adopt", "adopt", id="plans.adopt", tooltip="Take these GPUs into the form"
        ),
        Binding(
            "down,j", "move(1)", "Down", show=False, id="plans.down", tooltip="Go to the next row"
        ),
        Binding(
            "up,k", "move(-1)", "Up", show=False, id="plans.up", tooltip="Go to the row before"
        ),
        Binding(
            "pagedown,ctrl+f",
            "turn(1)",
            "Next page",
            show=False,
            id="plans.next_page",
            tooltip="Go down by what fits on the screen",
        ),
        Binding(
            "pageup,ctrl+b",
            "turn(-1)",
            "Previous page",
            show=False,
            id="plans.previous_page",
            tooltip="Go up by what fits on the screen",
        ),
        Binding(
            "g,home", "first", "First", show=False, id="plans.first", tooltip="Go to the first row"
        ),
        Binding("G,end", "last", "Last", show=False, id="plans.last", tooltip="Go to the last row"),
    ]

    DEFAULT_CSS = """
    PlanTable { height: 1fr; min-height: 2; padding: 0 1; }
    """

    rows: var[tuple[PlanRow, ...]] = var((), init=False)
    cursor: var[int] = var(0, init=False)

    class Adopted(Message):
        """A row was chosen."""

        def __init__(self, choice: GpuChoice) -> None:
            super().__init__()
            self.choice = choice

    class Highlighted(Message):
        """The cursor is on another row; None when there is none."""

        def __init__(self, row: PlanRow | None) -> None:
            super().__init__()
            self.row = row

    def __init__(self, present: GpuChoice) -> None:
        """`present` is marked and has the cursor at first."""
        super().__init__()
        self._present = present
        self._wanted = present
        """What the cursor returns to when it is listed again."""
        self._top: int | None = None
        """The first row that is seen; None to have the cursor in the middle when drawn next."""

    @property
    def row(self) -> PlanRow | None:
        """The row under the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    @property
    def room(self) -> int:
        """How many rows fit."""
        return max(self.content_size.height - _HEADING, 1)

    def on_resize(self, _event: events.Resize) -> None:
        self._draw()

    def on_focus(self) -> None:
        self._draw()

    def on_blur(self) -> None:
        self._draw()

    def watch_rows(self) -> None:
        places = {choice_of(row): place for place, row in enumerate(self.rows)}
        self.set_reactive(PlanTable.cursor, places.get(self._wanted, 0))
        self._top = None
        self._draw()
        self.post_message(self.Highlighted(self.row))

    def validate_cursor(self, cursor: int) -> int:
        return min(max(cursor, 0), max(len(self.rows) - 1, 0))

    def watch_cursor(self) -> None:
        if self.row is not None:
            self._wanted = choice_of(self.row)
        self._draw()
        self.post_message(self.Highlighted(self.row))

    def action_adopt(self) -> None:
        if self.row is not None:
            self.post_message(self.Adopted(choice_of(self.row)))

    def action_move(self, rows: int) -> None:
        self.cursor += rows

    def action_turn(self, pages: int) -> None:
        self.cursor += pages * self.room

    def action_first(self) -> None:
        self.cursor = 0

    def action_last(self) -> None:
        self.cursor = len(self.rows) - 1

    def on_click(self, event: events.Click) -> None:
        place = event.y - self.gutter.top - _HEADING
        row = (self._top or 0) + place
        if not 0 <= place < self.room or row >= len(self.rows):
            return
        if row == self.cursor and event.chain > 1:
            self.action_adopt()
        self.cursor = row

    def on_mouse_scroll_down(self) -> None:
        self.action_move(1)

    def on_mouse_scroll_up(self) -> None:
        self.action_move(-1)

    def _draw(self) -> None:
        width, room = self.content_size.width, self.room
        if not width:
            return
        top = self.cursor - room // 2 if self._top is None else self._top
        top = min(max(top, self.cursor - room + 1), self.cursor)
        self._top = top = max(min(top, len(self.rows) - room), 0)
        seen = enumerate(self.rows[top : top + room], top)
        self.show(
            [
                heading_line(width),
                *(
                    row_line(
                        row,
                        width,
                        is_present=choice_of(row) == self._present,
                        is_current=place == self.cursor,
                        has_focus=self.has_focus,
                    )
                    for place, row in seen
                ),
            ]
        )
