"""The table of jobs: one page of them, in columns that a person can choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import var

from vapor_tui.ui.job_layout import heading_line, job_line, layout_for
from vapor_tui.ui.widgets.lines import Line
from vapor_tui.ui.widgets.paged_table import PagedTable, ShownPage, paging_keys

if TYPE_CHECKING:
    from vapor_tui.domain.job_facts import JobFacts
    from vapor_tui.domain.job_pages import Sort


@dataclass(frozen=True, slots=True)
class ShownJobs(ShownPage["JobFacts"]):
    """A page of jobs at one moment."""

    curves: Mapping[int, tuple[float, ...]] = field(default_factory=dict)
    """By the number of the job."""
    sort: Sort | None = None
    is_reversed: bool = False


class JobTable(PagedTable["JobFacts", ShownJobs]):
    """Jobs that can be opened and marked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "open", id="jobs.open", tooltip="Watch this job"),
        Binding("space", "mark", "mark", id="jobs.mark", tooltip="Mark this job, or not any more"),
        *paging_keys("jobs", "job"),
    ]

    shown = var(ShownJobs(), init=False)
    marked: var[frozenset[int]] = var(frozenset(), init=False)
    """Numbers of the marked jobs, on this page and on others."""
    columns: var[tuple[str, ...]] = var((), init=False)
    """The columns that a person has chosen; the usual ones when empty."""

    class Opened(Message):
        """A job was chosen."""

        def __init__(self, job_id: int) -> None:
            super().__init__()
            self.job_id = job_id

    class Marked(Message):
        """A job is to be marked, or not any more."""

        def __init__(self, job: JobFacts) -> None:
            super().__init__()
            self.job = job

    def watch_marked(self) -> None:
        self.draw()

    def watch_columns(self) -> None:
        self.draw()

    def action_open(self) -> None:
        if self.row is not None:
            self.post_message(self.Opened(self.row.id))

    def action_mark(self) -> None:
        if self.row is not None:
            self.post_message(self.Marked(self.row))

    def state_of(self, row: JobFacts | None) -> object:
        # What decides which keys apply: its figures change all the time.
        return None if row is None else (row.id, row.status, row.desired)

    def heading(self, width: int) -> Line:
        shown = self.shown
        layout = layout_for(width, self.columns)
        return heading_line(layout, width, shown.sort, shown.is_reversed)

    def line(self, row: JobFacts, width: int, *, is_current: bool) -> Line:
        return job_line(
            row,
            self.shown.curves.get(row.id, ()),
            self.shown.now,
            layout_for(width, self.columns),
            width,
            is_current=is_current,
            has_focus=self.has_focus,
            is_marked=row.id in self.marked,
        )
