"""What can be done while a job has no dataset: ways to one, as buttons."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Button


class NoDataset(Horizontal):
    """Stands beneath the field of the dataset as long as nothing is chosen."""

    DEFAULT_CSS = """
    NoDataset {
        display: none;
        height: 1;
        padding-left: 16;
        &.-offered { display: block; }
        & > Button { margin: 0 1 0 0; padding: 0; min-width: 8; }
    }
    """

    _LABELS: ClassVar = {"choose": "Datasets", "add": "Add a file", "sample": "Use the sample"}

    class ChooseWanted(Message):
        """One of the registered datasets is to be chosen."""

    class AddWanted(Message):
        """A file is to be read."""

    class SampleWanted(Message):
        """The dataset that comes with the program is to be used."""

    def compose(self) -> ComposeResult:
        for name, label in self._LABELS.items():
            yield Button(label, id=f"dataset-{name}", compact=True)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        match event.button.id:
            case "dataset-choose":
                self.post_message(self.ChooseWanted())
            case "dataset-add":
                self.post_message(self.AddWanted())
            case _:
                self.post_message(self.SampleWanted())
