"""The table of notifications: one page of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import var

from vapor_tui.ui.notification_rows import LAYOUTS, Cell
from vapor_tui.ui.table_rows import layout_for
from vapor_tui.ui.widgets.lines import Line
from vapor_tui.ui.widgets.paged_table import PagedTable, ShownPage, paging_keys

if TYPE_CHECKING:
    from vapor_tui.domain.notifications import Notification


class NotificationTable(PagedTable["Notification", ShownPage["Notification"]]):
    """Notifications, of which those of a job lead to it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter",
            "open",
            "open job",
            id="notifications.open",
            tooltip="Watch the job that this tells of",
        ),
        *paging_keys("notifications", "notification", first="newest", last="oldest"),
    ]

    shown: var[ShownPage[Notification]] = var(ShownPage(), init=False)

    class Opened(Message):
        """What a notification tells of is to be shown."""

        def __init__(self, note: Notification) -> None:
            super().__init__()
            self.note = note

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "open":
            return self.row is not None and self.row.job_id is not None
        return super().check_action(action, parameters)

    def action_open(self) -> None:
        if self.row is not None:
            self.post_message(self.Opened(self.row))

    def heading(self, width: int) -> Line:
        return layout_for(LAYOUTS, width).heading(width)

    def line(self, row: Notification, width: int, *, is_current: bool) -> Line:
        layout = layout_for(LAYOUTS, width)
        cell = Cell(row, self.shown.now)
        return layout.row(cell, width, is_current=is_current, has_focus=self.has_focus)
