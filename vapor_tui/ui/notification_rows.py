"""A notification as one line of a table, and in full."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from vapor_tui.domain.formats import age
from vapor_tui.domain.text import printable
from vapor_tui.ui.glyphs import CURSOR, SIMULATED_SHORT
from vapor_tui.ui.widgets.lines import Line, fitted, joined, line_width, spread
from vapor_tui.ui.wrapping import wrapped

if TYPE_CHECKING:
    from vapor_tui.domain.notifications import Notification

UNREAD = "●"
_CURSOR_WIDTH = 2
_ROOMY = 100
"""From so many cells on, columns stand apart and names are written out."""
_PRIORITIES = {"high": ("! high", "bold status-failed"), "low": ("low", "dim")}
"""Words and style of a priority; the usual one needs none."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, how wide it is (0 takes the rest), and what it shows."""

    title: str
    width: int
    show: Callable[[Notification, datetime], Line]


def _mark(note: Notification, _now: datetime) -> Line:
    return ((" " if note.read else UNREAD, "accent"),)


def _number(note: Notification, _now: datetime) -> Line:
    return ((str(note.id), "dim"),)


def _priority(note: Notification, _now: datetime) -> Line:
    return (_PRIORITIES.get(note.priority, ("", "")),)


def _title(note: Notification, _now: datetime) -> Line:
    return ((printable(note.title), "foreground" if note.read else "bold foreground"),)


def _message(note: Notification, _now: datetime) -> Line:
    return ((printable(note.message), "dim" if note.read else "foreground"),)


def _job(note: Notification, _now: datetime) -> Line:
    return () if note.job_id is None else ((f"#{note.job_id}", "dim"),)


def _named_job(note: Notification, now: datetime) -> Line:
    if note.job_name is None:
        return _job(note, now)
    return (*_job(note, now), (f" {printable(note.job_name)}", "foreground"))


def _simulated(note: Notification, _now: datetime) -> Line:
    return ((SIMULATED_SHORT, "dim"),) if note.simulated else ()


def _age(note: Notification, now: datetime) -> Line:
    return ((f"{age(note.created_at, now):>4}", "dim"),)


_UNREAD = Column("", 1, _mark)
_PRIORITY = Column("priority", 8, _priority)
_MESSAGE = Column("message", 0, _message)
_SIMULATED = Column("", 3, _simulated)
_AGE = Column(" age", 4, _age)

_LAYOUTS = (
    (
        150,
        (
            _UNREAD,
            Column("no.", 5, _number),
            _PRIORITY,
            Column("title", 28, _title),
            _MESSAGE,
            Column("job", 26, _named_job),
            _SIMULATED,
            _AGE,
        ),
    ),
    (
        110,
        (
            _UNREAD,
            _PRIORITY,
            Column("title", 27, _title),
            _MESSAGE,
            Column("job", 18, _named_job),
            _SIMULATED,
            _AGE,
        ),
    ),
    (
        76,
        (_UNREAD, _PRIORITY, Column("title", 27, _title), _MESSAGE, _SIMULATED, _AGE),
    ),
    (0, (_UNREAD, _PRIORITY, Column("title", 0, _title), _SIMULATED, _AGE)),
)
"""From so many cells on, these columns."""


def heading_line(width: int) -> Line:
    """Return the line of headings."""
    return ((" " * _CURSOR_WIDTH, ""), *_row(width, lambda column: ((column.title, "dim"),)))


def notification_line(
    note: Notification, now: datetime, width: int, *, is_current: bool, has_focus: bool
) -> Line:
    """Return a notification's line, marked when the cursor is on it."""
    mark = f"{CURSOR} " if is_current else " " * _CURSOR_WIDTH
    line: Line = ((mark, "bold accent"), *_row(width, lambda column: column.show(note, now)))
    if not (is_current and has_focus):
        return line
    return tuple((text, f"{style} on block-cursor-background".strip()) for text, style in line)


def full_lines(note: Notification, now: datetime, width: int, height: int) -> list[Line]:
    """Return what a notification says, as far as it goes into a title and `height` - 1 lines.

    Its time is that of the zone of `now`.
    """
    moment, has_room = note.created_at.astimezone(now.tzinfo), width >= _ROOMY
    when: Line = ((f"{moment:%d %b %Y %H:%M}" if has_room else f"{moment:%d %b %H:%M}", "dim"),)
    title = joined(
        [
            ((printable(note.title), "bold foreground"),),
            _named_job(note, now) if has_room else _job(note, now),
            (("simulated", "dim"),) if note.simulated and has_room else _simulated(note, now),
        ]
    )
    text = wrapped(printable(note.message), max(width, 10), max(height - 1, 1))
    return [spread(title, when, width), *(((part, "foreground"),) for part in text)]


def _row(width: int, show: Callable[[Column], Line]) -> Line:
    columns = next(columns for least, columns in _LAYOUTS if width >= least)
    gap: Line = ((" " * (2 if width >= _ROOMY else 1), ""),)
    fixed = sum(column.width for column in columns) + line_width(gap) * (len(columns) - 1)
    rest = max(width - _CURSOR_WIDTH - fixed, 1)
    line: Line = ()
    for column in columns:
        line += (*(gap if line else ()), *fitted(show(column), column.width or rest))
    return fitted(line, max(width - _CURSOR_WIDTH, 0))
