"""A screen of fields: keys that go from one to the next, and a focus that is not lost."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.widget import Widget

from vapor_tui.ui.screens.base import VaporScreen
from vapor_tui.ui.screens.finishing import ResultT


class FormScreen(VaporScreen[ResultT]):
    """Goes back to the field last edited when the terminal was too small for a while."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+down",
            "app.focus_next",
            "next field",
            id="configure.next-field",
            tooltip="Go to the next field",
            show=False,
        ),
        Binding(
            "ctrl+up",
            "app.focus_previous",
            "previous field",
            id="configure.previous-field",
            tooltip="Go to the field before",
            show=False,
        ),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._last_focused: Widget | None = None

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        self._last_focused = event.widget

    def on_resize(self) -> None:
        # In a terminal that is too small everything is hidden, and hiding takes the focus away.
        self.call_after_refresh(self._focus_again)

    def _focus_again(self) -> None:
        if self.focused is None and self._last_focused is not None:
            self._last_focused.focus()
