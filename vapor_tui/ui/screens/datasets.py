"""The list of datasets: add, look into, delete, train on."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.reactive import var

from vapor_tui import paths
from vapor_tui.domain.datasets import (
    Dataset,
    DatasetFilter,
    ListedDataset,
)
from vapor_tui.domain.results import Ok
from vapor_tui.domain.text import printable
from vapor_tui.services.export_files import ExportTable
from vapor_tui.ui.dataset_lines import detail_lines
from vapor_tui.ui.dataset_notices import NO_MATCH, NONE_YET, reading_notice
from vapor_tui.ui.messages import (
    DatasetRead,
    DatasetsListed,
    ReadingEnded,
    ReadingProgressed,
    SampleAdded,
)
from vapor_tui.ui.screens.dataset_screen import DatasetScreen
from vapor_tui.ui.screens.paging import LISTING, PagingScreen
from vapor_tui.ui.widgets.dataset_bar import DatasetBar
from vapor_tui.ui.widgets.dataset_table import DatasetTable, ShownDatasets
from vapor_tui.ui.widgets.lines import FittedLines
from vapor_tui.ui.widgets.message_panel import MessagePanel

_PANE_LEAST = 120
"""Width of the screen from which on the details stand beside the list."""


class DatasetsScreen(DatasetScreen[int | None], PagingScreen[int | None]):
    """A page of datasets. Dismissed with the number of one where it was opened to choose one."""

    CSS_PATH = "datasets.tcss"
    AUTO_FOCUS = "DatasetTable"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "i",
            "add_sample",
            "sample dataset",
            id="datasets.sample",
            tooltip="Add the small dataset that comes with the program",
        ),
        Binding("slash", "search", "search", id="datasets.search", tooltip="Search the datasets"),
        Binding("o", "sort", "sort", show=False, id="datasets.sort", tooltip="Change the order"),
        Binding(
            "escape",
            "clear",
            "all datasets",
            id="datasets.clear",
            tooltip="List all datasets again",
        ),
        Binding("escape", "leave", "back", show=False, id="datasets.leave", tooltip="Go back"),
    ]

    STATES = ("-opening", "-none", "-reading", "-no-match", LISTING)
    state: var[str] = var(STATES[0])
    details: var[Dataset | None] = var(None, init=False)
    """The dataset under the cursor in full, once it was read."""

    def __init__(self, *, chooses: bool = False) -> None:
        """`chooses` hands the dataset to train on back instead of opening a form for it."""
        super().__init__()
        self._chooses = chooses

    @property
    def crumbs(self) -> tuple[str, ...]:
        return ("Datasets",)

    @property
    def table(self) -> DatasetTable:
        return self.query_one(DatasetTable)

    @property
    def bar(self) -> DatasetBar:
        return self.query_one(DatasetBar)

    @property
    def subject(self) -> ListedDataset | None:
        return self.table.row if self.state == LISTING and self.is_mounted else None

    @property
    def has_pane(self) -> bool:
        """Whether the details stand beside the list."""
        return self.size.width >= _PANE_LEAST

    def compose_body(self) -> ComposeResult:
        yield DatasetBar()
        with Horizontal():
            yield DatasetTable()
            with VerticalScroll(id="pane", can_focus=False):
                yield FittedLines()
        yield MessagePanel()

    def on_mount(self) -> None:
        self.watch(self.app, "overview", self.ask, init=False)
        self.watch(self.app, "minute", self._time_passed, init=False)
        self.table.focus()

    # What is asked for

    @work(group="list", exclusive=True)
    async def read_page(self, request: int) -> None:
        from vapor_tui.services.datasets import page_of_datasets

        page = await self.vapor.ask(page_of_datasets, self._wanted())
        if page is not None:
            self.post_message(DatasetsListed(page, request))

    def _wanted(self) -> DatasetFilter:
        return DatasetFilter(self.bar.search, self.bar.sort, self.page, self.table.room)

    @on(DatasetsListed)
    def _show_datasets(self, message: DatasetsListed) -> None:
        page = message.answer
        if not self.is_wanted(page, message.request):
            return
        shares = self._shares(page.datasets)
        self.table.shown = ShownDatasets(page.datasets, self.vapor.clock(), shares)
        self.put_cursor()
        self.bar.listed = page
        self._show_state()

    def _show_state(self) -> None:
        page, readings = self.bar.listed, self.vapor.readings.running
        if page is None:
            return
        if page.datasets:
            self.settle(LISTING)
        elif self.bar.search:
            self.settle("-no-match", NO_MATCH)
        elif readings:
            self.settle("-reading", reading_notice(readings[0]))
        else:
            self.settle("-none", NONE_YET)

    # The dataset under the cursor

    @on(DatasetTable.Highlighted)
    def _highlighted(self) -> None:
        self.refresh_bindings()
        if (dataset := self.table.row) is None:
            self.details = None
        elif self.has_pane:
            self._read_details(dataset.id)

    @work(group="details", exclusive=True)
    async def _read_details(self, dataset_id: int) -> None:
        from vapor_tui.services.datasets import get_dataset

        dataset = await self.vapor.ask(get_dataset, dataset_id)
        self.post_message(DatasetRead(dataset_id, dataset))

    @on(DatasetRead)
    def _take_details(self, message: DatasetRead) -> None:
        current = self.table.row
        if current is not None and current.id == message.dataset_id:
            self.details = message.dataset

    def watch_details(self, before: Dataset | None, after: Dataset | None) -> None:
        if before is None or after is None or before.id != after.id:
            self.query_one("#pane", VerticalScroll).scroll_home(animate=False)
        self._show_details()

    @on(FittedLines.Resized)
    def _show_details(self) -> None:
        view, dataset = self.query_one(FittedLines), self.details
        width = view.content_size.width
        if not width:
            return
        if dataset is None:
            view.show([])
            return
        share = self._shares((dataset,)).get(dataset.id)
        view.show(detail_lines(dataset, width, self.vapor.clock(), share))

    # What happens meanwhile

    def _shares(self, datasets: tuple[ListedDataset, ...]) -> dict[int, float]:
        """Return how much is read of those that this app reads, by number."""
        readings = {
            dataset.id: self.vapor.readings.of(dataset.path)
            for dataset in datasets
            if dataset.is_being_read
        }
        return {number: reading.share for number, reading in readings.items() if reading}

    def _time_passed(self) -> None:
        """Keep ages right while nothing is written."""
        if self.is_seen:
            self.table.shown = replace(self.table.shown, now=self.vapor.clock())

    @on(ReadingProgressed)
    def _show_progress(self) -> None:
        if not self.is_seen:
            return
        table = self.table
        table.shown = replace(table.shown, shares=self._shares(table.shown.rows))
        if self.details is not None and self.details.is_being_read:
            self._show_details()
        self._show_state()

    @on(ReadingEnded)
    def _reading_ended(self, message: ReadingEnded) -> None:
        match message.answer:
            case Ok(dataset):
                self.row_wanted = dataset.id
        self.ask()

    @on(DatasetTable.RoomChanged)
    def _fill_pane(self) -> None:
        current = self.table.row
        if self.has_pane and current is not None and self.details is None:
            self._read_details(current.id)

    # What a person does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.children:
            return False  # not composed yet
        match action:
            case "new":
                return self.state != "-opening"
            case "add_sample":
                return self.state == "-none"
            case "search" | "sort":
                return self.state in (LISTING, "-no-match")
            case "clear":
                return bool(self.bar.search) or self.bar.is_searching
            case "stop" if self.state == "-reading":
                return True
        return super().check_action(action, parameters)

    def dataset_was_added(self, dataset: Dataset | None) -> None:
        if dataset is not None:
            self.row_wanted = dataset.id
        self.ask()

    def dataset_was_deleted(self, dataset: Dataset) -> None:
        self.ask()

    def action_add_sample(self) -> None:
        self._add_sample()

    @work(group="sample", exclusive=True)
    async def _add_sample(self) -> None:
        from vapor_tui.services.datasets import add_dataset

        answer = await self.vapor.ask(add_dataset, paths.sample_dataset())
        if answer is not None:
            self.post_message(SampleAdded(answer))

    @on(SampleAdded)
    def _take_sample(self, message: SampleAdded) -> None:
        match message.answer:
            case Ok(dataset):
                self.dataset_was_added(dataset)
            case refused:
                self.notify(printable(refused.error), severity="error", markup=False)

    def action_train(self) -> None:
        if dataset := self.subject:
            self._train_on(dataset.id)

    def _train_on(self, dataset_id: int | None) -> None:
        if dataset_id is None:
            return
        if self._chooses:
            self.finish(dataset_id)
        else:
            self.vapor.open_configure(dataset_id=dataset_id)

    def action_stop(self) -> None:
        if self.subject is None:
            for reading in self.vapor.readings.running[:1]:
                reading.stop()
        else:
            super().action_stop()

    async def action_search(self) -> None:
        await self.bar.start_search()

    def action_sort(self) -> None:
        self.bar.next_sort()

    def action_clear(self) -> None:
        self.bar.clear()
        self.table.focus()

    @on(DatasetTable.Opened)
    def _open(self, message: DatasetTable.Opened) -> None:
        from vapor_tui.ui.screens.dataset_details import DatasetDetailsScreen

        if self.is_active:
            self.app.push_screen(DatasetDetailsScreen(message.dataset_id), self._train_on)

    async def exported_table(self) -> ExportTable | None:
        from vapor_tui.services.exports import dataset_table

        return await self.vapor.ask(dataset_table, self._wanted())
