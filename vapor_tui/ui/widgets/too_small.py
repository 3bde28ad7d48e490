"""What is shown in a terminal that is too small for the screens."""

from __future__ import annotations

from textual import events
from textual.geometry import Size
from textual.widget import Widget
from textual.widgets import Static

SMALLEST = Size(60, 18)


class TooSmall(Static):
    """Says how large the terminal must be and is; styles show it in place of everything else.

    What is hidden loses the focus: it is given back here, on every screen and dialog.
    """

    DEFAULT_CSS = """
    TooSmall { width: 100%; height: 100%; content-align: center middle; text-align: center; }
    """

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._had_focus: Widget | None = None

    def on_mount(self) -> None:
        self._describe(self.app.size)
        self.watch(self.screen, "focused", self._note_focus)

    def on_hide(self) -> None:
        self.call_after_refresh(self._give_focus_back)

    def _note_focus(self, focused: Widget | None) -> None:
        if not self._is_needed:
            self._had_focus = focused

    def _give_focus_back(self) -> None:
        widget = self._had_focus
        if not self._is_needed and widget is not None and widget.is_attached:
            self.screen.set_focus(widget)

    @property
    def _is_needed(self) -> bool:
        return any(self.screen.has_class(name) for name in ("-too-narrow", "-too-low"))

    def on_resize(self, _event: events.Resize) -> None:
        self._describe(self.app.size)

    def _describe(self, size: Size) -> None:
        needed = f"{SMALLEST.width} x {SMALLEST.height}"
        self.update(f"vapor-tui needs {needed},\nthis terminal is {size.width} x {size.height}")
