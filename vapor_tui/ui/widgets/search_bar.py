"""What is listed, in which order, and how many there are, with a field to search in."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from vapor_tui.ui.widgets.lines import Line, LinesView
from vapor_tui.ui.widgets.plain_input import PlainInput

_DELAY = 0.15
"""Seconds without a key before what was typed is looked for."""


class SearchBar(Horizontal):
    """A line above a table. Subclasses hold what is wanted, and say what is listed."""

    DEFAULT_CSS = """
    SearchBar { height: 1; }
    SearchBar Input { width: 34; margin-right: 3; display: none; background: $panel; }
    SearchBar.-searching Input { display: block; }
    """

    PLACEHOLDER: ClassVar[str]
    """What can be searched for."""

    class Changed(Message):
        """Something else is to be listed."""

    class Left(Message):
        """The search field is done with."""

    @property
    def searched(self) -> str:
        """What is searched for; empty to list all."""
        raise NotImplementedError

    def search_for(self, text: str) -> None:
        """List only what matches a text."""
        raise NotImplementedError

    def description(self, width: int) -> Line:
        """Return what is listed; empty before anything is."""
        raise NotImplementedError

    _field: PlainInput | None = None
    """Made when it is first used: its styles are a tenth of the first screen's."""

    def compose(self) -> ComposeResult:
        yield LinesView()

    @property
    def is_searching(self) -> bool:
        return self._field is not None and self._field.has_focus

    async def start_search(self) -> None:
        """Put the cursor into the search field."""
        if self._field is None:
            self._field = PlainInput(placeholder=self.PLACEHOLDER)
            await self.mount(self._field, before=0)
        self.add_class("-searching")
        self._field.focus()

    def clear(self) -> None:
        """List everything again."""
        if self._field is not None:
            self._field.value = ""
        self.remove_class("-searching")
        self.search_for("")

    def describe(self) -> None:
        """Say anew what is listed."""
        line = self.query_one(LinesView)
        if width := line.content_size.width:
            line.show([self.description(width)])

    def on_resize(self, _event: events.Resize) -> None:
        self.describe()

    @on(Input.Changed)
    def _search_soon(self, event: Input.Changed) -> None:
        event.stop()
        self.set_timer(_DELAY, lambda: self._search_if_last(event.value))

    def _search_if_last(self, text: str) -> None:
        if self._field is not None and text == self._field.value:
            self.search_for(text.strip())

    @on(Input.Submitted)
    def _search_now(self, event: Input.Submitted) -> None:
        event.stop()
        self._search_if_last(event.value)
        self.set_class(bool(self.searched), "-searching")
        self.post_message(self.Left())
