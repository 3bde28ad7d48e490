"""A dialog that asks for a name and says what becomes of it while it is typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from vapor_tui.domain.text import printable
from vapor_tui.ui.screens.finishing import DialogScreen
from vapor_tui.ui.widgets.plain_input import PlainInput


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of a name, and whether it can be taken."""

    sentence: str
    is_taken: bool = True


class AskNameScreen(DialogScreen[str | None]):
    """Dismissed with the name, or None."""

    CSS_PATH = "ask_name.tcss"
    AUTO_FOCUS = "PlainInput"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "back", id="name.leave", tooltip="Leave without a name"),
    ]

    def __init__(
        self, title: str, about: str, judge: Callable[[str], Verdict], *, name: str = ""
    ) -> None:
        """`about` says what is to be named; both texts may come from outside."""
        super().__init__()
        self._title = title
        self._about = about
        self._judge = judge
        self._proposed = name

    @property
    def is_changed(self) -> bool:
        return self.is_mounted and self._name_typed != printable(self._proposed).strip()

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(printable(self._title), id="question", markup=False)
            yield Static(printable(self._about), id="explanation", markup=False)
            yield PlainInput(self._proposed, placeholder="name")
            yield Static(id="verdict", markup=False)
            yield Static("enter save   esc back", id="keys", markup=False)

    def on_mount(self) -> None:
        self._show()

    def action_leave(self) -> None:
        self.finish()

    @on(Input.Changed)
    def _show(self) -> None:
        name = self._name_typed
        verdict = self._judge(name) if name else Verdict("")
        line = self.query_one("#verdict", Static)
        line.update(printable(verdict.sentence))
        line.set_class(not verdict.is_taken, "-error")

    @on(Input.Submitted)
    def _entered(self) -> None:
        name = self._name_typed
        if name and self._judge(name).is_taken:
            self.finish(name)

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            self.finish()

    @property
    def _name_typed(self) -> str:
        return self.query_one(PlainInput).value.strip()
