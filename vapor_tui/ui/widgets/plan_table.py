"""The table of all choices of GPUs: a window on its rows that follows the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import var

from vapor_tui.ui.plan_rows import LAYOUTS, Cell, GpuChoice, choice_of
from vapor_tui.ui.table_rows import layout_for
from vapor_tui.ui.widgets.cursor_view import movement_key
from vapor_tui.ui.widgets.lines import Line
from vapor_tui.ui.widgets.row_table import RowTable, row_keys

if TYPE_CHECKING:
    from vapor_tui.domain.plans import PlanRow


class PlanTable(RowTable["PlanRow"]):
    """Rows with a cursor that stays on its choice, whatever the order and however many."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter", "open", "adopt", id="plans.adopt", tooltip="Take these GPUs into the form"
        ),
        *row_keys(
            "plans",
            "row",
            movement_key(
                "plans.next_page",
                "pagedown,ctrl+f",
                "turn(1)",
                "Next page",
                "Go down by what fits on the screen",
            ),
            movement_key(
                "plans.previous_page",
                "pageup,ctrl+b",
                "turn(-1)",
                "Previous page",
                "Go up by what fits on the screen",
            ),
        ),
    ]

    DEFAULT_CSS = """
    PlanTable { min-height: 2; }
    """

    rows: var[tuple[PlanRow, ...]] = var((), init=False)

    class Adopted(Message):
        """A row was chosen."""

        def __init__(self, choice: GpuChoice) -> None:
            super().__init__()
            self.choice = choice

    def __init__(self, present: GpuChoice) -> None:
        """`present` is marked and has the cursor at first."""
        super().__init__()
        self._present = present
        self._wanted = present
        """What the cursor returns to when it is listed again."""
        self._centres = True
        """Whether the cursor is to be in the middle when drawn next."""

    @property
    def listed(self) -> Sequence[PlanRow]:
        return self.rows

    def watch_rows(self) -> None:
        places = {choice_of(row): place for place, row in enumerate(self.rows)}
        self.set_reactive(PlanTable.cursor, places.get(self._wanted, 0))
        self._centres = True
        self.draw()
        self.post_message(self.Highlighted())

    def watch_cursor(self) -> None:
        if self.row is not None:
            self._wanted = choice_of(self.row)
        super().watch_cursor()

    def action_open(self) -> None:
        if self.row is not None:
            self.post_message(self.Adopted(choice_of(self.row)))

    def action_turn(self, pages: int) -> None:
        self.cursor += pages * self.room

    def action_first(self) -> None:
        self.cursor = 0

    def action_last(self) -> None:
        self.cursor = self.count - 1

    def draw(self) -> None:
        if self.content_size.width:
            room = self.room
            top = self.cursor - room // 2 if self._centres else self.top
            top = min(max(top, self.cursor - room + 1), self.cursor)
            self.top = max(min(top, self.count - room), 0)
            self._centres = False
        super().draw()

    def heading(self, width: int) -> Line:
        return layout_for(LAYOUTS, width).heading(width)

    def line(self, row: PlanRow, width: int, *, is_current: bool) -> Line:
        layout = layout_for(LAYOUTS, width)
        cell = Cell(row, is_present=choice_of(row) == self._present)
        return layout.row(cell, width, is_current=is_current, has_focus=self.has_focus)
