"""Several lines of text to edit, in which nothing is shown that a terminal would obey."""

from __future__ import annotations

from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult

from vapor_tui.domain.text import printable_lines


class PlainArea(TextArea):
    """A box without colours of code; tab leaves it."""

    DEFAULT_CSS = """
    PlainArea { height: 10; max-height: 50vh; border: none; padding: 0 1; background: $background; }
    """

    def __init__(self, text: str = "") -> None:
        """`text` is safe to show."""
        super().__init__(text, compact=True, show_line_numbers=False, highlight_cursor_line=False)

    def edit(self, edit: Edit) -> EditResult:
        # A terminal pastes lines as if enter had been typed between them.
        text = edit.text.replace("\r\n", "\n").replace("\r", "\n")
        edit.text = "\n".join(printable_lines(text))
        return super().edit(edit)
