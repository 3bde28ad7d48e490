"""Chooses a run that was started elsewhere: from those found here, or by its path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input, OptionList, Static

from vapor_tui.domain.formats import age
from vapor_tui.domain.lifecycle import Status
from vapor_tui.domain.results import Ok, Refused
from vapor_tui.domain.sources import FORMAT_NAMES
from vapor_tui.domain.text import NOT_UTF8, printable
from vapor_tui.own_thread import in_own_thread
from vapor_tui.ui.glyphs import ICONS
from vapor_tui.ui.messages import RunAttached, RunsFound
from vapor_tui.ui.screens.form_screen import FormScreen
from vapor_tui.ui.widgets.path_completion import PathCandidate, PathCompletion
from vapor_tui.ui.widgets.pick_list import GAP_WIDTH, PickList, PickRow, column_widths
from vapor_tui.ui.widgets.plain_input import PlainInput
from vapor_tui.ui.wrapping import cut_in_the_middle

if TYPE_CHECKING:
    from vapor_tui.services.attach import FoundRuns, KnownRun

LOOK_EVERY = 10.0
"""Seconds between two looks for runs, which are being written to meanwhile."""
_INTRODUCTION = (
    "Choose a run, or type the path of a log or of a run's folder. "
    "It is only read: nothing is written there, and nothing is sent to the run."
)
_LOOKING = "Looking for runs below this folder…"
_MARGINS = 6
_LEAST_NAME = 26
_FORMAT = len("TensorBoard")
"""Cells that are left to the last column, which may be cut off."""
_PATH_HELP = "tab completes, enter watches; a folder is watched once nothing below it is chosen"


class AttachScreen(FormScreen["int | None"]):
    """Dismissed with the number of the job that watches, or None."""

    CSS_PATH = "attach.tcss"
    AUTO_FOCUS = "PlainInput"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter", "watch", "watch", id="attach.watch", tooltip="Watch the run", priority=True
        ),
        Binding(
            "tab",
            "complete",
            "complete",
            id="attach.complete",
            tooltip="Complete the path to the entry under the cursor",
            priority=True,
        ),
        Binding("escape", "leave", "back", id="attach.leave", tooltip="Clear the path, or go back"),
        Binding(
            "f1", "app.help", "help", id="attach.help", tooltip="Show every key of this screen"
        ),
        Binding("down", "move(1)", "down", show=False, id="attach.down", tooltip="The next entry"),
        Binding("up", "move(-1)", "up", show=False, id="attach.up", tooltip="The entry before"),
        Binding(
            "pagedown", "page(1)", "page", show=False, id="attach.next_page", tooltip="A page down"
        ),
        Binding(
            "pageup", "page(-1)", "page", show=False, id="attach.previous_page", tooltip="A page up"
        ),
    ]

    @dataclass
    class CandidatesRead(Message):
        """What the path that was typed could become."""

        typed: str
        candidates: Sequence[PathCandidate]

    def __init__(self, directory: Path | None = None) -> None:
        """`directory` is where runs are looked for, the present one without it."""
        super().__init__()
        self._directory = directory
        self._found: FoundRuns | None = None
        self._candidates: Sequence[PathCandidate] = ()
        self._completion = PathCompletion()
        self._completed: str | None = None
        """The text that the candidates belong to."""
        self._is_looking = False
        self._is_attaching = False
        self._is_chosen = False
        """Whether what is attached was chosen from the runs that were found."""

    @property
    def crumbs(self) -> tuple[str, ...]:
        return ("Jobs", "Attach to a run")

    @property
    def typed(self) -> str:
        return self.query_one(PlainInput).value

    def compose_body(self) -> ComposeResult:
        yield Static(_INTRODUCTION, id="introduction", markup=False)
        yield PlainInput(placeholder="path of a log or of a run's folder")
        yield Static(_LOOKING, id="heading", markup=False)
        yield PickList()
        yield Static("", id="message", markup=False)

    def on_mount(self) -> None:
        self.query_one(PickList).can_focus = False
        self._look()
        self.set_interval(LOOK_EVERY, self._look)

    # Runs that lie here

    def _look(self) -> None:
        if not self._is_looking and self.is_seen:
            self._is_looking = True
            self._find()

    @work(group="discovery")
    async def _find(self) -> None:
        from vapor_tui.services.attach import discover, with_jobs

        answer = await in_own_thread(discover, self._directory or Path())
        if isinstance(answer, Refused):
            self.post_message(RunsFound(answer))
        elif (found := await self.vapor.ask(with_jobs, answer.value)) is not None:
            self.post_message(RunsFound(Ok(found)))
        else:
            self._is_looking = False

    @on(RunsFound)
    def _take_runs(self, message: RunsFound) -> None:
        self._is_looking = False
        match message.answer:
            case Ok(found):
                self._found = found
                self._show_runs()
            case Refused(error=error):
                self.query_one("#heading", Static).update(printable(error))

    def _show_runs(self) -> None:
        found = self._found
        if found is None or self.typed:
            return
        now = self.vapor.clock()
        self.query_one("#heading", Static).update(_heading(found, now))
        entries = self.query_one(PickList)
        rows = _fitted([_row(each, found.directory, now) for each in found.runs], self._room)
        index = entries.highlighted
        picked = entries.get_option_at_index(index).id if index is not None else None
        entries.show(rows, picked or "")

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_runs)

    @property
    def _room(self) -> int:
        """Cells of a row; before the first layout, those between the margins of the screen."""
        entries = self.query_one(PickList)
        return entries.scrollable_content_region.width or self.size.width - _MARGINS

    # Typing a path

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._say(_PATH_HELP if event.value else "")
        self.refresh_bindings()
        if event.value:
            self._complete(event.value)
        else:
            self.query_one(PickList).show([])
            self._completed = None
            self._show_runs()

    @work(exclusive=True, group="completion")
    async def _complete(self, typed: str) -> None:
        candidates = await self._completion.candidates(typed)
        self.post_message(self.CandidatesRead(typed, candidates))

    @on(CandidatesRead)
    def _show_candidates(self, message: CandidatesRead) -> None:
        if message.typed != self.typed:
            return
        self._completed, self._candidates = message.typed, message.candidates
        heading = "Paths" if message.candidates else "Nothing begins like that"
        self.query_one("#heading", Static).update(heading)
        rows = [PickRow(entry.text, (entry.name, entry.facts)) for entry in message.candidates]
        entries = self.query_one(PickList)
        entries.show(_fitted(rows, self._room))
        if message.typed.endswith("/"):
            entries.highlighted = None  # the folder itself is meant until one below it is chosen

    def _candidate(self) -> PathCandidate | None:
        """Return the entry under the cursor; None where the list is behind what was typed."""
        index = self.query_one(PickList).highlighted
        if index is None or not self.typed or self._completed != self.typed:
            return None
        return self._candidates[index]

    # What a person does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "complete":
            return bool(self.query(PlainInput)) and bool(self.typed)
        return super().check_action(action, parameters)

    def on_screen_resume(self) -> None:
        self._look()

    def action_complete(self) -> None:
        # Behind what was typed before the key: a key with priority comes ahead of that.
        self.query_one(PlainInput).call_later(self._take_entry)

    def _take_entry(self) -> None:
        entries = self.query_one(PickList)
        if entries.highlighted is None and self._candidates:
            entries.highlighted = 0
        if (candidate := self._candidate()) is not None:
            self._type(candidate.text)

    def action_move(self, rows: int) -> None:
        entries = self.query_one(PickList)
        if entries.option_count:
            before = -1 if entries.highlighted is None else entries.highlighted
            entries.highlighted = min(max(before + rows, 0), entries.option_count - 1)

    def action_page(self, direction: int) -> None:
        self.action_move(direction * max(self.query_one(PickList).size.height - 1, 1))

    def action_watch(self) -> None:
        self.query_one(PlainInput).call_later(self._choose)

    def _choose(self) -> None:
        self._is_chosen = not self.typed.strip()
        if not self._is_chosen:
            candidate = self._candidate()
            if candidate is not None and candidate.is_folder:
                self._type(candidate.text)
            else:
                self._follow(Path(candidate.text if candidate else self.typed.strip()))
        elif (each := self._run_under_cursor()) is not None:
            self._follow(each.run.best.path)
        else:
            self._say("Type the path of a log, or of the folder of a run", is_wrong=True)

    def action_leave(self) -> None:
        if self.typed:
            self._type("")
        else:
            self.finish()

    @on(OptionList.OptionSelected)
    def _clicked(self) -> None:
        self.action_watch()

    def _run_under_cursor(self) -> KnownRun | None:
        index = self.query_one(PickList).highlighted
        if index is None or self._found is None or index >= len(self._found.runs):
            return None
        return self._found.runs[index]

    def _type(self, text: str) -> None:
        box = self.query_one(PlainInput)
        box.value = text
        box.cursor_position = len(box.value)

    # Attaching

    def _follow(self, path: Path) -> None:
        if not self._is_attaching:
            self._is_attaching = True
            self._say(f"Opening {path}…")
            self._ask_to_attach(path)

    @work(group="attach")
    async def _ask_to_attach(self, path: Path) -> None:
        from vapor_tui.services.attach import attach_inspected, inspect

        inspected = await in_own_thread(inspect, path)
        if isinstance(inspected, Refused):
            self.post_message(RunAttached(inspected))
            return
        answer = await self.vapor.ask(attach_inspected, inspected.value)
        answer = answer or Refused("The database cannot be used at present")
        self.post_message(RunAttached(answer, inspected.value.others_sentence))

    @on(RunAttached)
    def _attached(self, message: RunAttached) -> None:
        self._is_attaching = False
        match message.answer:
            case Ok(job):
                if message.others and not self._is_chosen:
                    self.notify(message.others, markup=False)
                self.finish_in_front(job.id)
            case Refused(error=error):
                self._say(error, is_wrong=True)

    def _say(self, sentence: str, *, is_wrong: bool = False) -> None:
        line = self.query_one("#message", Static)
        line.update(printable(sentence))
        line.set_class(is_wrong, "-error")


def _heading(found: FoundRuns, now: datetime) -> str:
    where = _place(found)
    if not found.runs:
        text = f"No run in the known formats lies below {where}"
    else:
        live = sum(each.is_live(now) for each in found.runs)
        runs = "1 run" if len(found.runs) == 1 else f"{len(found.runs)} runs"
        text = f"{runs} below {where}, {live or 'none'} live"
    return text if found.is_complete else f"{text}; not everything could be looked at in time"


def _place(found: FoundRuns) -> str:
    """Return the folder that was looked in, the person's home as ~."""
    home, directory = Path.home(), found.directory
    is_below = directory != home and directory.is_relative_to(home)
    return printable(f"~/{directory.relative_to(home)}" if is_below else str(directory))


def _row(each: KnownRun, directory: Path, now: datetime) -> PickRow:
    run = each.run
    is_live = each.is_live(now)
    state = f"{ICONS[Status.RUNNING]} live" if is_live else "  quiet"
    if not each.can_be_attached:
        state = f"  {NOT_UTF8}"
    formats = ", ".join(FORMAT_NAMES[source.format] for source in run.sources)
    watched = f"job #{each.job_id}" if each.job_id is not None else ""
    return PickRow(
        str(run.best.path),
        (
            each.shown_in(directory),
            state,
            f"{age(run.changed_at, now):>3} ago",
            watched,
            formats,
        ),
        can_be_picked=each.can_be_attached,
    )


def _fitted(rows: Sequence[PickRow], width: int) -> list[PickRow]:
    """Return rows with names that leave room for what is said of the runs."""
    others = sum(column_widths(rows)[1:]) + _FORMAT
    gaps = GAP_WIDTH * (len(rows[0].cells) - 1) if rows else 0
    longest = max(width - others - gaps, _LEAST_NAME)
    return [
        replace(row, cells=(cut_in_the_middle(row.cells[0], longest), *row.cells[1:]))
        for row in rows
    ]
