"""A job's log with a line below it: whether it is followed, and a field to search in."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input

from vapor_tui.domain.formats import count
from vapor_tui.ui.widgets.lines import Line, LinesView, joined
from vapor_tui.ui.widgets.log_panel import LogPanel
from vapor_tui.ui.widgets.plain_input import PlainInput


class LogSearch(PlainInput):
    """Where one types what is looked for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(-1)", "earlier", id="log.earlier", tooltip="Go to the match before"),
        Binding("down", "step(1)", "later", id="log.later", tooltip="Go to the next match"),
        Binding("escape", "leave", "end search", id="log.leave_search", tooltip="Search no longer"),
    ]

    class Stepped(Message):
        """Another match is wanted."""

        def __init__(self, direction: int) -> None:
            super().__init__()
            self.direction = direction

    class Left(Message):
        """The search is over."""

    def action_step(self, direction: int) -> None:
        self.post_message(self.Stepped(direction))

    def action_leave(self) -> None:
        self.post_message(self.Left())


class LogView(Vertical):
    """Searches from the latest line upwards."""

    DEFAULT_CSS = """
    LogView { height: 1fr; }
    LogView Horizontal { height: 1; }
    LogView LogSearch { width: 30; margin-right: 3; background: $panel; }
    """

    def compose(self) -> ComposeResult:
        yield LogPanel()
        with Horizontal():
            search = LogSearch(placeholder="search the log")
            search.display = False
            yield search
            yield LinesView()

    @property
    def panel(self) -> LogPanel:
        return self.query_one(LogPanel)

    def start_search(self) -> None:
        """Put the cursor into the search field."""
        search = self.query_one(LogSearch)
        search.display = True
        self.screen.set_focus(search)  # at once, whatever is typed next
        self._describe()

    @on(Input.Changed)
    def _search(self, event: Input.Changed) -> None:
        event.stop()
        self.panel.sought = event.value

    @on(Input.Submitted)
    def _search_on(self, event: Input.Submitted) -> None:
        event.stop()
        self.panel.step_match(-1)

    @on(LogSearch.Stepped)
    def _step(self, message: LogSearch.Stepped) -> None:
        self.panel.step_match(message.direction)

    @on(LogSearch.Left)
    def _end_search(self) -> None:
        search = self.query_one(LogSearch)
        search.value = ""
        self.screen.set_focus(self.panel)
        search.display = False
        self._describe()

    @on(LogPanel.Moved)
    def _describe(self) -> None:
        panel, line = self.panel, self.query_one(LinesView)
        lines = f"{count(len(panel.lines))} line{'s' * (len(panel.lines) != 1)}"
        state = "following" if panel.follows else "looking back"
        parts: list[Line] = [((state, "dim"),), ((lines, "dim"),)]
        if panel.sought:
            found = panel.matches
            place = found.index(panel.match) + 1 if panel.match in found else 0
            words = f"match {count(place)} of {count(len(found))}" if found else "no match"
            parts.insert(0, ((words, "foreground" if found else "status-paused"),))
        elif not panel.follows:
            parts.append((("G follows", "dim"),))
        line.show([joined(parts)])

    def on_resize(self, _event: events.Resize) -> None:
        self._describe()
