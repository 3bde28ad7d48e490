"""What a person was told of their jobs, newest first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.reactive import var

from vapor_tui.ui.messages import NotificationsMarked, NotificationsRead
from vapor_tui.ui.notices import NO_NOTIFICATIONS, NOTHING_UNREAD
from vapor_tui.ui.notification_rows import full_lines
from vapor_tui.ui.paging import place_text
from vapor_tui.ui.screens.paging import LISTING, PagingScreen
from vapor_tui.ui.widgets.lines import FittedLines, Line, spread
from vapor_tui.ui.widgets.message_panel import MessagePanel
from vapor_tui.ui.widgets.notification_table import NotificationTable
from vapor_tui.ui.widgets.paged_table import ShownPage

if TYPE_CHECKING:
    from vapor_tui.domain.notifications import Notification, NotificationPage
    from vapor_tui.services.export_files import ExportTable
    from vapor_tui.services.overview import Overview

_SECONDS_SHOWN = timedelta(seconds=62)
"""An age is shown in seconds for so long, and a look more."""


class NotificationsScreen(PagingScreen[None]):
    """A page of notifications that follows what happens; opening it marks none of them read."""

    CSS_PATH = "notifications.tcss"
    AUTO_FOCUS = "NotificationTable"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "u",
            "mark",
            "read/unread",
            id="notifications.mark",
            tooltip="Mark this notification as read, or as unread again",
        ),
        Binding(
            "U",
            "mark_all",
            "all read",
            id="notifications.mark_all",
            tooltip="Mark all notifications as read",
        ),
        Binding(
            "f",
            "filter",
            "unread/all",
            id="notifications.filter",
            tooltip="List only what is unread, or everything again",
        ),
        Binding(
            "escape",
            "clear",
            "all",
            show=False,
            id="notifications.clear",
            tooltip="List everything again",
        ),
        Binding(
            "escape",
            "back",
            "back",
            show=False,
            id="notifications.back",
            tooltip="Go back to the screen before",
        ),
    ]

    unread_only: var[bool] = var(False, init=False)
    STATES = ("-reading", "-empty", LISTING)
    state: var[str] = var(STATES[0])

    def __init__(self) -> None:
        super().__init__()
        self._answered: NotificationPage | None = None
        self._told: tuple[int, ...] = ()

    @property
    def crumbs(self) -> tuple[str, ...]:
        return ("Notifications",)

    @property
    def table(self) -> NotificationTable:
        return self.query_one(NotificationTable)

    def compose_body(self) -> ComposeResult:
        yield FittedLines(id="listed")
        yield NotificationTable()
        yield MessagePanel()
        yield FittedLines(id="full")

    def on_mount(self) -> None:
        self.watch(self.app, "overview", self._overview_changed)
        self.watch(self.app, "second", self._time_passed, init=False)

    # What is asked for

    @work(group="list", exclusive=True)
    async def read_page(self, request: int) -> None:
        from vapor_tui.services.notifications import notification_page

        page = await self.vapor.ask(
            notification_page,
            unread_only=self.unread_only,
            page=self.page,
            limit=self.table.room,
        )
        if page is not None:
            self.post_message(NotificationsRead(page, request))

    async def exported_table(self) -> ExportTable | None:
        from vapor_tui.services.exports import notification_table

        return await self.vapor.ask(notification_table, unread_only=self.unread_only)

    @on(NotificationsRead)
    def _show_page(self, message: NotificationsRead) -> None:
        page = message.answer
        if not self.is_wanted(page, message.request):
            return
        self._answered = page
        self.table.shown = ShownPage(tuple(page.notifications), self.vapor.clock())
        self.put_cursor()
        if page.notifications:
            self.settle(LISTING)
        else:
            self.settle("-empty", NOTHING_UNREAD if self.unread_only else NO_NOTIFICATIONS)
        self._describe()

    @on(FittedLines.Resized)
    def _describe(self) -> None:
        """Say what is listed, and what the notification under the cursor says in full."""
        page = self._answered
        if page is None:
            return
        listed, full = self.query_one("#listed", FittedLines), self.query_one("#full", FittedLines)
        listed.show([_listed_line(page, self.unread_only, listed.content_size.width)])
        note, size = self.table.row, full.content_size
        full.show(full_lines(note, self.vapor.clock(), size.width, size.height) if note else ())

    # What happens meanwhile

    def _overview_changed(self, overview: Overview | None) -> None:
        if overview is None:
            return
        told = (overview.latest_notification, overview.unread, overview.total)
        if told != self._told:
            self._told = told
            self.ask()

    def _time_passed(self) -> None:
        """Keep ages right: those below a minute change with every second."""
        shown, now = self.table.shown, self.vapor.second
        has_new_minute = shown.now.minute != now.minute
        newest = max((note.created_at for note in shown.rows), default=shown.now)
        if self.is_seen and (has_new_minute or now - newest < _SECONDS_SHOWN):
            self.table.shown = replace(shown, now=now)

    @on(NotificationTable.Highlighted)
    def _show_full(self) -> None:
        self._describe()
        self.refresh_bindings()

    # What a person does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.children:
            return False  # not composed yet
        match action:
            case "mark":
                return self.table.row is not None
            case "mark_all":
                return self.state == LISTING
            case "filter":
                return self.state == LISTING or self.unread_only
            case "clear":
                return self.unread_only
            case "back":
                return not self.unread_only
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        self.action_leave()

    def action_clear(self) -> None:
        self.unread_only = False

    def action_filter(self) -> None:
        self.unread_only = not self.unread_only

    def action_mark(self) -> None:
        if note := self.table.row:
            self._mark([note], read=not note.read)

    def action_mark_all(self) -> None:
        self._mark(None, read=True)

    @work(group="mark")
    async def _mark(self, notes: list[Notification] | None, *, read: bool) -> None:
        from vapor_tui.services.notifications import mark_read

        ids = None if notes is None else [note.id for note in notes]
        marked = await self.vapor.ask(mark_read, ids, read=read)
        if marked is not None:
            self.post_message(NotificationsMarked(marked, read=read))

    @on(NotificationsMarked)
    def _list_marked(self) -> None:
        self.ask()

    @on(NotificationTable.Opened)
    def _open(self, message: NotificationTable.Opened) -> None:
        if not self.is_active:
            return
        note = message.note
        if not note.read:
            self._mark([note], read=True)
        if note.job_id is not None:
            self.vapor.open_monitor(note.job_id)

    def watch_unread_only(self) -> None:
        self.ask_from_start()


def _listed_line(page: NotificationPage, unread_only: bool, width: int) -> Line:
    """Return the line that says which notifications are listed, and how many there are."""
    shown: Line = (("show ", "dim"), ("unread" if unread_only else "all", "foreground"))
    return spread(shown, ((place_text(page, "notification"), "dim"),), width)
