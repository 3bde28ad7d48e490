"""A few words side by side of which one is chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from vapor_tui.ui.widgets.signs import sign

_GAP = "  "


class ChoiceControl(Widget, can_focus=True):
    """Shows every word; the arrow keys move the choice, a click takes one."""

    DEFAULT_CSS = """
    ChoiceControl {
        width: auto;
        min-width: 8;
        height: 1;
        pointer: pointer;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "right,down,space",
            "move(1)",
            "change",
            id="choice.next",
            tooltip="Choose the next word",
            key_display="←→",
        ),
        Binding(
            "left,up",
            "move(-1)",
            "change back",
            id="choice.previous",
            tooltip="Choose the word before",
            show=False,
        ),
        Binding(
            "enter",
            "app.focus_next",
            "next field",
            id="choice.leave",
            tooltip="Go to the next field",
            show=False,
        ),
    ]

    chosen: reactive[str] = reactive("")

    @dataclass
    class Chosen(Message):
        """A person has chosen a word."""

        word: str

    def __init__(self, choices: tuple[str, ...], chosen: str) -> None:
        super().__init__()
        self.set_reactive(ChoiceControl.chosen, chosen)
        self._choices = choices

    def put(self, word: str) -> None:
        """Show a choice that was not made here."""
        self.chosen = word

    def action_move(self, direction: int) -> None:
        index = self._choices.index(self.chosen) if self.chosen in self._choices else -1
        self._choose(self._choices[(index + direction) % len(self._choices)])

    def on_click(self, event: events.Click) -> None:
        position = 0
        for word in self._choices:
            position += len(self._marked(word)) + len(_GAP)
            if event.x < position:
                self._choose(word)
                return

    def render(self) -> Content:
        cursor = "$block-cursor-foreground on $block-cursor-background" if self.has_focus else ""
        if cursor and self.app.no_color:
            cursor = "reverse"
        parts = []
        for word in self._choices:
            style = f"bold {cursor or '$foreground'}" if word == self.chosen else "$dim"
            parts.append(Content.styled(self._marked(word), style))
        return Content(_GAP).join(parts)

    def _choose(self, word: str) -> None:
        if word != self.chosen:
            self.chosen = word
            self.post_message(self.Chosen(word))

    def _marked(self, word: str) -> str:
        ascii_only = bool(getattr(self.app, "ascii_only", False))
        return f"{sign('chosen' if word == self.chosen else 'other', ascii_only)} {word}"
