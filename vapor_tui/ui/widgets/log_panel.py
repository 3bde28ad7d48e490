"""What a runner printed, with its end in view until a person looks elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.strip import Strip

from vapor_tui.domain.text import printable
from vapor_tui.ui.widgets.lines import Line, fitted, strip_of

if TYPE_CHECKING:
    from vapor_tui.storage.logs import LogLine


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

    lines: var[tuple[Line, ...]] = var((), init=False)

    def watch_lines(self, before: tuple[Line, ...], after: tuple[Line, ...]) -> None:
        follows = not self.content_size or self.scroll_offset.y >= self.max_scroll_y
        self.virtual_size = Size(self.content_size.width, len(after))
        first = int(self.scroll_offset.y)
        if len(before) < first + self.content_size.height:
            self.refresh(Region(0, 0, *self.content_size))
        if follows:
            self.scroll_end(animate=False)

    def on_show(self) -> None:
        self.scroll_end(animate=False)

    def render_line(self, y: int) -> Strip:
        row = y + int(self.scroll_offset.y)
        line = self.lines[row] if row < len(self.lines) else ()
        return strip_of(self, fitted(line, self.content_size.width))


def log_lines(lines: Sequence[LogLine], zone: tzinfo | None) -> list[Line]:
    """Return lines of a log with the time of day of each."""
    return [
        (
            (f"{datetime.fromtimestamp(line.at, zone):%H:%M:%S}  ", "dim"),
            (printable(line.text), "foreground"),
        )
        for line in lines
    ]
