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
from vapor_tui.ui.screens.base import VaporScreen
from vapor_tui.ui.widgets.lines import FittedLines, Line, joined, spread
from vapor_tui.ui.widgets.message_panel import MessagePanel
from vapor_tui.ui.widgets.notification_table import NotificationTable
from vapor_tui.ui.widgets.paged_table import ShownPage

if TYPE_CHECKING:
    from vapor_tui.domain.notifications import Notification, NotificationPage
    from vapor_tui.services.export_files import ExportTable
    from vapor_tui.services.overview import Overview

_STATES = ("-reading", "-empty", "-listing")
_SECONDS_SHOWN = timedelta(seconds=62)
"""An age is shown in seconds for so long, and a look more."""


class NotificationsScreen(VaporScreen[None]):
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

    page: var[int] = var(1, init=False)
    unread_only: var[bool] = var(False, init=False)
    state: var[str] = var(_STATES[0])

    def __init__(self) -> None:
        super().__init__()
        self._answered: NotificationPage | None = None
        self._request = 0
        self._is_stale = True
        self._cursor_wanted: int | None = None
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

    def on_screen_resume(self) -> None:
        if self._is_stale:
            self._ask()

    # What is asked for

    def _ask(self) -> None:
        if not self.vapor.backend.is_open:
            return
        self._is_stale = not self.is_seen
        if not self._is_stale:
            self._request += 1
            self._read(self._request)

    @work(group="list", exclusive=True)
    async def _read(self, request: int) -> None:
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
        if message.request != self._request:
            return
        page = self._answered = message.page
        self.set_reactive(NotificationsScreen.page, page.page)
        table = self.table
        table.shown = ShownPage(tuple(page.notifications), self.vapor.clock())
        if self._cursor_wanted is not None:
            table.cursor = self._cursor_wanted % max(len(page.notifications), 1)
            self._cursor_wanted = None
        if not page.notifications:
            panel = self.query_one(MessagePanel)
            panel.notice = NOTHING_UNREAD if self.unread_only else NO_NOTIFICATIONS
        self.state = "-listing" if page.notifications else "-empty"
        self._describe()
        self.refresh_bindings()

    def watch_state(self, state: str) -> None:
        self.set_class(True, state)
        self.remove_class(*(other for other in _STATES if other != state))

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
            self._ask()

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

    @on(NotificationTable.RoomChanged)
    def _fill_room(self) -> None:
        self._ask()

    # What a person does

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if not self.query(NotificationTable):
            return False  # not composed yet
        match action:
            case "mark":
                return self.table.row is not None
            case "mark_all":
                return self.state == "-listing"
            case "filter":
                return self.state == "-listing" or self.unread_only
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
        self._ask()

    @on(NotificationTable.Opened)
    def _open(self, message: NotificationTable.Opened) -> None:
        note = message.note
        if not note.read:
            self._mark([note], read=True)
        if note.job_id is not None:
            self.vapor.open_monitor(note.job_id)

    @on(NotificationTable.Turned)
    def _turn(self, message: NotificationTable.Turned) -> None:
        if self._answered is None:
            return
        last = self._answered.total_pages
        wanted = self.page + message.pages
        if message.to_end:
            wanted = last if message.pages > 0 else 1
        wanted = min(max(wanted, 1), last)
        if wanted != self.page:
            self._cursor_wanted = message.cursor
            self.page = wanted
        elif message.to_end:
            self.table.cursor = message.cursor % max(len(self.table.shown.rows), 1)

    @on(MessagePanel.Chosen)
    async def _choose(self, message: MessagePanel.Chosen) -> None:
        await self.app.run_action(message.action, self)

    def watch_page(self) -> None:
        self._ask()

    def watch_unread_only(self) -> None:
        self._cursor_wanted = 0
        self.set_reactive(NotificationsScreen.page, 1)
        self._ask()


def _listed_line(page: NotificationPage, unread_only: bool, width: int) -> Line:
    """Return the line that says which notifications are listed, and how many there are."""
    shown: Line = (("show ", "dim"), ("unread" if unread_only else "all", "foreground"))
    many = "1 notification" if page.total == 1 else f"{page.total:,} notifications"
    where = f"page {page.page} of {page.total_pages}, " if page.total_pages > 1 else ""
    return spread(joined([shown]), ((f"{where}{many}", "dim"),), width)
