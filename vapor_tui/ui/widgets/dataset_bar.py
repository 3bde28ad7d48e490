"""Which datasets are listed, in which order, and how many there are of them."""

from __future__ import annotations

from textual.reactive import var

from vapor_tui.domain.datasets import DatasetPage, DatasetSort, ListedDataset
from vapor_tui.ui.paging import place_text
from vapor_tui.ui.widgets.lines import Line, spread
from vapor_tui.ui.widgets.search_bar import SearchBar

_SORTS = tuple(DatasetSort)


class DatasetBar(SearchBar):
    """Searches the list of datasets, and sorts it."""

    PLACEHOLDER = "name, file or format"

    search: var[str] = var("", init=False)
    sort: var[DatasetSort] = var(DatasetSort.NEWEST, init=False)
    listed: var[DatasetPage[ListedDataset] | None] = var(None, init=False)

    @property
    def searched(self) -> str:
        return self.search

    def search_for(self, text: str) -> None:
        self.search = text

    def next_sort(self) -> None:
        self.sort = _SORTS[(_SORTS.index(self.sort) + 1) % len(_SORTS)]

    def watch_search(self) -> None:
        self.describe()
        self.post_message(self.Changed())

    def watch_sort(self) -> None:
        self.describe()
        self.post_message(self.Changed())

    def watch_listed(self) -> None:
        self.describe()

    def description(self, width: int) -> Line:
        page = self.listed
        if page is None:
            return ()
        left: Line = (("sort ", "dim"), (self.sort.value, "foreground"))
        return spread(left, ((place_text(page, "dataset"), "dim"),), width)
