"""Which columns the list of jobs has, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from vapor_tui.ui.glyphs import CURSOR, MARK
from vapor_tui.ui.job_layout import layout_for
from vapor_tui.ui.job_rows import COLUMNS, NAME
from vapor_tui.ui.screens.finishing import DialogScreen
from vapor_tui.ui.widgets.lines import Line, LinesView

_TITLE_WIDTH = 11


class ColumnsScreen(DialogScreen[tuple[str, ...] | None]):
    """Dismissed with the columns to show, none for the usual ones, or None to leave it."""

    CSS_PATH = "columns.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "back", id="columns.leave", tooltip="Change nothing"),
        Binding("enter", "keep", "keep", id="columns.keep", tooltip="Show these columns"),
        Binding("space", "choose", "show or hide", id="columns.toggle", tooltip="Show it or not"),
        Binding("down,j", "move(1)", "Down", id="columns.down", tooltip="The next column"),
        Binding("up,k", "move(-1)", "Up", id="columns.up", tooltip="The column before"),
        Binding(
            "shift+down,J,right",
            "carry(1)",
            "Later",
            id="columns.later",
            tooltip="Put this column further to the right",
        ),
        Binding(
            "shift+up,K,left",
            "carry(-1)",
            "Earlier",
            id="columns.earlier",
            tooltip="Put this column further to the left",
        ),
        Binding("R", "reset", "usual", id="columns.reset", tooltip="The usual columns again"),
    ]

    def __init__(self, chosen: Sequence[str], width: int) -> None:
        """`chosen` is empty for the usual columns; `width` is that of the table."""
        super().__init__()
        self._width = width
        self._cursor = 0
        self._chosen = list(chosen)
        self._order: list[str] = []
        self._shown: set[str] = set()
        self._list(self._chosen)

    def compose(self) -> ComposeResult:
        with Vertical(id="columns"):
            yield Static("Columns", id="columns--title")
            yield LinesView()
            yield Static(
                "space show or hide   ← → move\nR the usual ones   enter keep   esc back",
                id="columns--keys",
                markup=False,
            )

    def on_mount(self) -> None:
        self._draw()

    def _list(self, chosen: Sequence[str]) -> None:
        """Put what is shown first, in its order, and behind it what could be."""
        shown = chosen or layout_for(self._width).columns
        self._shown = set(shown)
        self._order = [*shown, *(name for name in COLUMNS if name not in shown)]

    @property
    def _wanted(self) -> list[str]:
        return [name for name in self._order if name in self._shown]

    def _draw(self) -> None:
        fitting = layout_for(self._width, self._wanted).columns
        self.query_one(LinesView).show([self._line(name, fitting) for name in self._order])

    def _line(self, name: str, fitting: Sequence[str]) -> Line:
        is_current = name == self._order[self._cursor]
        is_shown = name in self._shown
        about = COLUMNS[name].about
        if is_shown and name not in fitting:
            about = "no room for it at this width"
        return (
            (f"{CURSOR if is_current else ' '} ", "bold accent"),
            (f"{MARK if is_shown else ' '} ", "bold accent"),
            (f"{name:<{_TITLE_WIDTH}}", "foreground" if is_shown else "dim"),
            (about, "dim"),
        )

    def action_move(self, rows: int) -> None:
        self._cursor = min(max(self._cursor + rows, 0), len(self._order) - 1)
        self._draw()

    def action_choose(self) -> None:
        name = self._order[self._cursor]
        if name != NAME:
            self._shown ^= {name}
            self._chosen = self._wanted
            self._draw()

    def action_carry(self, places: int) -> None:
        target = self._cursor + places
        if 0 <= target < len(self._order):
            order = self._order
            order[self._cursor], order[target] = order[target], order[self._cursor]
            self._cursor = target
            self._chosen = self._wanted
            self._draw()

    def action_reset(self) -> None:
        self._chosen = []
        self._list(self._chosen)
        self._draw()

    def action_keep(self) -> None:
        self.finish(tuple(self._chosen))

    def action_leave(self) -> None:
        self.finish()

    def on_click(self, event: events.Click) -> None:
        view = self.query_one(LinesView)
        if event.widget is self:
            self.action_leave()
        elif event.widget is view and 0 <= event.y < len(self._order):
            self._cursor = event.y
            self.action_choose()
