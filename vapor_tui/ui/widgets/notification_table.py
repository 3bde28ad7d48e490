"""The table of notifications: one page of rows, of which only what changes is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import var

from vapor_tui.ui.notification_rows import heading_line, notification_line
from vapor_tui.ui.widgets.lines import LinesView

if TYPE_CHECKING:
    from vapor_tui.domain.notifications import Notification

_HEADING = 1
_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class ShownNotifications:
    """A page of notifications at one moment."""

    notifications: tuple[Notification, ...] = ()
    now: datetime = _EPOCH


class NotificationTable(LinesView, can_focus=True):
    """Rows with a cursor that stays on its notification. What it shows is set from outside."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter",
            "open",
            "open job",
            id="notifications.open",
            tooltip="Watch the job that this tells of",
        ),
        Binding(
            "down,j",
            "move(1)",
            "Down",
            show=False,
            id="notifications.down",
            tooltip="Go to the next notification",
        ),
        Binding(
            "up,k",
            "move(-1)",
            "Up",
            show=False,
            id="notifications.up",
            tooltip="Go to the notification before",
        ),
        Binding(
            "pagedown,ctrl+f,right",
            "turn(1)",
            "Next page",
            show=False,
            id="notifications.next_page",
            tooltip="Go to the next page",
        ),
        Binding(
            "pageup,ctrl+b,left",
            "turn(-1)",
            "Previous page",
            show=False,
            id="notifications.previous_page",
            tooltip="Go to the page before",
        ),
        Binding(
            "g,home",
            "first",
            "First",
            show=False,
            id="notifications.first",
            tooltip="Go to the newest notification",
        ),
        Binding(
            "G,end",
            "last",
            "Last",
            show=False,
            id="notifications.last",
            tooltip="Go to the oldest notification",
        ),
    ]

    DEFAULT_CSS = """
    NotificationTable { height: 1fr; padding: 0 1; }
    """

    shown: var[ShownNotifications] = var(ShownNotifications(), init=False)
    cursor: var[int] = var(0, init=False)

    class Opened(Message):
        """What a notification tells of is to be shown."""

        def __init__(self, note: Notification) -> None:
            super().__init__()
            self.note = note

    class Highlighted(Message):
        """The cursor is on another notification, or on what became of it; None on none."""

        def __init__(self, note: Notification | None) -> None:
            super().__init__()
            self.note = note

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
        """How many notifications fit."""
        return max(self.content_size.height - _HEADING, 1)

    @property
    def note(self) -> Notification | None:
        """The notification under the cursor."""
        notes = self.shown.notifications
        return notes[self.cursor] if 0 <= self.cursor < len(notes) else None

    def on_resize(self, _event: events.Resize) -> None:
        self._draw()
        self.post_message(self.RoomChanged(self.rows))

    def on_focus(self) -> None:
        self._draw()

    def on_blur(self) -> None:
        self._draw()

    def watch_shown(self, before: ShownNotifications, after: ShownNotifications) -> None:
        notes = before.notifications
        note = notes[self.cursor] if self.cursor < len(notes) else None
        places = {shown.id: row for row, shown in enumerate(after.notifications)}
        row = self.cursor if note is None else places.get(note.id, self.cursor)
        self.set_reactive(NotificationTable.cursor, self.validate_cursor(row))
        self._draw()
        if note != self.note:
            self.post_message(self.Highlighted(self.note))

    def validate_cursor(self, cursor: int) -> int:
        return min(max(cursor, 0), max(len(self.shown.notifications) - 1, 0))

    def watch_cursor(self) -> None:
        self._draw()
        self.post_message(self.Highlighted(self.note))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "open":
            return self.note is not None and self.note.job_id is not None
        return self.note is not None

    def action_open(self) -> None:
        if self.note is not None:
            self.post_message(self.Opened(self.note))

    def action_move(self, rows: int) -> None:
        wanted = self.cursor + rows
        if wanted < 0:
            self.post_message(self.Turned(-1, cursor=-1))
        elif wanted >= len(self.shown.notifications):
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
        if not 0 <= row < len(self.shown.notifications):
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
        rows = (
            notification_line(
                note,
                self.shown.now,
                width,
                is_current=row == self.cursor,
                has_focus=self.has_focus,
            )
            for row, note in enumerate(self.shown.notifications)
        )
        self.show([heading_line(width), *rows])
