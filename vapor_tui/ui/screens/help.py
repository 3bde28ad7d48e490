"""Every key of a screen, taken from its bindings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from vapor_tui.ui.widgets.lines import Line, LinesView

_KEY_WIDTH = 14


class HelpScreen(ModalScreen[None]):
    """A list of keys with what each does."""

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape,q,question_mark,enter",
            "dismiss",
            "Close",
            id="help.close",
            tooltip="Close this help",
        ),
        Binding("down,j", "scroll(1)", "Down", show=False, id="help.down", tooltip="Scroll down"),
        Binding("up,k", "scroll(-1)", "Up", show=False, id="help.up", tooltip="Scroll up"),
    ]

    def __init__(self, lines: Sequence[Line]) -> None:
        super().__init__()
        self._lines = lines

    @classmethod
    def of(cls, screen: Screen[Any]) -> HelpScreen:
        """Return the help of a screen: its keys as they are bound and apply now."""
        return cls(key_lines(screen))

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static("Keys", id="title")
            with VerticalScroll():
                yield LinesView()
            yield Static("esc closes    ^p finds every command", id="hint")

    def on_mount(self) -> None:
        self.query_one(LinesView).show(self._lines)

    def action_scroll(self, lines: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)


def key_lines(screen: Screen[Any]) -> list[Line]:
    """Return a line for every action of a screen, with all of its keys."""
    app = screen.app
    keys: dict[tuple[str, int], list[str]] = {}
    words: dict[tuple[str, int], str] = {}
    for node, binding, enabled, tooltip in screen.active_bindings.values():
        if not enabled or binding.system or not tooltip:
            continue
        action = (binding.action, id(node))
        keys.setdefault(action, []).append(app.get_key_display(binding))
        words.setdefault(action, tooltip)
    return [
        ((f"{'  '.join(pressed):<{_KEY_WIDTH}}  ", "bold accent"), (words[action], "foreground"))
        for action, pressed in keys.items()
    ]
