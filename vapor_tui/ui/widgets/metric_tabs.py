"""The metrics of a run in a line, the one that is shown marked."""

from __future__ import annotations

from textual import events
from textual.message import Message

from vapor_tui.ui.chart_lines import tabs_line
from vapor_tui.ui.widgets.lines import LinesView


class MetricTabs(LinesView):
    """Tells which metric was clicked."""

    class Chosen(Message):
        def __init__(self, metric: str) -> None:
            super().__init__()
            self.metric = metric

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._places: list[tuple[int, int, str]] = []

    def tell(self, metric: str, present: frozenset[str]) -> None:
        """Show a metric as chosen, and which were logged."""
        line, self._places = tabs_line(metric, present)
        self.show([line])

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        for start, end, metric in self._places:
            if start <= offset.x < end:
                self.post_message(self.Chosen(metric))
