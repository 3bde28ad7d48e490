"""Lines that show several things side by side or below each other, with a cursor on one."""

from __future__ import annotations

from textual import events
from textual.binding import Binding
from textual.reactive import var

from vapor_tui.ui.widgets.lines import LinesView


class CursorView(LinesView, can_focus=True):
    """Draws itself again wherever its cursor goes. Subclasses say what there is, and where."""

    cursor: var[int] = var(0, init=False)

    @property
    def count(self) -> int:
        """How many things the cursor can be on."""
        raise NotImplementedError

    def draw(self) -> None:
        """Show what there is in the room that there is."""
        raise NotImplementedError

    def place_at(self, x: int, y: int) -> int | None:
        """Return which thing is drawn at a cell, counted from inside the padding."""
        raise NotImplementedError

    def wheel(self, lines: int) -> None:
        """Go on as the mouse's wheel was turned."""
        raise NotImplementedError

    def action_open(self) -> None:
        """Choose what the cursor is on."""
        raise NotImplementedError

    def on_resize(self, _event: events.Resize) -> None:
        self.draw()

    def on_focus(self) -> None:
        self.draw()

    def on_blur(self) -> None:
        self.draw()

    def validate_cursor(self, cursor: int) -> int:
        return min(max(cursor, 0), max(self.count - 1, 0))

    def watch_cursor(self) -> None:
        self.draw()

    def on_click(self, event: events.Click) -> None:
        place = self.place_at(event.x - self.gutter.left, event.y - self.gutter.top)
        if place is None:
            return
        if place == self.cursor and event.chain > 1:
            self.action_open()
        self.cursor = place

    def on_mouse_scroll_down(self) -> None:
        self.wheel(1)

    def on_mouse_scroll_up(self) -> None:
        self.wheel(-1)


def movement_key(id: str, keys: str, action: str, description: str, tooltip: str) -> Binding:
    """Return a key that is known without being told in the last line of the screen."""
    return Binding(keys, action, description, show=False, id=id, tooltip=tooltip)
