"""What a runner printed, with its end in view until a person looks elsewhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.strip import Strip

from vapor_tui.domain.text import printable
from vapor_tui.ui.widgets.lines import Line, Span, fitted, strip_of

if TYPE_CHECKING:
    from vapor_tui.storage.logs import LogLine

KEPT_LINES = 10_000


@dataclass(frozen=True, slots=True)
class KeptLog:
    """The latest lines of a log, and how many before them were dropped."""

    lines: tuple[Line, ...] = ()
    dropped: int = 0

    def with_more(self, fresh: Sequence[Line]) -> KeptLog:
        """Return the log with lines at its end, and without the oldest where it gets too long."""
        lines = (*self.lines, *fresh)
        over = max(len(lines) - KEPT_LINES, 0)
        return KeptLog(lines[over:], self.dropped + over)


class LogPanel(ScrollView, can_focus=True):
    """A job's log, drawn by line, so that its length costs nothing."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    LogPanel { height: 1fr; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", show=False, id="log.down", tooltip="Scroll down"),
        Binding("k", "scroll_up", "Up", show=False, id="log.up", tooltip="Scroll up"),
        Binding("g", "scroll_home", "Start", show=False, id="log.home", tooltip="Go to the start"),
        Binding("G", "scroll_end", "End", show=False, id="log.end", tooltip="Go to the end"),
    ]

    log_kept: var[KeptLog] = var(KeptLog, init=False)
    sought: var[str] = var("", init=False)
    """What is looked for, in any case of its letters."""
    match: var[int | None] = var(None, init=False)
    """Number of the line that was found, counted from the first that ever was."""

    class Moved(Message):
        """Other lines are in view, or there are more of them."""

    @property
    def lines(self) -> tuple[Line, ...]:
        return self.log_kept.lines

    @property
    def follows(self) -> bool:
        """Whether the end is in view, and stays so."""
        return not self.content_size or self.scroll_offset.y >= self.max_scroll_y

    @property
    def matches(self) -> list[int]:
        """Numbers of the lines with what is looked for, oldest first."""
        sought = self.sought.casefold()
        if not sought:
            return []
        dropped = self.log_kept.dropped
        return [n for n, line in enumerate(self.lines, dropped) if sought in _text(line).casefold()]

    def watch_log_kept(self, before: KeptLog, after: KeptLog) -> None:
        follows = self.follows
        first = int(self.scroll_offset.y)
        self.virtual_size = Size(self.content_size.width, len(after.lines))
        dropped = after.dropped - before.dropped
        if follows:
            self.scroll_end(animate=False)
        elif dropped:
            # What is read stays in its place while lines go above it.
            self.scroll_to(y=max(first - dropped, 0), animate=False)
        if dropped or len(before.lines) < first + self.content_size.height:
            self.refresh(Region(0, 0, *self.content_size))
        self.post_message(self.Moved())

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self.post_message(self.Moved())

    def watch_sought(self) -> None:
        found = self.matches
        self.match = None
        if found:
            self.go_to(found[-1])
        self.post_message(self.Moved())
        self.refresh()

    def watch_match(self) -> None:
        self.refresh()

    def step_match(self, direction: int) -> None:
        """Go to the next line with what is looked for, or to the one before; round at the ends."""
        found = self.matches
        if not found:
            return
        if self.match is None or self.match not in found:
            self.go_to(found[-1])
        else:
            self.go_to(found[(found.index(self.match) + direction) % len(found)])

    def go_to(self, number: int) -> None:
        """Bring a line into view and mark it."""
        self.match = number
        row, height = number - self.log_kept.dropped, self.content_size.height
        first = int(self.scroll_offset.y)
        if not first <= row < first + height:
            self.scroll_to(y=max(row - height // 2, 0), animate=False)
        self.post_message(self.Moved())

    def on_show(self) -> None:
        self.scroll_end(animate=False)

    def render_line(self, y: int) -> Strip:
        row = y + int(self.scroll_offset.y)
        line = self.lines[row] if row < len(self.lines) else ()
        if self.sought:
            is_match = row + self.log_kept.dropped == self.match
            line = highlighted(line, self.sought, is_match=is_match)
        return strip_of(self, fitted(line, self.content_size.width))


def highlighted(line: Line, sought: str, *, is_match: bool) -> Line:
    """Return a line with all that is looked for marked; bold and reversed where one is."""
    style = "bold reverse" if is_match else "underline"
    pattern = re.compile(f"({re.escape(sought)})", re.IGNORECASE)
    spans: list[Span] = []
    for text, own in line:
        parts = pattern.split(text)
        spans += [(part, f"{style} accent" if n % 2 else own) for n, part in enumerate(parts)]
    return tuple(span for span in spans if span[0])


def _text(line: Line) -> str:
    return "".join(text for text, _ in line)


def log_lines(lines: Sequence[LogLine], zone: tzinfo | None) -> list[Line]:
    """Return lines of a log with the time of day of each."""
    return [
        (
            (f"{datetime.fromtimestamp(line.at, zone):%H:%M:%S}  ", "dim"),
            (printable(line.text), "foreground"),
        )
        for line in lines
    ]
