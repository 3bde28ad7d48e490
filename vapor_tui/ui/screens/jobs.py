"""The list of jobs: the first screen, and where every other one leads back to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.reactive import var

from vapor_tui.domain.text import printable
from vapor_tui.ui.keys_in_turn import OPENS
from vapor_tui.ui.messages import ActionDone, BackendFailed, JobsGlanced, JobsRead, RehearsalReady
from vapor_tui.ui.notices import NO_MATCH, WELCOME, not_opened, totals_line, waiting_lines
from vapor_tui.ui.screens.arranging import ArrangingScreen
from vapor_tui.ui.screens.job_screen import GO_ON
from vapor_tui.ui.screens.paging import LISTING, PagingScreen
from vapor_tui.ui.widgets.filter_bar import NEWEST, FilterBar
from vapor_tui.ui.widgets.found_note import FoundNote
from vapor_tui.ui.widgets.job_table import JobTable, ShownJobs
from vapor_tui.ui.widgets.key_line import ALWAYS, KeyLine
from vapor_tui.ui.widgets.lines import FittedLines, LinesView
from vapor_tui.ui.widgets.message_panel import MessagePanel

if TYPE_CHECKING:
    from vapor_tui.domain.job_facts import JobFacts
    from vapor_tui.domain.job_list import JobList
    from vapor_tui.domain.job_pages import (
        JobFilter,
        JobPage,
    )
    from vapor_tui.services.export_files import ExportTable
    from vapor_tui.services.overview import Overview

_STALE_SECONDS = 1.5
"""A list this old has not been written to; its times are brought up to date by themselves."""
_MINUTE = 60.0
_STALE_AGES_SECONDS = 20.0
"""The same for one of which only ages in minutes and more are left to change."""


class JobsScreen(ArrangingScreen, PagingScreen[None]):
    """A page of jobs that follows what happens to them."""

    AUTO_FOCUS = "JobTable"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "new", id="jobs.new", tooltip="Plan a new job"),
        Binding(
            "a",
            "attach",
            "attach",
            id="jobs.attach",
            tooltip="Watch a run that was started elsewhere",
        ),
        *GO_ON,
        Binding(
            "r",
            "rehearse",
            "rehearse",
            id="jobs.rehearse",
            tooltip="Run the sample dataset on the simulator",
        ),
        Binding("r", "open_again", "try again", id="jobs.open_again", tooltip="Try to open again"),
        Binding("slash", "search", "search", id="jobs.search", tooltip="Search the jobs"),
        Binding("f", "status", "status", id="jobs.status", tooltip="List only jobs of one status"),
        Binding(
            "escape",
            "clear",
            "clear",
            id="jobs.clear",
            tooltip="Unmark all jobs; with none marked, list all jobs again",
        ),
        Binding(
            "q",
            "leave",
            "quit",
            id="screen.leave",
            tooltip="Leave; what runs here is handed back and goes on later",
            group=ALWAYS,
        ),
    ]

    STATES = ("-opening", "-failed", "-welcome", "-no-match", LISTING)
    state: var[str] = var(STATES[0], init=False)

    def __init__(self, *, columns: Sequence[str] = (), sort: str = NEWEST) -> None:
        """`columns` and `sort` are what a person prefers, as they wrote it."""
        super().__init__(columns=columns, sort=sort)
        self.add_class(self.STATES[0], update=False)
        self._has_glanced = False
        self._curves: dict[int, tuple[int, tuple[float, ...]]] = {}

    @property
    def crumbs(self) -> tuple[str, ...]:
        return ("Jobs",)

    @property
    def subject(self) -> JobFacts | None:
        return self.table.row if self.state == LISTING and self.is_mounted else None

    def compose_body(self) -> ComposeResult:
        yield FilterBar()
        yield JobTable()
        yield MessagePanel()
        yield LinesView(id="note")
        yield FittedLines(id="totals")
        yield FoundNote()

    def on_mount(self) -> None:
        self.watch(self.app, "overview", self._overview_changed, init=False)
        self.watch(self.app, "second", self._time_passed, init=False)
        self.table.focus()

    # What is asked for

    @property
    def wants_glance(self) -> bool:
        """Whether the newest jobs are what will be listed first."""
        return self.state == self.STATES[0] and self._preferred_sort == NEWEST

    @on(JobsGlanced)
    def _show_glance(self, message: JobsGlanced) -> None:
        if self.wants_glance and self.is_wanted(message.jobs.page, request=0):
            self._has_glanced = True
            self.take_preferences()
            self._show_list(message.jobs)

    def opened(self) -> None:
        """The database is open: list what is in it, as a person prefers it."""
        if not self._has_glanced:
            self.take_preferences()
        self.query_one(FoundNote).look()
        self.ask()

    def failed(self, failure: BackendFailed) -> None:
        """Opening failed: say why, and offer to try again."""
        notice = not_opened(failure.reason, is_of_catalogue=failure.is_of_catalogue)
        self.query_one(MessagePanel).notice = notice
        self.state = "-failed"

    @work(group="list", exclusive=True)
    async def read_page(self, request: int) -> None:
        from vapor_tui.services.overview import list_with_curves

        known = {job_id: step for job_id, (step, _) in self._curves.items()}
        jobs = await self.vapor.ask(list_with_curves, self._wanted(), known)
        if jobs is not None:
            self.post_message(JobsRead(jobs, request))

    def _wanted(self) -> JobFilter:
        from vapor_tui.domain.job_pages import (
            JobFilter,
            Sort,
        )

        filters = self.filters
        return JobFilter(
            status=filters.status,
            search=filters.search,
            sort=Sort(filters.sort),
            is_reversed=filters.is_reversed,
            page=self.page,
            limit=self.table.room,
            around=self.row_wanted,
        )

    @on(JobsRead)
    def _show_jobs(self, message: JobsRead) -> None:
        if self.is_wanted(message.answer.page, message.request):
            self._show_list(message.answer)

    def _show_list(self, listed: JobList) -> None:
        from vapor_tui.domain.job_pages import Sort

        page = listed.page
        steps = {job.id: job.current_step for job in page.jobs}
        fresh = {job_id: (steps[job_id], curve) for job_id, curve in listed.curves.items()}
        known = {**self._curves, **fresh}
        self._curves = {job_id: known[job_id] for job_id in steps}
        self.table.shown = ShownJobs(
            tuple(page.jobs),
            self.vapor.clock(),
            {job_id: curve for job_id, (_, curve) in self._curves.items()},
            Sort(self.filters.sort),
            self.filters.is_reversed,
        )
        self.put_cursor()
        self._show_state(page)

    def _show_state(self, page: JobPage[JobFacts]) -> None:
        self.query_one(FilterBar).listed = page
        if page.jobs:
            self.settle(LISTING)
        elif self.filters.is_narrow:
            self.settle("-no-match", NO_MATCH)
        else:
            self.settle("-welcome", WELCOME)

    # What happens meanwhile

    def _overview_changed(self, overview: Overview | None) -> None:
        if overview is not None:
            self._show_note(overview)
            self._show_totals()
            self.ask()

    def _time_passed(self) -> None:
        """Keep ages and times left right while nothing is written."""
        shown, now = self.table.shown, self.vapor.second
        stale = _STALE_SECONDS if _changes_by_itself(shown) else _STALE_AGES_SECONDS
        if self.is_seen and (now - shown.now).total_seconds() > stale:
            self.table.shown = replace(shown, now=now)

    def _show_note(self, overview: Overview) -> None:
        self.query_one("#note", LinesView).show(waiting_lines(overview))

    @on(FittedLines.Resized)
    def _show_totals(self) -> None:
        view, overview = self.query_one("#totals", FittedLines), self.vapor.overview
        if overview is not None and (width := view.content_size.width):
            view.show([totals_line(overview.totals, width)])

    def action_was_done(self, message: ActionDone) -> None:
        self.ask()

    def actions_were_done(self) -> None:
        self.ask()

    def was_annotated(self) -> None:
        self.ask()

    def watch_marked(self, marked: frozenset[int]) -> None:
        self.table.marked = marked
        self.query_one(FilterBar).marked = len(marked)
        self.query_one(KeyLine).foremost = "compare" if len(marked) > 1 else ""
        self.refresh_bindings()

    @on(JobTable.Marked)
    def _mark(self, message: JobTable.Marked) -> None:
        self.toggle_mark(message.job.id)

    @on(JobTable.Highlighted)
    def _offer_keys(self) -> None:
        self.refresh_bindings()

    # What is taken elsewhere

    async def exported_table(self) -> ExportTable | None:
        from vapor_tui.services.exports import job_table

        return await self.vapor.ask(job_table, self._wanted())

    @property
    def command_words(self) -> tuple[str, ...]:
        return ("show", str(job.id)) if (job := self.subject) else ()

    # What a person does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.children:
            return False  # not composed yet
        match action:
            case "rehearse":
                return self.state == "-welcome"
            case "open_again":
                return self.state == "-failed"
            case "new" | "attach":
                return self.state in ("-welcome", "-no-match", LISTING)
            case "search" | "status" | "sort" | "columns" | "export":
                return self.state in (LISTING, "-no-match")
            case "compare":
                return self.state == LISTING
            case "clear" if not self.marked:
                return self.filters.is_narrow or self.query_one(FilterBar).is_searching
        return super().check_action(action, parameters)

    def action_leave(self) -> None:
        self.app.exit()

    def action_new(self) -> None:
        self.vapor.open_configure()

    def action_attach(self) -> None:
        self.vapor.open_attach()

    def action_open_again(self) -> None:
        self.state = "-opening"
        self.vapor.open_backend()

    def action_rehearse(self) -> None:
        self._rehearse()

    @work(group="rehearse", exclusive=True, name=OPENS)
    async def _rehearse(self) -> None:
        from vapor_tui.services.rehearsal import rehearse

        answer = await self.vapor.ask(rehearse)
        if answer is not None:
            self.post_message(RehearsalReady(answer))

    @on(RehearsalReady)
    def _watch_rehearsal(self, message: RehearsalReady) -> None:
        from vapor_tui.domain.results import Ok

        match message.answer:
            case Ok(job):
                self.vapor.backend.wake_worker()
                self.stand_on(job.id)
                self.vapor.open_monitor(job.id)
            case refused:
                self.notify(printable(refused.error), severity="error", markup=False)

    async def action_search(self) -> None:
        await self.query_one(FilterBar).start_search()

    def action_status(self) -> None:
        overview = self.vapor.overview
        self.query_one(FilterBar).next_status(overview.counts if overview else {})

    def stand_on(self, job_id: int) -> None:
        """Put the cursor on a job when the list is next seen; nothing may hide it then."""
        self.row_wanted = job_id
        if self.filters.is_narrow:
            self.query_one(FilterBar).clear()

    def action_clear(self) -> None:
        if self.marked:
            self.marked = frozenset()
            return
        self.query_one(FilterBar).clear()
        self.table.focus()

    @on(JobTable.Opened)
    def _open(self, message: JobTable.Opened) -> None:
        if self.is_active:
            self.vapor.open_monitor(message.job_id)


def _changes_by_itself(shown: ShownJobs) -> bool:
    """Say whether a list shows seconds: of a job that goes on, or of one just made."""
    newest = max((job.created_at for job in shown.rows), default=shown.now)
    return (shown.now - newest).total_seconds() < _MINUTE or any(
        job.status.is_active for job in shown.rows
    )
