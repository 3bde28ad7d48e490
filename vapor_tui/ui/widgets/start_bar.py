"""The foot of the configuration screen: help, what failed, the cost in a line, the buttons."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Horizontal, Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Button, Collapsible, Static

from vapor_tui.domain.text import printable
from vapor_tui.ui.widgets.cost_line import CostLine
from vapor_tui.ui.widgets.form_field import FormField
from vapor_tui.ui.widgets.help_line import HelpLine
from vapor_tui.ui.widgets.preset_cards import PresetCards

START, SAVING = "Start training", "Creating job..."
_CARDS_HELP = (
    "Values to start from. Arrow keys fill the form, enter undoes edits, f3 keeps your own values"
)
_ADVANCED_HELP = "Settings that seldom need a change. Enter opens and closes them"
_BUTTONS_HELP = {
    "start": "Creates the job and opens its monitor. The run is simulated: no money is spent",
    "cancel": "Leaves without creating a job",
    "dataset-choose": "Lists the datasets that there are. One can be added there too",
    "dataset-add": "Reads a file of JSONL, JSON or CSV, checks it, and trains on it",
    "dataset-sample": "Takes the small dataset that comes with the program",
}


class StartBar(Container):
    """Stands in one place whatever the form shows."""

    is_saving: reactive[bool] = reactive(False, init=False)
    """Whether a job is being stored at this moment."""

    class Started(Message):
        """The job is to be created."""

    class Left(Message):
        """The form is to be left."""

    def compose(self) -> ComposeResult:
        with Vertical(id="words"):
            yield Static(id="failure", markup=False)
            yield HelpLine()
        with Horizontal(id="actions"):
            yield CostLine()
            yield Button(START, id="start", variant="primary", compact=True)
            yield Button("Cancel", id="cancel", compact=True)

    def watch_is_saving(self, is_saving: bool) -> None:
        start = self.query_one("#start", Button)
        start.label = SAVING if is_saving else START
        start.disabled = self.query_one("#cancel", Button).disabled = is_saving

    def explain(self, focused: Widget | None) -> None:
        """Say what the widget with the focus is about."""
        line = self.query_one(HelpLine)
        widgets = focused.ancestors_with_self if focused else ()
        field = next((widget for widget in widgets if isinstance(widget, FormField)), None)
        if field is not None:
            line.explain(field)
        elif isinstance(focused, PresetCards):
            line.say(_CARDS_HELP)
        elif isinstance(focused, Button):
            line.say(_BUTTONS_HELP.get(focused.id or "", ""))
        elif focused is not None and isinstance(focused.parent, Collapsible):
            line.say(_ADVANCED_HELP)
        else:
            line.say("")

    def show_failure(self, sentence: str) -> None:
        """Show what could not be done, until there is something else to say."""
        failure = self.query_one("#failure", Static)
        failure.update(printable(sentence))
        failure.display = bool(sentence)

    @on(Button.Pressed, "#start")
    def _start_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.post_message(self.Started())

    @on(Button.Pressed, "#cancel")
    def _cancel_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.post_message(self.Left())
