"""Reads a dataset file and registers it: a path with completion, progress, and what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.message import Message
from textual.widgets import Button, Input, OptionList, Static

from vapor_tui.domain.datasets import Dataset, DatasetStatus, LineError
from vapor_tui.domain.formats import count, file_size
from vapor_tui.domain.results import Ok, Refused
from vapor_tui.domain.text import printable
from vapor_tui.ui.glyphs import bar, percent
from vapor_tui.ui.messages import ReadingEnded, ReadingProgressed
from vapor_tui.ui.readings import FileToRead, Reading
from vapor_tui.ui.screens.finishing import DialogScreen
from vapor_tui.ui.widgets.dataset_tree import DatasetTree
from vapor_tui.ui.widgets.lines import LinesView
from vapor_tui.ui.widgets.path_completion import PathCandidate, PathCompletion
from vapor_tui.ui.widgets.pick_list import PickList, PickRow
from vapor_tui.ui.widgets.plain_input import PlainInput

if TYPE_CHECKING:
    from vapor_tui.ui.app import VaporApp

_HELP = "JSONL, JSON or CSV, gzip too. Tab completes, enter reads the file"
_FIELDS = (
    ("path", "File", "path of a file"),
    ("validation", "Validation", "a second file, if there is one"),
    ("name", "Name", "that of the file"),
)
_PATHS = ("path", "validation")


class AddDatasetScreen(DialogScreen[Dataset | None]):
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
        Binding(
            "ctrl+t",
            "browse",
            "Tree",
            id="add-dataset.browse",
            tooltip="Choose the file in a tree of folders",
        ),
        Binding(
            "ctrl+b",
            "hide",
            "Read on behind",
            id="add-dataset.hide",
            tooltip="Leave this dialog while the file is read; the list shows how far it is",
        ),
        Binding("down", "move(1)", "Down", id="add-dataset.down", tooltip="Next", show=False),
        Binding("up", "move(-1)", "Up", id="add-dataset.up", tooltip="Previous", show=False),
    ]

    @dataclass
    class CandidatesRead(Message):
        """What the path that was typed could become."""

        typed: str
        candidates: Sequence[PathCandidate]

    def __init__(self, *, path: str = "", name: str = "", can_hide: bool = False) -> None:
        """`can_hide` offers to leave while the file is read, where a list shows how it goes on."""
        super().__init__()
        self._filled = {"path": path, "name": name}
        self._can_hide = can_hide
        self._candidates: Sequence[PathCandidate] = ()
        self._completed: str | None = None
        """The text that the candidates belong to."""
        self._completion = PathCompletion()
        self._field = _PATHS[0]
        """The path that is being typed, or was last."""
        self._exact: dict[str, str] = {}
        """Chosen paths, by what of them can be shown: a name may hold what is not."""
        self._reading: Reading | None = None
        """The reading that is under way; None while there is none."""

    @property
    def vapor(self) -> VaporApp:
        return cast("VaporApp", self.app)

    @property
    def is_reading(self) -> bool:
        return self._reading is not None

    @property
    def is_changed(self) -> bool:
        return self.is_mounted and any(
            self.query_one(f"#{field}", PlainInput).value != printable(self._filled.get(field, ""))
            for field, *_ in _FIELDS
        )

    def compose(self) -> ComposeResult:
        with Vertical(id="add-dataset"):
            yield Static("Add a dataset", id="title", markup=False)
            for field, label, placeholder in _FIELDS:
                with Horizontal(classes="field"):
                    yield Static(label, classes="label", markup=False)
                    box = PlainInput(self._filled.get(field, ""), placeholder=placeholder)
                    box.id = field
                    yield box
            with Horizontal(id="choices"):
                yield PickList()
                yield DatasetTree()
            yield LinesView(id="progress")
            yield Static(_HELP, id="message", markup=False)
            with VerticalScroll(id="errors"):
                yield Static(id="error-lines", markup=False)
            with Horizontal(id="buttons"):
                yield Button("Read", id="read", variant="primary", compact=True)
                yield Button("Tree ^t", id="browse", compact=True)
                yield Button("Read on behind ^b", id="hide", compact=True)
                yield Button("Back", id="back", compact=True)

    def on_mount(self) -> None:
        self.set_class(self._can_hide, "-can-hide")
        self._complete(self._box.value)

    def on_unmount(self) -> None:
        if self._reading is not None and self._reading.is_watched:
            self._reading.stop()

    @property
    def _box(self) -> PlainInput:
        """The field of the path that is being typed."""
        return self.query_one(f"#{self._field}", PlainInput)

    def _value(self, field: str) -> str:
        """Return what was typed into a field, or the exact path of what was chosen."""
        text = self.query_one(f"#{field}", PlainInput).value
        return self._exact.get(text, text.strip())

    # Typing a path.

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._say(_HELP)
        if event.input.id in _PATHS:
            self._complete(event.value)

    @on(events.DescendantFocus)
    def _field_chosen(self, event: events.DescendantFocus) -> None:
        if event.widget.id in _PATHS and event.widget.id != self._field:
            self._field = event.widget.id
            self._complete(self._box.value)

    @work(exclusive=True, group="completion")
    async def _complete(self, typed: str) -> None:
        candidates = await self._completion.candidates(self._exact.get(typed, typed))
        self.post_message(self.CandidatesRead(typed, candidates))

    @on(CandidatesRead)
    def _show_candidates(self, message: CandidatesRead) -> None:
        self._completed, self._candidates = message.typed, message.candidates
        rows = [PickRow(entry.text, (entry.name, entry.facts)) for entry in message.candidates]
        self.query_one(PickList).show(rows, message.typed)

    def action_move(self, direction: int) -> None:
        self.query_one(PickList).move(direction)

    def action_complete(self) -> None:
        candidate = self._candidate()
        is_typing = self.focused is self._box and (self._field == "path" or self._box.value)
        if candidate is not None and is_typing and candidate.text != self._value(self._field):
            self._type(candidate.text)
        else:
            self.focus_next()

    @on(Button.Pressed, "#browse")
    def action_browse(self) -> None:
        """Go to the tree, and back to the path."""
        if self.is_reading:
            return
        tree = self.query_one(DatasetTree)
        self.set_class(not tree.has_focus, "-browsing")
        if tree.has_focus:
            self._box.focus()
        else:
            self._list_errors(())
            self.call_after_refresh(tree.focus)

    @on(DatasetTree.Chosen)
    def _chosen(self, message: DatasetTree.Chosen) -> None:
        self.remove_class("-browsing")
        path, here = Path(message.path), Path.cwd()
        self._type(str(path.relative_to(here) if path.is_relative_to(here) else path))

    @on(Input.Submitted)
    @on(Button.Pressed, "#read")
    def _entered(self) -> None:
        candidate = self._candidate() if self.focused is self._box else None
        if candidate is not None:
            self._take(candidate)
        else:
            self._read()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        self._take(self._candidates[event.option_index])

    def _candidate(self) -> PathCandidate | None:
        """Return the entry under the cursor; None where the list is behind what was typed."""
        index = self.query_one(PickList).highlighted
        if index is None or self._completed != self._box.value:
            return None
        if self._field == "validation" and not self._box.value:
            return None  # it may stay empty
        return self._candidates[index]

    def _take(self, candidate: PathCandidate) -> None:
        self._type(candidate.text)
        if not candidate.is_folder:
            self._read()

    def _type(self, text: str) -> None:
        box = self._box
        self._exact[printable(text)] = text
        box.value = text
        box.cursor_position = len(box.value)
        box.focus()

    # Reading.

    def _read(self) -> None:
        if self.is_reading:
            return
        path, validation = self._value("path"), self._value("validation")
        if not path:
            self._say("Type the path of a file, or choose one from the list", is_wrong=True)
            return
        self._say(f"Reading {path}")
        self._reading = self.vapor.readings.start(
            FileToRead(
                Path(path),
                name=self._value("name") or None,
                validation=Path(validation) if validation else None,
            )
        )
        self._show_state()

    @on(ReadingProgressed)
    def _show_progress(self, message: ReadingProgressed) -> None:
        if message.reading is not self._reading:
            return
        progress, view = message.progress, self.query_one("#progress", LinesView)
        share = message.reading.share
        read, total = file_size(progress.bytes_read), file_size(progress.bytes_total)
        view.show(
            [
                (*bar(share, max(view.size.width - 7, 0), "accent"), (f"  {percent(share)}", "")),
                ((f"{read} of {total}, {count(progress.records)} records", "dim"),),
            ]
        )

    @on(ReadingEnded)
    def _answered(self, message: ReadingEnded) -> None:
        if message.reading is not self._reading:
            return
        self._reading = None
        match message.answer:
            case Ok(dataset) if dataset.status is DatasetStatus.READY:
                self.finish_in_front(dataset)
                return
            case Ok(dataset):
                reason = dataset.reason or "see its errors"
                self._say(f"{dataset.file_name} is not valid: {reason}", is_wrong=True)
                self._list_errors(dataset.validation_errors)
            case Refused(error=error):
                self._say(error, is_wrong=not message.reading.is_stopping)
        self._show_state()

    @on(Button.Pressed, "#back")
    def action_leave(self) -> None:
        if self._reading is not None:
            self._reading.stop()
        else:
            self.finish()

    @on(Button.Pressed, "#hide")
    def action_hide(self) -> None:
        if self._reading is not None and self._can_hide:
            self._reading.is_watched = False
            self.finish()

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
        for box in self.query(PlainInput):
            box.disabled = self.is_reading
        for button in self.query("#read, #browse"):
            button.disabled = self.is_reading
        self.query_one("#back", Button).label = "Stop" if self.is_reading else "Back"
        if not self.is_reading:
            self.query_one("#progress", LinesView).show(())
            self._box.focus()
