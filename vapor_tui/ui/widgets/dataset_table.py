"""The table of datasets: one page of rows, of which only the cells that change are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import var

from vapor_tui.domain.datasets import ListedDataset
from vapor_tui.ui.dataset_rows import Cell, dataset_line, heading_line, layout_for
from vapor_tui.ui.widgets.lines import LinesView

_HEADING = 1
_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Shown:
    """A page of datasets at one moment."""

    datasets: tuple[ListedDataset, ...] = ()
    shares: Mapping[int, float] = field(default_factory=dict)
    """How much is read of those that this app reads, by number."""
    now: datetime = _EPOCH


class DatasetTable(LinesView, can_focus=True):
    """Rows with a cursor that stays on its dataset. What it shows is set from outside."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "open", id="datasets.open", tooltip="See all of this dataset"),
        Binding(
            "down,j",
            "move(1)",
            "Down",
            show=False,
            id="datasets.down",
            tooltip="Go to the next dataset",
        ),
        Binding(
            "up,k",
            "move(-1)",
            "Up",
            show=False,
            id="datasets.up",
            tooltip="Go to the dataset before",
        ),
        Binding(
            "pagedown,ctrl+f,right",
            "turn(1)",
            "Next page",
            show=False,
            id="datasets.next_page",
            tooltip="Go to the next page",
        ),
        Binding(
            "pageup,ctrl+b,left",
            "turn(-1)",
            "Previous page",
            show=False,
            id="datasets.previous_page",
            tooltip="Go to the page before",
        ),
        Binding(
            "g,home",
            "first",
            "First",
            show=False,
            id="datasets.first",
            tooltip="Go to the first dataset",
        ),
        Binding(
            "G,end",
            "last",
            "Last",
            show=False,
            id="datasets.last",
            tooltip="Go to the last dataset",
        ),
    ]

    DEFAULT_CSS = """
    DatasetTable { width: 1fr; height: 1fr; padding: 0 1; }
    """

    shown: var[Shown] = var(Shown(), init=False)
    cursor: var[int] = var(0, init=False)

    class Opened(Message):
        """A dataset was chosen."""

        def __init__(self, dataset_id: int) -> None:
            super().__init__()
            self.dataset_id = dataset_id

    class Highlighted(Message):
        """The cursor is on another dataset, or on what became of it; None on none."""

        def __init__(self, dataset: ListedDataset | None) -> None:
            super().__init__()
            self.dataset = dataset

    class Turned(Message):
        """Another page is wanted: so many further, or the first or last one at all."""

        def __init__(self, pages: int, *, to_end: bool = False, cursor: int = 0) -> None:
            super().__init__()
            self.pages = pages
            self.to_end = to_end
            self.cursor = cursor
            """Row on that page; -1 is the last."""

    class RoomChanged(Message):
        """Another number of rows fits."""

    @property
    def rows(self) -> int:
        """How many datasets fit."""
        return max(self.content_size.height - _HEADING, 1)

    @property
    def dataset(self) -> ListedDataset | None:
        """The dataset under the cursor."""
        datasets = self.shown.datasets
        return datasets[self.cursor] if 0 <= self.cursor < len(datasets) else None

    def on_resize(self, _event: events.Resize) -> None:
        self._draw()
        self.post_message(self.RoomChanged())

    def on_focus(self) -> None:
        self._draw()

    def on_blur(self) -> None:
        self._draw()

    def watch_shown(self, before: Shown, after: Shown) -> None:
        old = before.datasets[self.cursor] if self.cursor < len(before.datasets) else None
        places = {dataset.id: row for row, dataset in enumerate(after.datasets)}
        row = self.cursor if old is None else places.get(old.id, self.cursor)
        self.set_reactive(DatasetTable.cursor, min(row, max(len(after.datasets) - 1, 0)))
        self._draw()
        if old != self.dataset:
            self.post_message(self.Highlighted(self.dataset))

    def validate_cursor(self, cursor: int) -> int:
        return min(max(cursor, 0), max(len(self.shown.datasets) - 1, 0))

    def watch_cursor(self) -> None:
        self._draw()
        self.post_message(self.Highlighted(self.dataset))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.dataset is not None

    def action_open(self) -> None:
        if self.dataset is not None:
            self.post_message(self.Opened(self.dataset.id))

    def action_move(self, rows: int) -> None:
        wanted = self.cursor + rows
        if wanted < 0:
            self.post_message(self.Turned(-1, cursor=-1))
        elif wanted >= len(self.shown.datasets):
            self.post_message(self.Turned(1))
        else:
            self.cursor = wanted

    def action_turn(self, pages: int) -> None:
        self.post_message(self.Turned(pages, cursor=self.cursor))

    def action_first(self) -> None:
        self.post_message(self.Turned(-1, to_end=True))

    def action_last(self) -> None:
        self.post_message(self.Turned(1, to_end=True, cursor=-1))

    def on_click(self, event: events.Click) -> None:
        row = event.y - self.gutter.top - _HEADING
        if not 0 <= row < len(self.shown.datasets):
            return
        if row == self.cursor and event.chain > 1:
            self.action_open()
        self.cursor = row

    def on_mouse_scroll_down(self) -> None:
        self.action_move(1)

    def on_mouse_scroll_up(self) -> None:
        self.action_move(-1)

    def _draw(self) -> None:
        width = self.content_size.width
        if not width:
            return
        layout, shown = layout_for(width), self.shown
        self.show(
            [
                heading_line(layout, width),
                *(
                    dataset_line(
                        Cell(dataset, shown.shares.get(dataset.id), shown.now),
                        layout,
                        width,
                        is_current=row == self.cursor,
                        has_focus=self.has_focus,
                    )
                    for row, dataset in enumerate(shown.datasets)
                ),
            ]
        )
