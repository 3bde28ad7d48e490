"""A notification as one line of a table, and in full."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from vapor_tui.domain.formats import age
from vapor_tui.domain.text import printable
from vapor_tui.ui.glyphs import SIMULATED_SHORT
from vapor_tui.ui.table_rows import Column, Layout
from vapor_tui.ui.widgets.lines import Line, joined, spread
from vapor_tui.ui.wrapping import wrapped

if TYPE_CHECKING:
    from vapor_tui.domain.notifications import Notification

UNREAD = "●"
_ROOMY = 100
"""From so many cells on, columns stand apart and names are written out."""
_PRIORITIES = {"high": ("! high", "bold status-failed"), "low": ("low", "dim")}
"""Words and style of a priority; the usual one needs none."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell is made from."""

    note: Notification
    now: datetime


def _mark(cell: Cell) -> Line:
    return ((" " if cell.note.read else UNREAD, "accent"),)


def _number(cell: Cell) -> Line:
    return ((str(cell.note.id), "dim"),)


def _priority(cell: Cell) -> Line:
    return (_PRIORITIES.get(cell.note.priority, ("", "")),)


def _title(cell: Cell) -> Line:
    style = "foreground" if cell.note.read else "bold foreground"
    return ((printable(cell.note.title), style),)


def _message(cell: Cell) -> Line:
    return ((printable(cell.note.message), "dim" if cell.note.read else "foreground"),)


def _job(cell: Cell) -> Line:
    return () if cell.note.job_id is None else ((f"#{cell.note.job_id}", "dim"),)


def _named_job(cell: Cell) -> Line:
    name = cell.note.job_name
    return _job(cell) if name is None else (*_job(cell), (f" {printable(name)}", "foreground"))


def _simulated(cell: Cell) -> Line:
    return ((SIMULATED_SHORT, "dim"),) if cell.note.simulated else ()


def _age(cell: Cell) -> Line:
    return ((f"{age(cell.note.created_at, cell.now):>4}", "dim"),)


_UNREAD = Column("", 1, _mark)
_NUMBER = Column("no.", 5, _number)
_PRIORITY = Column("priority", 8, _priority)
_TITLE = Column("title", 27, _title)
_MESSAGE = Column("message", 0, _message)
_SIMULATED = Column("", 3, _simulated)
_AGE = Column(" age", 4, _age)

_LARGE = (_UNREAD, _NUMBER, _PRIORITY, Column("title", 28, _title), _MESSAGE)
_MIDDLE = (_UNREAD, _PRIORITY, _TITLE, _MESSAGE)
_SMALL = (_UNREAD, _PRIORITY, Column("title", 0, _title))

LAYOUTS = (
    Layout(150, 2, (*_LARGE, Column("job", 26, _named_job), _SIMULATED, _AGE)),
    Layout(110, 2, (*_MIDDLE, Column("job", 18, _named_job), _SIMULATED, _AGE)),
    Layout(_ROOMY, 2, (*_MIDDLE, _SIMULATED, _AGE)),
    Layout(76, 1, (*_MIDDLE, _SIMULATED, _AGE)),
    Layout(0, 1, (*_SMALL, _SIMULATED, _AGE)),
)


def full_lines(note: Notification, now: datetime, width: int, height: int) -> list[Line]:
    """Return what a notification says, as far as it goes into a title and `height` - 1 lines.

    Its time is that of the zone of `now`.
    """
    cell, has_room = Cell(note, now), width >= _ROOMY
    moment = note.created_at.astimezone(now.tzinfo)
    when: Line = ((f"{moment:%d %b %Y %H:%M}" if has_room else f"{moment:%d %b %H:%M}", "dim"),)
    title = joined(
        [
            ((printable(note.title), "bold foreground"),),
            _named_job(cell) if has_room else _job(cell),
            (("simulated", "dim"),) if note.simulated and has_room else _simulated(cell),
        ]
    )
    text = wrapped(printable(note.message), max(width, 10), max(height - 1, 1))
    return [spread(title, when, width), *(((part, "foreground"),) for part in text)]
