"""What a person can do to a dataset, the same in the list and on its own screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType

from vapor_tui.domain.datasets import ListedDataset
from vapor_tui.domain.results import Ok
from vapor_tui.domain.text import printable
from vapor_tui.ui.messages import DatasetDeleted
from vapor_tui.ui.screens.base import VaporScreen
from vapor_tui.ui.screens.confirm import Answer, ConfirmScreen
from vapor_tui.ui.screens.finishing import ResultT

if TYPE_CHECKING:
    from vapor_tui.domain.datasets import Dataset
    from vapor_tui.ui.readings import Reading

_NAME_LENGTH = 40


class DatasetScreen(VaporScreen[ResultT]):
    """A screen with a dataset in the foreground; keys that do not apply to it are hidden."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "train", "train on this", id="dataset.train", tooltip="Plan a job on it"),
        Binding("n", "new", "add", id="dataset.add", tooltip="Add a dataset from a file"),
        Binding(
            "r",
            "read_again",
            "read again",
            id="dataset.read_again",
            tooltip="Read the file of this dataset once more",
        ),
        Binding("s", "stop", "stop…", id="dataset.stop", tooltip="Stop reading this file"),
        Binding(
            "d,delete",
            "delete",
            "delete…",
            id="dataset.delete",
            tooltip="Delete this dataset from the list; its file is left alone",
        ),
    ]

    @property
    def subject(self) -> ListedDataset | None:
        """The dataset that the keys act on."""
        return None

    @property
    def subject_reading(self) -> Reading | None:
        """The reading of that dataset, if it is this app that reads it."""
        dataset = self.subject
        if dataset is None or not dataset.is_being_read:
            return None
        return self.vapor.readings.of(dataset.path)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action not in ("train", "read_again", "stop", "delete"):
            return super().check_action(action, parameters)
        dataset = self.subject
        if dataset is None:
            return False
        match action:
            case "train":
                return dataset.training_ready
            case "read_again":
                return not dataset.training_ready and not dataset.is_being_read
            case "stop":
                return self.subject_reading is not None
        return not dataset.is_being_read

    def action_train(self) -> None:
        if dataset := self.subject:
            self.vapor.open_configure(dataset_id=dataset.id)

    def action_new(self) -> None:
        self.open_adding()

    def action_read_again(self) -> None:
        if dataset := self.subject:
            self.open_adding(Path(dataset.path), dataset.name)

    def open_adding(self, path: Path | None = None, name: str = "") -> None:
        """Open the form that adds a dataset, filled with what is known."""
        from vapor_tui.ui.screens.add_dataset import AddDatasetScreen

        screen = AddDatasetScreen(path=str(path or ""), name=name, can_hide=True)
        self.app.push_screen(screen, self.dataset_was_added)

    def action_stop(self) -> None:
        reading = self.subject_reading
        if reading is None:
            return

        def answered(answer: str | None) -> None:
            if answer:
                reading.stop()

        question = ConfirmScreen(
            f"Stop reading {printable(reading.label, _NAME_LENGTH)}?",
            "Nothing of it is stored.",
            [Answer("y", "Stop the reading", "stop", is_dangerous=True)],
        )
        self.app.push_screen(question, answered)

    def action_delete(self) -> None:
        dataset = self.subject
        if dataset is None:
            return

        def answered(answer: str | None) -> None:
            if answer:
                self._delete(dataset.id)

        question = ConfirmScreen(
            f"Delete {title_of(dataset)}?",
            "It leaves this list; its file and the jobs that were trained on it stay.",
            [Answer("y", "Delete it", "delete", is_dangerous=True)],
        )
        self.app.push_screen(question, answered)

    @work(group="delete")
    async def _delete(self, dataset_id: int) -> None:
        from vapor_tui.services.datasets import delete_dataset

        answer = await self.vapor.ask(delete_dataset, str(dataset_id))
        if answer is not None:
            self.post_message(DatasetDeleted(answer))

    @on(DatasetDeleted)
    def _tell_deleted(self, message: DatasetDeleted) -> None:
        match message.answer:
            case Ok(dataset):
                self.notify(f"Deleted {title_of(dataset)}", markup=False)
                self.dataset_was_deleted(dataset)
            case refused:
                self.notify(printable(refused.error), severity="warning", markup=False)

    def dataset_was_added(self, dataset: Dataset | None) -> None:
        """Take up a dataset that was read, or found to be known; None when none was."""

    def dataset_was_deleted(self, dataset: Dataset) -> None:
        """Take up that a dataset is gone."""


def title_of(dataset: ListedDataset) -> str:
    """Return how a dataset is called in a sentence."""
    return f"#{dataset.id} {printable(dataset.name, _NAME_LENGTH)}"
