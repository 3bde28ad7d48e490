"""The tags of a job, as words with commas between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.suggester import Suggester
from textual.widgets import Input, Static

from vapor_tui.domain.annotations import SEPARATOR, check_tags
from vapor_tui.domain.results import Ok, Refused
from vapor_tui.domain.text import printable
from vapor_tui.ui.job_actions import title_of
from vapor_tui.ui.screens.finishing import DialogScreen
from vapor_tui.ui.widgets.plain_input import PlainInput

if TYPE_CHECKING:
    from vapor_tui.domain.job_facts import JobFacts

_MOST_OFFERED = 12


class TagsScreen(DialogScreen[tuple[str, ...] | None]):
    """Dismissed with the tags that the job is to have, or None."""

    CSS_PATH = "annotations.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "back", id="tags.leave", tooltip="Change nothing"),
        Binding("ctrl+s", "save", "save", id="tags.save", tooltip="Store these tags"),
    ]

    def __init__(self, job: JobFacts, known: Sequence[str]) -> None:
        """`known` are the tags of all jobs, of which those that are missing here are offered."""
        super().__init__()
        self._job = job
        self._known = [printable(tag) for tag in known]
        # What is typed is a further tag.
        self._present = "".join(f"{tag}{SEPARATOR} " for tag in job.tags)

    @property
    def is_changed(self) -> bool:
        return self.is_mounted and self.query_one(PlainInput).value != printable(self._present)

    def compose(self) -> ComposeResult:
        given = {tag.casefold() for tag in self._job.tags}
        offered = [tag for tag in self._known if tag.casefold() not in given][:_MOST_OFFERED]
        with Vertical(id="annotations"):
            yield Static(f"Tags of {title_of(self._job)}", id="annotations--title", markup=False)
            box = PlainInput(self._present, placeholder="words, with commas between")
            box.select_on_focus = False
            box.suggester = _LastWord(self._known)
            yield box
            yield Static("", id="annotations--error", markup=False)
            if offered:
                yield Static(
                    f"In use: {', '.join(offered)}", id="annotations--offered", markup=False
                )
            yield Static("enter save   → complete   esc back", id="annotations--keys", markup=False)

    def on_mount(self) -> None:
        self.query_one(PlainInput).focus()

    @on(Input.Changed)
    def _forgive(self) -> None:
        self.query_one("#annotations--error", Static).update("")

    @on(Input.Submitted)
    def action_save(self) -> None:
        match check_tags([self.query_one(PlainInput).value]):
            case Refused() as refused:
                self.query_one("#annotations--error", Static).update(refused.error)
            case Ok(tags):
                self.finish(tags)

    def action_leave(self) -> None:
        self.finish()


class _LastWord(Suggester):
    """Completes the tag that is being typed from those in use."""

    def __init__(self, known: Sequence[str]) -> None:
        super().__init__(case_sensitive=True)
        self._known = known

    async def get_suggestion(self, value: str) -> str | None:
        begun = value.rpartition(SEPARATOR)[2].lstrip()
        if not begun:
            return None
        for tag in self._known:
            if tag.casefold().startswith(begun.casefold()) and len(tag) > len(begun):
                return value + tag[len(begun) :]
        return None
