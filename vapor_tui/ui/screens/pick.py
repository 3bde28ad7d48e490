"""A list over the screen that is searched while typing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static

from vapor_tui.ui.screens.finishing import DialogScreen
from vapor_tui.ui.widgets.pick_list import PickList, PickRow
from vapor_tui.ui.widgets.plain_input import PlainInput

Search = Callable[[str], Sequence[PickRow]]


class PickScreen(DialogScreen[str | None]):
    """Dismissed with the key of the row that was picked, or None."""

    CSS_PATH = "pick.tcss"
    AUTO_FOCUS = "PlainInput"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "back", id="pick.leave", tooltip="Leave without a choice"),
        Binding("down", "move(1)", "down", id="pick.down", tooltip="The next entry", show=False),
        Binding("up", "move(-1)", "up", id="pick.up", tooltip="The entry before", show=False),
    ]

    def __init__(
        self,
        title: str,
        search: Search,
        *,
        picked: str = "",
        query: str = "",
        placeholder: str = "type to search",
    ) -> None:
        """`search` returns the rows for a query; `picked` is the key under the cursor at first."""
        super().__init__()
        self._title = title
        self._search = search
        self._picked = picked
        self._query = query
        self._placeholder = placeholder

    def compose(self) -> ComposeResult:
        with Vertical(id="pick"):
            yield Static(self._title, id="pick--title", markup=False)
            yield PlainInput(placeholder=self._placeholder)
            yield PickList()
            yield Static("enter choose   esc back", id="pick--keys", markup=False)

    def on_mount(self) -> None:
        box = self.query_one(PlainInput)
        box.select_on_focus = False
        box.put(self._query)
        self._show()

    def action_leave(self) -> None:
        self.finish()

    def action_move(self, direction: int) -> None:
        self.query_one(PickList).move(direction)

    @on(Input.Changed)
    def _typed(self) -> None:
        self._show()

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.query_one(PickList).action_select()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.finish(event.option_id)

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            self.finish()

    def _show(self) -> None:
        query = self.query_one(PlainInput).value.strip()
        rows = self._search(query) or [PickRow("", ("Nothing matches",), can_be_picked=False)]
        self.query_one(PickList).show(rows, self._picked if not query else "")
