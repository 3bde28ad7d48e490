"""What a number is typed into, and walked through its usual values with arrows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from vapor_tui.ui.widgets.plain_input import PlainInput


class NumberInput(PlainInput):
    """An input whose value goes up and down with the arrow keys."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "up",
            "step(1)",
            "step",
            id="field.up",
            tooltip="The next value up",
            key_display="↑↓",
        ),
        Binding(
            "down",
            "step(-1)",
            "step down",
            id="field.down",
            tooltip="The next value down",
            show=False,
        ),
    ]

    @dataclass
    class Stepped(Message):
        """An arrow key asked for the next value up (1) or down (-1)."""

        direction: int

    def action_step(self, direction: int) -> None:
        self.post_message(self.Stepped(direction))
