"""A field whose value is picked from a list that opens over the form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from vapor_tui.domain.text import printable
from vapor_tui.ui.widgets.form_field import FormField
from vapor_tui.ui.widgets.signs import sign


class PickControl(Widget, can_focus=True):
    """The present value. Enter opens the list, a letter opens it searching, arrows step."""

    DEFAULT_CSS = """
    PickControl {
        width: 24;
        height: 1;
        color: $foreground;
        pointer: pointer;
        &:hover { background: $surface; }
        &:focus { background: $block-cursor-background; color: $block-cursor-foreground; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "open", "choose", id="pick.open", tooltip="Choose from a list"),
        Binding(
            "down",
            "step(1)",
            "step",
            id="pick.next",
            tooltip="Take the next one of the list",
            key_display="↑↓",
        ),
        Binding(
            "up",
            "step(-1)",
            "step back",
            id="pick.previous",
            tooltip="Take the one before",
            show=False,
        ),
    ]

    value: reactive[str] = reactive("")
    placeholder: reactive[str] = reactive("")

    @dataclass
    class Opened(Message):
        """The list is asked for, searching for what was typed."""

        query: str

    @dataclass
    class Stepped(Message):
        """The next entry of the list (1) or the one before (-1) is asked for."""

        direction: int

    def __init__(self, value: str) -> None:
        super().__init__()
        self.set_reactive(PickControl.value, value)

    def render(self) -> Content:
        text, style = (self.value, "bold") if self.value else (self.placeholder, "$dim")
        mark = sign("list", bool(getattr(self.app, "ascii_only", False)))
        room = max(self.size.width - len(mark) - 1, 0)
        shown = Content.styled(printable(text), style).truncate(room, ellipsis=True, pad=True)
        return Content.assemble(shown, " ", (mark, "$accent"))

    def action_open(self) -> None:
        self.post_message(self.Opened(""))

    def action_step(self, direction: int) -> None:
        self.post_message(self.Stepped(direction))

    def on_click(self) -> None:
        self.action_open()

    def on_key(self, event: events.Key) -> None:
        if event.is_printable and event.character and not event.character.isspace():
            event.stop()
            event.prevent_default()
            self.post_message(self.Opened(event.character))

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Letters begin a search here: no binding further up may take them."""
        return character is not None and character.isprintable() and not character.isspace()


class PickField(FormField):
    """A row with a `PickControl`."""

    @dataclass
    class Opened(Message):
        """The list of this field is asked for."""

        field: PickField
        query: str

    @dataclass
    class Stepped(Message):
        """The next or previous entry of this field's list is asked for."""

        field: PickField
        direction: int

    def make_control(self) -> PickControl:
        return PickControl(self.text)

    def show_text(self) -> None:
        for control in self.query(PickControl):
            control.value = self.text

    def put_placeholder(self, text: str) -> None:
        """Show a text while nothing is picked."""
        self.query_one(PickControl).placeholder = text

    @on(PickControl.Opened)
    def _opened(self, event: PickControl.Opened) -> None:
        event.stop()
        self.post_message(self.Opened(self, event.query))

    @on(PickControl.Stepped)
    def _stepped(self, event: PickControl.Stepped) -> None:
        event.stop()
        self.post_message(self.Stepped(self, event.direction))
