"""How the list of jobs is arranged: its order and its columns, as a person chooses them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from vapor_tui.domain.text import printable
from vapor_tui.ui.screens.marking import MarkingScreen
from vapor_tui.ui.widgets.filter_bar import NEWEST, FilterBar, Filters
from vapor_tui.ui.widgets.job_table import JobTable


class ArrangingScreen(MarkingScreen[None]):
    """A table of jobs below a line of filters, in an order and with columns of one's own."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "sort", "sort…", show=False, id="jobs.sort", tooltip="Change the order"),
        Binding(
            "v",
            "columns",
            "columns…",
            show=False,
            id="jobs.columns",
            tooltip="Choose the columns and their order",
        ),
    ]

    def __init__(self, *, columns: Sequence[str] = (), sort: str = NEWEST) -> None:
        """`columns` and `sort` are what a person prefers, as they wrote it."""
        super().__init__()
        self._preferred_columns, self._preferred_sort = columns, sort
        self._reversals: dict[str, bool] = {}
        """Which orders were last seen reversed."""

    @property
    def filters(self) -> Filters:
        return self.query_one(FilterBar).filters

    @property
    def table(self) -> JobTable:
        return self.query_one(JobTable)

    def take_preferences(self) -> None:
        """Begin as a person prefers it; what there is not is said."""
        from vapor_tui.domain.job_pages import parse_sort
        from vapor_tui.domain.results import Ok
        from vapor_tui.ui.job_layout import check_columns

        problems = []
        match check_columns(self._preferred_columns):
            case Ok(columns):
                self.table.columns = columns
            case refused:
                problems.append(refused.error)
        match parse_sort(self._preferred_sort):
            case Ok((sort, is_reversed)):
                self.query_one(FilterBar).sort_by(sort.value, is_reversed=is_reversed)
            case refused:
                problems.append(refused.error)
        for problem in problems:
            self.notify(printable(problem), severity="warning", markup=False)

    def action_sort(self) -> None:
        from vapor_tui.ui.screens.sorting import sort_screen

        bar, filters = self.query_one(FilterBar), self.filters

        def picked(sort: str | None) -> None:
            if sort:
                # The same again turns it round; another one is as it was left.
                self._reversals[filters.sort] = filters.is_reversed
                is_reversed = self._reversals.get(sort, False)
                if sort == filters.sort:
                    is_reversed = not filters.is_reversed
                bar.sort_by(sort, is_reversed=is_reversed)

        self.app.push_screen(sort_screen(filters.sort, filters.is_reversed), picked)

    def action_columns(self) -> None:
        from vapor_tui.ui.screens.columns import ColumnsScreen

        table = self.table

        def chosen(columns: tuple[str, ...] | None) -> None:
            if columns is not None:
                table.columns = columns

        self.app.push_screen(ColumnsScreen(table.columns, table.content_size.width), chosen)
