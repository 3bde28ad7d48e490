"""Which jobs are listed, in which order, and how many there are of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from textual.reactive import var

from vapor_tui.domain.lifecycle import Status
from vapor_tui.ui.glyphs import MARK
from vapor_tui.ui.paging import place_text
from vapor_tui.ui.widgets.lines import Line, joined, spread
from vapor_tui.ui.widgets.search_bar import SearchBar

if TYPE_CHECKING:
    from vapor_tui.domain.job_facts import JobFacts
    from vapor_tui.domain.job_pages import JobPage

STATUSES = (
    Status.RUNNING,
    Status.QUEUED,
    Status.PAUSED,
    Status.COMPLETED,
    Status.FAILED,
    Status.CANCELLED,
)
NEWEST = "newest"


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


class FilterBar(SearchBar):
    """Narrows the list of jobs down, and sorts it."""

    PLACEHOLDER = "name, model, dataset or tag"

    filters: var[Filters] = var(Filters(), init=False)
    listed: var[JobPage[JobFacts] | None] = var(None, init=False)
    marked: var[int] = var(0, init=False)
    """How many jobs are marked."""

    @property
    def searched(self) -> str:
        return self.filters.search

    def search_for(self, text: str) -> None:
        self.filters = replace(self.filters, search=text)

    def clear(self) -> None:
        # At once, so that the list is read once.
        self.filters = replace(self.filters, search="", status=None)
        super().clear()

    def next_status(self, counts: Mapping[Status, int]) -> None:
        """List the jobs of the next status that there are any of, all of them after the last."""
        present = [None, *(s for s in STATUSES if counts.get(s) or s is self.filters.status)]
        after = present[(present.index(self.filters.status) + 1) % len(present)]
        self.filters = replace(self.filters, status=after)

    def sort_by(self, sort: str, *, is_reversed: bool) -> None:
        self.filters = replace(self.filters, sort=sort, is_reversed=is_reversed)

    def watch_filters(self) -> None:
        self.describe()
        self.post_message(self.Changed())

    def watch_marked(self) -> None:
        self.describe()

    def watch_listed(self) -> None:
        self.describe()

    def description(self, width: int) -> Line:
        page, filters = self.listed, self.filters
        if page is None:
            return ()
        reversed_ = " reversed" if filters.is_reversed else ""
        parts: list[Line] = [
            (("status ", "dim"), (filters.status.value if filters.status else "all", "foreground")),
            (("sort ", "dim"), (filters.sort, "foreground"), (reversed_, "dim")),
        ]
        marked: Line = ()
        if self.marked:
            marked = ((f"{MARK} {self.marked} marked", "bold accent"),)
        right = joined([marked, ((place_text(page, "job"), "dim"),)])
        return spread(joined(parts), right, width)
