"""The line beneath the preset cards: what the chosen one is for, or what became of it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from vapor_tui.domain.text import printable


class PresetLine(Static):
    """Says as much as there is room for."""

    DEFAULT_CSS = """
    PresetLine {
        height: 1;
        color: $dim;
        text-wrap: nowrap;
        text-overflow: ellipsis;
        &.-error { color: $error; }
    }
    """

    sentences: reactive[tuple[str, ...]] = reactive(("",))
    """The same in fewer and fewer words."""

    def say(self, sentences: Sequence[str], error: str) -> None:
        """Show the first of the sentences that fits, or what is wrong."""
        self.set_class(bool(error), "-error")
        self.sentences = tuple(map(printable, (error,) if error else sentences))

    def render(self) -> Content:
        fitting = (text for text in self.sentences if cell_len(text) <= self.size.width)
        return Content(next(fitting, self.sentences[-1]))
