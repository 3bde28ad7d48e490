"""Which jobs are listed, in which order, and how many there are of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.reactive import var
from textual.widgets import Input

from vapor_tui.domain.lifecycle import Status
from vapor_tui.ui.glyphs import MARK
from vapor_tui.ui.widgets.lines import Line, LinesView, joined, spread

if TYPE_CHECKING:
    from vapor_tui.domain.jobs import JobPage

STATUSES = (
    Status.RUNNING,
    Status.QUEUED,
    Status.PAUSED,
    Status.COMPLETED,
    Status.FAILED,
    Status.CANCELLED,
)
NEWEST = "newest"
_DELAY = 0.15
"""Seconds without a key before what was typed is looked for."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What a person wants to see of the list."""

    search: str = ""
    status: Status | None = None
    sort: str = NEWEST
    """The word of a `Sort`."""
    is_reversed: bool = False

    @property
    def is_narrow(self) -> bool:
        """Whether some jobs are left out."""
        return bool(self.search or self.status)


class FilterBar(Horizontal):
    """A line that says what is listed, with a field to search in when it is wanted."""

    DEFAULT_CSS = """
    FilterBar { height: 1; }
    FilterBar Input { width: 34; margin-right: 3; display: none; background: $panel; }
    FilterBar.-searching Input { display: block; }
    """

    filters: var[Filters] = var(Filters(), init=False)
    listed: var[JobPage | None] = var(None, init=False)
    marked: var[int] = var(0, init=False)
    """How many jobs are marked."""

    class Changed(Message):
        """Something else is to be listed."""

        def __init__(self, filters: Filters) -> None:
            super().__init__()
            self.filters = filters

    class Left(Message):
        """The search field is done with."""

    def compose(self) -> ComposeResult:
        yield Input(placeholder="name, model, dataset or tag", compact=True)
        yield LinesView()

    @property
    def is_searching(self) -> bool:
        return self.query_one(Input).has_focus

    def start_search(self) -> None:
        """Put the cursor into the search field."""
        self.add_class("-searching")
        self.query_one(Input).focus()

    def clear(self) -> None:
        """List all jobs again."""
        self.query_one(Input).value = ""
        self.remove_class("-searching")
        self.filters = replace(self.filters, search="", status=None)

    def next_status(self, counts: Mapping[Status, int]) -> None:
        """List the jobs of the next status that there are any of, all of them after the last."""
        present = [None, *(s for s in STATUSES if counts.get(s) or s is self.filters.status)]
        after = present[(present.index(self.filters.status) + 1) % len(present)]
        self.filters = replace(self.filters, status=after)

    def sort_by(self, sort: str, *, is_reversed: bool) -> None:
        self.filters = replace(self.filters, sort=sort, is_reversed=is_reversed)

    def watch_filters(self, filters: Filters) -> None:
        self._describe()
        self.post_message(self.Changed(filters))

    def watch_marked(self) -> None:
        self._describe()

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
            self.filters = replace(self.filters, search=text.strip())

    @on(Input.Submitted)
    def _search_now(self, event: Input.Submitted) -> None:
        event.stop()
        self._search_for(event.value)
        self.set_class(bool(self.filters.search), "-searching")
        self.post_message(self.Left())

    def _describe(self) -> None:
        line, page, filters = self.query_one(LinesView), self.listed, self.filters
        if page is None or not line.content_size.width:
            return
        reversed_ = " reversed" if filters.is_reversed else ""
        parts: list[Line] = [
            (("status ", "dim"), (filters.status.value if filters.status else "all", "foreground")),
            (("sort ", "dim"), (filters.sort, "foreground"), (reversed_, "dim")),
        ]
        jobs = "1 job" if page.total == 1 else f"{page.total:,} jobs"
        where = f"page {page.page} of {page.total_pages}, " if page.total_pages > 1 else ""
        marked: Line = ()
        if self.marked:
            marked = ((f"{MARK} {self.marked} marked", "bold accent"),)
        right = joined([marked, ((f"{where}{jobs}", "dim"),)])
        line.show([spread(joined(parts), right, line.content_size.width)])
