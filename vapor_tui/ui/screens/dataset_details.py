"""One dataset: its figures, the lengths of its records, what is wrong, its first records."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.reactive import var

from vapor_tui.domain.datasets import Dataset
from vapor_tui.domain.text import printable
from vapor_tui.ui.dataset_lines import detail_lines
from vapor_tui.ui.messages import DatasetRead, ReadingEnded, ReadingProgressed
from vapor_tui.ui.screens.dataset_screen import DatasetScreen
from vapor_tui.ui.widgets.header import HeaderLine
from vapor_tui.ui.widgets.lines import FittedLines


class DatasetDetailsScreen(DatasetScreen[int | None]):
    """Dismissed with the number of the dataset when a job is to be trained on it."""

    CSS_PATH = "dataset_details.tcss"
    AUTO_FOCUS = "VerticalScroll"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("2", "leave", show=False, id="dataset.list", tooltip="Go back to the datasets"),
        Binding(
            "j,down", "scroll(1)", "Down", show=False, id="dataset.down", tooltip="Scroll down"
        ),
        Binding("k,up", "scroll(-1)", "Up", show=False, id="dataset.up", tooltip="Scroll up"),
        Binding("g,home", "top", "First", show=False, id="dataset.top", tooltip="Go to the top"),
        Binding("G,end", "bottom", "Last", show=False, id="dataset.end", tooltip="Go to the end"),
    ]

    dataset: var[Dataset | None] = var(None, init=False)

    def __init__(self, dataset_id: int) -> None:
        super().__init__()
        self.dataset_id = dataset_id
        self._is_read = False

    @property
    def crumbs(self) -> tuple[str, ...]:
        return ("Datasets", f"#{self.dataset_id}")

    @property
    def subject(self) -> Dataset | None:
        return self.dataset

    def compose_body(self) -> ComposeResult:
        with VerticalScroll():
            yield FittedLines()

    def on_mount(self) -> None:
        self._read()

    @work(group="details", exclusive=True)
    async def _read(self) -> None:
        from vapor_tui.services.datasets import get_dataset

        dataset = await self.vapor.ask(get_dataset, self.dataset_id)
        self.post_message(DatasetRead(self.dataset_id, dataset))

    @on(DatasetRead)
    def _take(self, message: DatasetRead) -> None:
        self._is_read = True
        self.dataset = message.dataset
        self._show()

    def watch_dataset(self, dataset: Dataset | None) -> None:
        if dataset is not None:
            self.query_one(HeaderLine).crumbs = (*self.crumbs[:-1], printable(dataset.name, 40))
        self.refresh_bindings()

    @on(FittedLines.Resized)
    def _show(self) -> None:
        view = self.query_one(FittedLines)
        width = view.content_size.width
        if not width:
            return
        if not self._is_read:
            view.show([((f"Reading dataset {self.dataset_id}…", "dim"),)])
            return
        if self.dataset is None:
            view.show([((f"There is no dataset {self.dataset_id}", "status-failed"),)])
            return
        reading = self.subject_reading
        share = reading.share if reading else None
        view.show(detail_lines(self.dataset, width, self.vapor.clock(), share))

    @on(ReadingProgressed)
    def _show_progress(self) -> None:
        if self.dataset is not None and self.dataset.is_being_read:
            self._show()

    @on(ReadingEnded)
    def _read_anew(self) -> None:
        self._read()

    def action_scroll(self, lines: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_top(self) -> None:
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def action_bottom(self) -> None:
        self.query_one(VerticalScroll).scroll_end(animate=False)

    def action_train(self) -> None:
        self.finish(self.dataset_id)

    def dataset_was_added(self, dataset: Dataset | None) -> None:
        if dataset is not None:
            self.dataset_id = dataset.id
        self._read()

    def dataset_was_deleted(self, dataset: Dataset) -> None:
        self.finish()
