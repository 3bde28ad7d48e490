"""The first line of a screen: where one is, what runs, what is new, the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.reactive import var

from vapor_tui.ui.glyphs import CURSOR
from vapor_tui.ui.sight import is_seen
from vapor_tui.ui.widgets.lines import GAP, Line, LinesView, joined, line_width, spread

if TYPE_CHECKING:
    from vapor_tui.services.overview import Overview


class HeaderLine(LinesView):
    """A breadcrumb at the left, counts and the clock at the right; trouble in a second line.

    It follows the app's `overview`, `minute` and `trouble`.
    """

    DEFAULT_CSS = """
    HeaderLine { dock: top; height: auto; padding: 0 1; background: $surface; }
    """

    crumbs: var[tuple[str, ...]] = var((), init=False)
    """Safe to show; the last one is the present place."""

    def __init__(self, *crumbs: str, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.set_reactive(HeaderLine.crumbs, crumbs)
        self._news = range(0)
        """The cells where it says how much is unread."""

    def on_mount(self) -> None:
        for name in ("overview", "minute", "trouble"):
            self.watch(self.app, name, self._compose_lines, init=False)
        self.app.screen_change_signal.subscribe(self, self._compose_lines)
        self._compose_lines()

    def on_resize(self, _event: events.Resize) -> None:
        self._compose_lines()

    async def on_click(self, event: events.Click) -> None:
        if event.y == 0 and event.x - self.gutter.left in self._news:
            await self.app.run_action("app.notifications")

    def watch_crumbs(self) -> None:
        self._compose_lines()

    def _compose_lines(self, _changed: object = None) -> None:
        app, width = self.app, self.room
        if width <= 0 or not is_seen(self.screen):
            return
        overview: Overview | None = getattr(app, "overview", None)
        time: Line = ((getattr(app, "minute", ""), "dim"),)
        right = joined([*counts(overview), time])
        left = self._breadcrumb()
        if line_width(left) + line_width(right) + 2 > width:
            right = joined([*counts(overview)[-1:], time])
        self._news = _news_cells(overview, time, width)
        lines = [spread(left, right, width)]
        if trouble := getattr(app, "trouble", None):
            lines.append(((f"! {trouble}", "bold status-failed"),))
        self.show(lines)

    def _breadcrumb(self) -> Line:
        line: Line = (("vapor", "bold accent"), ("  ", ""))
        for index, crumb in enumerate(self.crumbs):
            is_last = index == len(self.crumbs) - 1
            line += ((crumb, "bold foreground" if is_last else "dim"),)
            if not is_last:
                line += ((f" {CURSOR} ", "faint"),)
        return line


def _news_cells(overview: Overview | None, time: Line, width: int) -> range:
    """Return where the count of what is unread stands: before the time, at the right end."""
    if overview is None or not overview.unread:
        return range(0)
    end = width - line_width(time) - len(GAP)
    return range(end - line_width(counts(overview)[-1]), end)


def counts(overview: Overview | None) -> list[Line]:
    """Return how much runs, waits and is unread, without what there is none of."""
    if overview is None:
        return []
    found: list[Line] = []
    active: list[Line] = []
    if overview.running:
        active.append(((f"{overview.running} running", "status-running"),))
    if overview.queued:
        active.append(((f"{overview.queued} queued", "status-queued"),))
    if active:
        found.append(joined(active, "  "))
    if overview.unread:
        found.append(((f"{overview.unread} new", "foreground"),))
    return found
