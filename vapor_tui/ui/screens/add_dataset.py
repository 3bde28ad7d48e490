"""Reads a dataset file and registers it: a path with completion, progress, and what is wrong."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Button, Input, OptionList, Static

from vapor_tui.domain.datasets import Dataset, DatasetStatus, LineError, ReadProgress
from vapor_tui.domain.formats import count, file_size
from vapor_tui.domain.results import Ok, Refused, Result
from vapor_tui.domain.text import printable
from vapor_tui.ui.glyphs import bar, percent
from vapor_tui.ui.widgets.lines import LinesView
from vapor_tui.ui.widgets.path_completion import PathCandidate, path_candidates
from vapor_tui.ui.widgets.pick_list import PickList, PickRow
from vapor_tui.ui.widgets.plain_input import PlainInput

if TYPE_CHECKING:
    from vapor_tui.ui.app import VaporApp

_HELP = "JSONL, JSON or CSV, gzip too. Tab completes, enter reads the file"


class AddDatasetScreen(ModalScreen["Dataset | None"]):
    """Dismissed with the registered dataset, or None."""

    CSS_PATH = "add_dataset.tcss"
    AUTO_FOCUS = "PlainInput"

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape",
            "leave",
            "Back",
            id="add-dataset.leave",
            tooltip="Stop the reading, or leave without a dataset",
        ),
        Binding(
            "tab",
            "complete",
            "Complete",
            id="add-dataset.complete",
            tooltip="Complete the path to the entry under the cursor",
            priority=True,
        ),
        Binding("down", "move(1)", "Down", id="add-dataset.down", tooltip="Next", show=False),
        Binding("up", "move(-1)", "Up", id="add-dataset.up", tooltip="Previous", show=False),
    ]

    @dataclass
    class CandidatesRead(Message):
        """What the path that was typed could become."""

        typed: str
        candidates: Sequence[PathCandidate]

    @dataclass
    class Progressed(Message):
        """How far the reading has come; only the latest counts."""

        progress: ReadProgress

        def can_replace(self, message: Message) -> bool:
            return isinstance(message, AddDatasetScreen.Progressed)

    @dataclass
    class Answered(Message):
        """The file was read through, or it was refused."""

        answer: Result[Dataset]

    @dataclass
    class StorageFailed(Message):
        """The file was read and could not be registered."""

        reason: str

    def __init__(self) -> None:
        super().__init__()
        self._candidates: Sequence[PathCandidate] = ()
        self._completed: str | None = None
        """The text that the candidates belong to."""
        self._stop: threading.Event | None = None
        """Stops the reading that is under way; None while there is none."""

    @property
    def is_reading(self) -> bool:
        return self._stop is not None

    def compose(self) -> ComposeResult:
        with Vertical(id="add-dataset"):
            yield Static("Add a dataset", id="title", markup=False)
            yield PlainInput(placeholder="path of a file")
            yield PickList()
            yield LinesView(id="progress")
            yield Static(_HELP, id="message", markup=False)
            with VerticalScroll(id="errors"):
                yield Static(id="error-lines", markup=False)
            with Horizontal(id="buttons"):
                yield Button("Read", id="read", variant="primary", compact=True)
                yield Button("Back", id="back", compact=True)

    def on_mount(self) -> None:
        self._complete("")

    def on_unmount(self) -> None:
        # A thread that reads on would hold the program open.
        if self._stop is not None:
            self._stop.set()

    # Typing a path.

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._say(_HELP)
        self._complete(event.value)

    @work(exclusive=True, group="completion")
    async def _complete(self, typed: str) -> None:
        candidates = await asyncio.to_thread(path_candidates, typed)
        self.post_message(self.CandidatesRead(typed, candidates))

    @on(CandidatesRead)
    def _show_candidates(self, message: CandidatesRead) -> None:
        self._completed, self._candidates = message.typed, message.candidates
        rows = [PickRow(entry.text, (entry.name, entry.facts)) for entry in message.candidates]
        self.query_one(PickList).show(rows, message.typed)

    def action_move(self, direction: int) -> None:
        entries = self.query_one(PickList)
        if direction > 0:
            entries.action_cursor_down()
        else:
            entries.action_cursor_up()

    def action_complete(self) -> None:
        candidate = self._candidate()
        if candidate is not None and self.focused is self.query_one(PlainInput):
            self._type(candidate.text)
        else:
            self.focus_next()

    @on(Input.Submitted)
    @on(Button.Pressed, "#read")
    def _entered(self) -> None:
        candidate = self._candidate()
        if candidate is not None:
            self._take(candidate)
        else:
            self._read(self.query_one(PlainInput).value)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self._take(self._candidates[event.option_index])

    def _candidate(self) -> PathCandidate | None:
        """Return the entry under the cursor; None where the list is behind what was typed."""
        index = self.query_one(PickList).highlighted
        if index is None or self._completed != self.query_one(PlainInput).value:
            return None
        return self._candidates[index]

    def _take(self, candidate: PathCandidate) -> None:
        if candidate.is_folder:
            self._type(candidate.text)
        else:
            self._read(candidate.text)

    def _type(self, text: str) -> None:
        box = self.query_one(PlainInput)
        box.value = text
        box.cursor_position = len(box.value)
        box.focus()

    # Reading.

    def _read(self, path: str) -> None:
        if self.is_reading:
            return
        if not path.strip():
            self._say("Type the path of a file, or choose one from the list", is_wrong=True)
            return
        self._stop = threading.Event()
        self._say(f"Reading {path}")
        self._show_state()
        self._add(Path(path.strip()), self._stop)

    @work(group="reading")
    async def _add(self, path: Path, stop: threading.Event) -> None:
        from vapor_tui.services.datasets import add_dataset
        from vapor_tui.storage.errors import StorageError

        def tell(progress: ReadProgress) -> None:
            # Called in the thread that reads; posting a message is safe from there.
            self.post_message(self.Progressed(progress))

        try:
            answer = await cast("VaporApp", self.app).backend.ask(
                add_dataset, path, progress=tell, cancelled=stop.is_set
            )
        except StorageError as error:
            self.post_message(self.StorageFailed(str(error)))
            return
        self.post_message(self.Answered(answer))

    @on(Progressed)
    def _show_progress(self, message: Progressed) -> None:
        progress, view = message.progress, self.query_one("#progress", LinesView)
        share = progress.bytes_read / progress.bytes_total if progress.bytes_total else 1.0
        read, total = file_size(progress.bytes_read), file_size(progress.bytes_total)
        view.show(
            [
                (*bar(share, max(view.size.width - 7, 0), "accent"), (f"  {percent(share)}", "")),
                ((f"{read} of {total}, {count(progress.records)} records", "dim"),),
            ]
        )

    @on(Answered)
    def _answered(self, message: Answered) -> None:
        self._stop = None
        match message.answer:
            case Ok(dataset) if dataset.status is DatasetStatus.READY:
                self.dismiss(dataset)
                return
            case Ok(dataset):
                reason = dataset.reason or "see its errors"
                self._say(f"{dataset.file_name} is not valid: {reason}", is_wrong=True)
                self._list_errors(dataset.validation_errors)
            case Refused(error=error, is_input=is_input):
                self._say(error, is_wrong=is_input)
        self._show_state()

    @on(StorageFailed)
    def _storage_failed(self, message: StorageFailed) -> None:
        self._stop = None
        self._say(f"Failed to add the dataset: {message.reason}", is_wrong=True)
        self._show_state()

    @on(Button.Pressed, "#back")
    def action_leave(self) -> None:
        if self._stop is not None:
            self._stop.set()
        else:
            self.dismiss(None)

    def _say(self, sentence: str, *, is_wrong: bool = False) -> None:
        line = self.query_one("#message", Static)
        line.update(printable(sentence))
        line.set_class(is_wrong, "-error")
        self._list_errors(())

    def _list_errors(self, errors: Sequence[LineError]) -> None:
        size = max((len(count(error.line)) for error in errors), default=0)
        lines = (f"line {error.line:>{size},}  {printable(error.message)}" for error in errors)
        self.query_one("#error-lines", Static).update("\n".join(lines))
        self.set_class(bool(errors), "-with-errors")

    def _show_state(self) -> None:
        """Show the progress while reading, the list of paths otherwise."""
        self.set_class(self.is_reading, "-reading")
        self.query_one(PlainInput).disabled = self.is_reading
        self.query_one("#read", Button).disabled = self.is_reading
        self.query_one("#back", Button).label = "Stop" if self.is_reading else "Back"
        if not self.is_reading:
            self.query_one("#progress", LinesView).show(())
            self.query_one(PlainInput).focus()
