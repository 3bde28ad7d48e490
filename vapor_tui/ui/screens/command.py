"""A command as text: copied to the clipboard, and shown where that does not work."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Static

from vapor_tui.ui.screens.finishing import DialogScreen

_EXPLANATION = (
    "Copied. Where the terminal lets no program copy, mark the line with the mouse "
    "(in most with shift held)."
)


class CommandScreen(DialogScreen[None]):
    """Shows a line that can be run in a shell."""

    CSS_PATH = "command.tcss"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape,enter,q", "leave", "close", id="command.close", tooltip="Close this dialog"
        ),
        Binding("f4", "copy", "copy again", id="command.copy", tooltip="Copy the line once more"),
    ]

    def __init__(self, line: str) -> None:
        """`line` is safe to show and to paste."""
        super().__init__()
        self.line = line

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static("The same job from a shell", id="question", markup=False)
            yield Static(_EXPLANATION, id="explanation", markup=False)
            with VerticalScroll():
                yield Static(self.line, id="line", markup=False)
            yield Static("f4 copy again   esc close", id="keys", markup=False)

    def on_mount(self) -> None:
        self.action_copy()

    def action_copy(self) -> None:
        self.app.copy_to_clipboard(self.line)

    def action_leave(self) -> None:
        self.finish()

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            self.action_leave()
