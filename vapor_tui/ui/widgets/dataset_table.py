"""The table of datasets: one page of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import var

from vapor_tui.domain.datasets import ListedDataset
from vapor_tui.ui.dataset_rows import LAYOUTS, Cell
from vapor_tui.ui.table_rows import layout_for
from vapor_tui.ui.widgets.lines import Line
from vapor_tui.ui.widgets.paged_table import PagedTable, ShownPage, paging_keys


@dataclass(frozen=True, slots=True)
class ShownDatasets(ShownPage[ListedDataset]):
    """A page of datasets at one moment."""

    shares: Mapping[int, float] = field(default_factory=dict)
    """How much is read of those that this app reads, by number."""


class DatasetTable(PagedTable[ListedDataset, ShownDatasets]):
    """Datasets that can be opened."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "open", id="datasets.open", tooltip="See all of this dataset"),
        *paging_keys("datasets", "dataset"),
    ]

    shown = var(ShownDatasets(), init=False)

    class Opened(Message):
        """A dataset was chosen."""

        def __init__(self, dataset_id: int) -> None:
            super().__init__()
            self.dataset_id = dataset_id

    def action_open(self) -> None:
        if self.row is not None:
            self.post_message(self.Opened(self.row.id))

    def heading(self, width: int) -> Line:
        return layout_for(LAYOUTS, width).heading(width)

    def line(self, row: ListedDataset, width: int, *, is_current: bool) -> Line:
        layout = layout_for(LAYOUTS, width)
        cell = Cell(row, self.shown.shares.get(row.id), self.shown.now)
        return layout.row(cell, width, is_current=is_current, has_focus=self.has_focus)
