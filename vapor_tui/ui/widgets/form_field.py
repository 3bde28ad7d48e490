"""A row of the form: label, control, and beside it the range, a warning or what is wrong."""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from vapor_tui.domain.text import printable

LABEL_WIDTH = 16
ADVANCED_LABEL_WIDTH = 24
_GAP = 2


class FormField(Widget):
    """The part that every kind of field shares. `key` is the field's name in the schema.

    The row draws label and message itself, beneath its control: a widget for each would
    double the work of opening and painting the form.
    """

    DEFAULT_CSS = """
    FormField {
        layout: horizontal;
        height: 1;
        /* Rules of its own let Textual draw the row again when focus and mouse come and go. */
        &:focus-within { color: $accent; }
        &:hover { color: $accent; }
        & > .field--control { margin-left: 16; }
        &.-advanced > .field--control { margin-left: 24; }
    }
    """

    error: reactive[str] = reactive("")
    """What is wrong with the value, in a sentence; empty while it is valid."""
    warning: reactive[str] = reactive("")
    """What is unusual about a valid value."""
    hint: reactive[str] = reactive("")
    """What stands beside the value while nothing is wrong."""

    @dataclass
    class Changed(Message):
        """A person has changed the value."""

        field: FormField
        text: str

    def __init__(self, key: str, label: str, help_line: str = "", text: str = "") -> None:
        super().__init__(id=f"field-{key}")
        self.key = key
        self.text = text
        """What stands in the field, also before it is mounted."""
        self.label = label
        self.help_line = help_line
        self.accepts = ""
        """What may be entered, where that is not a matter of picking."""

    def compose(self) -> ComposeResult:
        control = self.make_control()
        control.add_class("field--control")
        yield control

    def make_control(self) -> Widget:
        """Return what the value is seen and changed in."""
        raise NotImplementedError

    def render(self) -> Content:
        label_width = ADVANCED_LABEL_WIDTH if self.has_class("-advanced") else LABEL_WIDTH
        is_focused = self.has_pseudo_class("focus-within")
        label = Content.styled(self.label, "bold $accent" if is_focused else "$dim")
        extras = self.render_extras()
        # A row can be drawn before its control is there.
        control_width = sum(child.outer_size.width for child in self.children)
        taken = label_width + control_width + extras.cell_length + _GAP
        style = "$error" if self.error else "$warning" if self.warning else "$dim"
        note = Content.styled(printable(self.message), style)
        return Content.assemble(
            label.truncate(label_width, ellipsis=True, pad=True),
            " " * control_width,
            extras,
            " " * _GAP,
            note.truncate(max(self.size.width - taken, 0), ellipsis=True),
        )

    def render_extras(self) -> Content:
        """Return what stands between control and message."""
        return Content("")

    @property
    def control(self) -> Widget:
        """The widget that takes the focus."""
        return self.children[0]

    @property
    def message(self) -> str:
        """What stands beside the value."""
        return self.error or self.warning or self.hint

    def put(self, text: str) -> None:
        """Show a value that was not entered here."""
        self.text = text
        self.show_text()

    def show_text(self) -> None:
        """Let the control, if there is one yet, show what stands in the field."""

    def take(self, text: str) -> None:
        """Take what was entered here and tell of it, if it is something new."""
        if text != self.text:
            self.text = text
            self.post_message(self.Changed(self, text))
