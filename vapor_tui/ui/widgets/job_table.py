"""The table of jobs: one page of rows, of which only the cells that change are drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import var

from vapor_tui.ui.job_layout import heading_line, job_line, layout_for
from vapor_tui.ui.widgets.lines import LinesView

if TYPE_CHECKING:
    from vapor_tui.domain.jobs import Job, Sort

_HEADING = 1
_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Shown:
    """A page of jobs at one moment."""

    jobs: tuple[Job, ...] = ()
    curves: Mapping[int, tuple[float, ...]] = field(default_factory=dict)
    """By the number of the job."""
    now: datetime = _EPOCH
    sort: Sort | None = None
    is_reversed: bool = False


class JobTable(LinesView, can_focus=True):
    """Rows with a cursor that stays on its job. What it shows is set from outside."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "open", id="jobs.open", tooltip="Watch this job"),
        Binding("space", "mark", "mark", id="jobs.mark", tooltip="Mark this job, or not any more"),
        Binding(
            "down,j", "move(1)", "Down", show=False, id="jobs.down", tooltip="Go to the next job"
        ),
        Binding("up,k", "move(-1)", "Up", show=False, id="jobs.up", tooltip="Go to the job before"),
        Binding(
            "pagedown,ctrl+f,right",
            "turn(1)",
            "Next page",
            show=False,
            id="jobs.next_page",
            tooltip="Go to the next page",
        ),
        Binding(
            "pageup,ctrl+b,left",
            "turn(-1)",
            "Previous page",
            show=False,
            id="jobs.previous_page",
            tooltip="Go to the page before",
        ),
        Binding(
            "g,home", "first", "First", show=False, id="jobs.first", tooltip="Go to the first job"
        ),
        Binding("G,end", "last", "Last", show=False, id="jobs.last", tooltip="Go to the last job"),
    ]

    DEFAULT_CSS = """
    JobTable { height: 1fr; padding: 0 1; }
    """

    shown: var[Shown] = var(Shown(), init=False)
    cursor: var[int] = var(0, init=False)
    marked: var[frozenset[int]] = var(frozenset(), init=False)
    """Numbers of the marked jobs, on this page and on others."""
    columns: var[tuple[str, ...]] = var((), init=False)
    """The columns that a person has chosen; the usual ones when empty."""

    class Opened(Message):
        """A job was chosen."""

        def __init__(self, job_id: int) -> None:
            super().__init__()
            self.job_id = job_id

    class Highlighted(Message):
        """The cursor is on another job, or on what became of it; None when there is none."""

        def __init__(self, job: Job | None) -> None:
            super().__init__()
            self.job = job

    class Marked(Message):
        """A job is to be marked, or not any more."""

        def __init__(self, job: Job) -> None:
            super().__init__()
            self.job = job

    class Turned(Message):
        """Another page is wanted: so many further, or the first or last one at all."""

        def __init__(self, pages: int, *, to_end: bool = False, cursor: int = 0) -> None:
            super().__init__()
            self.pages = pages
            self.to_end = to_end
            self.cursor = cursor
            """Row on that page; -1 is the last."""

    class RoomChanged(Message):
        """Another number of rows fits."""

        def __init__(self, rows: int) -> None:
            super().__init__()
            self.rows = rows

    @property
    def rows(self) -> int:
        """How many jobs fit."""
        return max(self.content_size.height - _HEADING, 1)

    @property
    def job(self) -> Job | None:
        """The job under the cursor."""
        jobs = self.shown.jobs
        return jobs[self.cursor] if 0 <= self.cursor < len(jobs) else None

    def on_resize(self, _event: events.Resize) -> None:
        self._draw()
        self.post_message(self.RoomChanged(self.rows))

    def on_focus(self) -> None:
        self._draw()

    def on_blur(self) -> None:
        self._draw()

    def watch_shown(self, before: Shown, after: Shown) -> None:
        job = before.jobs[self.cursor] if self.cursor < len(before.jobs) else None
        places = {job.id: row for row, job in enumerate(after.jobs)}
        row = self.cursor if job is None else places.get(job.id, self.cursor)
        self.set_reactive(JobTable.cursor, min(row, max(len(after.jobs) - 1, 0)))
        self._draw()
        if _state_of(job) != _state_of(self.job):
            self.post_message(self.Highlighted(self.job))

    def watch_marked(self) -> None:
        self._draw()

    def watch_columns(self) -> None:
        self._draw()

    def validate_cursor(self, cursor: int) -> int:
        return min(max(cursor, 0), max(len(self.shown.jobs) - 1, 0))

    def watch_cursor(self) -> None:
        self._draw()
        self.post_message(self.Highlighted(self.job))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.job is not None

    def action_open(self) -> None:
        if self.job is not None:
            self.post_message(self.Opened(self.job.id))

    def action_mark(self) -> None:
        if self.job is not None:
            self.post_message(self.Marked(self.job))

    def action_move(self, rows: int) -> None:
        wanted = self.cursor + rows
        if wanted < 0:
            self.post_message(self.Turned(-1, cursor=-1))
        elif wanted >= len(self.shown.jobs):
            self.post_message(self.Turned(1))
        else:
            self.cursor = wanted

    def action_turn(self, pages: int) -> None:
        self.post_message(self.Turned(pages, cursor=self.cursor))

    def action_first(self) -> None:
        self.post_message(self.Turned(-1, to_end=True))

    def action_last(self) -> None:
        self.post_message(self.Turned(1, to_end=True, cursor=-1))

    def on_click(self, event: events.Click) -> None:
        row = event.y - self.gutter.top - _HEADING
        if not 0 <= row < len(self.shown.jobs):
            return
        if row == self.cursor and event.chain > 1:
            self.action_open()
        self.cursor = row

    def on_mouse_scroll_down(self) -> None:
        self.action_move(1)

    def on_mouse_scroll_up(self) -> None:
        self.action_move(-1)

    def _draw(self) -> None:
        width = self.content_size.width
        if not width:
            return
        layout = layout_for(width, self.columns)
        shown = self.shown
        self.show(
            [
                heading_line(layout, width, shown.sort, shown.is_reversed),
                *(
                    job_line(
                        job,
                        shown.curves.get(job.id, ()),
                        shown.now,
                        layout,
                        width,
                        is_current=row == self.cursor,
                        has_focus=self.has_focus,
                        is_marked=job.id in self.marked,
                    )
                    for row, job in enumerate(shown.jobs)
                ),
            ]
        )


def _state_of(job: Job | None) -> object:
    """Return what of a job decides which keys apply."""
    return None if job is None else (job.id, job.status, job.desired)
