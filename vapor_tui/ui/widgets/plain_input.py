"""A one-line input that shows nothing a terminal would obey."""

from __future__ import annotations

from textual.widgets import Input

from vapor_tui.domain.text import printable


class PlainInput(Input):
    """An input of one row without a border."""

    def __init__(self, value: str = "", *, placeholder: str = "") -> None:
        super().__init__(value, placeholder=placeholder, compact=True)

    def validate_value(self, value: str) -> str:
        return printable(value)

    def put(self, text: str) -> None:
        """Show a text without telling anyone."""
        if text == self.value:
            return
        with self.prevent(Input.Changed):
            self.value = text
            self.cursor_position = len(self.value)
