"""The note of a job: a few lines that a person writes for themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static, TextArea

from vapor_tui.domain.annotations import check_note
from vapor_tui.domain.results import Ok, Refused
from vapor_tui.domain.text import printable_lines
from vapor_tui.ui.job_actions import title_of
from vapor_tui.ui.screens.confirm import leave
from vapor_tui.ui.screens.finishing import DialogScreen
from vapor_tui.ui.widgets.plain_area import PlainArea

if TYPE_CHECKING:
    from vapor_tui.domain.job_facts import JobFacts


class NoteScreen(DialogScreen[str | None]):
    """Dismissed with the note that the job is to have, or None."""

    CSS_PATH = "annotations.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "back", id="note.leave", tooltip="Change nothing"),
        Binding("ctrl+s", "save", "save", id="note.save", tooltip="Store this note"),
    ]

    def __init__(self, job: JobFacts) -> None:
        super().__init__()
        self._job = job
        self._shown = "\n".join(printable_lines(job.notes))

    @property
    def is_changed(self) -> bool:
        return self.is_mounted and self.query_one(PlainArea).text != self._shown

    def compose(self) -> ComposeResult:
        with Vertical(id="annotations"):
            yield Static(f"Note on {title_of(self._job)}", id="annotations--title", markup=False)
            yield PlainArea(self._shown)
            yield Static("", id="annotations--error", markup=False)
            yield Static("ctrl+s save   esc back", id="annotations--keys", markup=False)

    def on_mount(self) -> None:
        area = self.query_one(PlainArea)
        area.move_cursor(area.document.end)
        area.focus()

    @on(TextArea.Changed)
    def _forgive(self) -> None:
        self.query_one("#annotations--error", Static).update("")

    def action_save(self) -> None:
        text = self.query_one(PlainArea).text
        if text == self._shown:
            self.finish()  # what could not be shown is kept as it was stored
            return
        match check_note(text):
            case Refused() as refused:
                self.query_one("#annotations--error", Static).update(refused.error)
            case Ok(note):
                self.finish(note)

    def action_leave(self) -> None:
        leave(self, "Leave the note as it was?", "What was written here is not kept.")
