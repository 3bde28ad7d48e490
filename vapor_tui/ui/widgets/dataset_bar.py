"""Which datasets are listed, in which order, and how many there are of them."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.reactive import var
from textual.widgets import Input

from vapor_tui.domain.datasets import DatasetPage, DatasetSort, ListedDataset
from vapor_tui.ui.widgets.lines import Line, LinesView, joined, spread
from vapor_tui.ui.widgets.plain_input import PlainInput

_DELAY = 0.15
"""Seconds without a key before what was typed is looked for."""
_SORTS = tuple(DatasetSort)


class DatasetBar(Horizontal):
    """A line that says what is listed, with a field to search in when it is wanted."""

    DEFAULT_CSS = """
    DatasetBar { height: 1; }
    DatasetBar Input { width: 34; margin-right: 3; display: none; background: $panel; }
    DatasetBar.-searching Input { display: block; }
    """

    search: var[str] = var("", init=False)
    sort: var[DatasetSort] = var(DatasetSort.NEWEST, init=False)
    listed: var[DatasetPage[ListedDataset] | None] = var(None, init=False)

    class Changed(Message):
        """Something else is to be listed."""

    class Left(Message):
        """The search field is done with."""

    def compose(self) -> ComposeResult:
        yield PlainInput(placeholder="name, file or format")
        yield LinesView()

    @property
    def is_searching(self) -> bool:
        return self.query_one(Input).has_focus

    def start_search(self) -> None:
        """Put the cursor into the search field."""
        self.add_class("-searching")
        self.query_one(Input).focus()

    def clear(self) -> None:
        """List all datasets again."""
        self.query_one(Input).value = ""
        self.remove_class("-searching")
        self.search = ""

    def next_sort(self) -> None:
        self.sort = _SORTS[(_SORTS.index(self.sort) + 1) % len(_SORTS)]

    def watch_search(self) -> None:
        self._describe()
        self.post_message(self.Changed())

    def watch_sort(self) -> None:
        self._describe()
        self.post_message(self.Changed())

    def watch_listed(self) -> None:
        self._describe()

    def on_resize(self, _event: events.Resize) -> None:
        self._describe()

    @on(Input.Changed)
    def _search_soon(self, event: Input.Changed) -> None:
        event.stop()
        self.set_timer(_DELAY, lambda: self._search_for(event.value))

    def _search_for(self, text: str) -> None:
        if text == self.query_one(Input).value:
            self.search = text.strip()

    @on(Input.Submitted)
    def _search_now(self, event: Input.Submitted) -> None:
        event.stop()
        self._search_for(event.value)
        self.set_class(bool(self.search), "-searching")
        self.post_message(self.Left())

    def _describe(self) -> None:
        line, page = self.query_one(LinesView), self.listed
        if page is None or not line.content_size.width:
            return
        parts: list[Line] = [(("sort ", "dim"), (self.sort.value, "foreground"))]
        datasets = "1 dataset" if page.total == 1 else f"{page.total:,} datasets"
        where = f"page {page.page} of {page.total_pages}, " if page.total_pages > 1 else ""
        right: Line = ((f"{where}{datasets}", "dim"),)
        line.show([spread(joined(parts), right, line.content_size.width)])
