"""The ways to export a screen, to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static

from vapor_tui.domain.text import printable
from vapor_tui.ui.exporting import Export
from vapor_tui.ui.screens.finishing import DialogScreen
from vapor_tui.ui.widgets.pick_list import PickList, PickRow


class ExportScreen(DialogScreen[Export | None]):
    """Dismissed with the way that was chosen, or None."""

    CSS_PATH = "export.tcss"
    AUTO_FOCUS = "PickList"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,x", "leave", "back", id="export.leave", tooltip="Export nothing"),
        Binding("down,j", "move(1)", "down", id="export.down", tooltip="The next way", show=False),
        Binding("up,k", "move(-1)", "up", id="export.up", tooltip="The way before", show=False),
    ]

    def __init__(self, exports: Sequence[Export]) -> None:
        super().__init__()
        self._exports = exports

    def compose(self) -> ComposeResult:
        with Vertical(id="export"):
            yield Static("Export", id="export--title")
            yield PickList()
            yield Static(_folder(), id="export--folder", markup=False)
            yield Static("enter export   esc back", id="export--keys", markup=False)

    def on_mount(self) -> None:
        self.query_one(PickList).show(
            [
                PickRow(str(number), (export.title, export.explanation))
                for number, export in enumerate(self._exports)
            ]
        )

    def action_leave(self) -> None:
        self.finish()

    def action_move(self, direction: int) -> None:
        self.query_one(PickList).move(direction)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self.finish(self._exports[int(event.option_id or 0)])

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            self.finish()


def _folder() -> str:
    try:
        return f"Into {printable(Path.cwd())}"
    except OSError:
        return "The present folder is no longer there"
