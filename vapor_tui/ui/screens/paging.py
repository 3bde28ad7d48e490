"""What the screens have in common that list things page by page."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.reactive import var
from textual.worker import Worker

from vapor_tui.ui.keys_in_turn import OPENS
from vapor_tui.ui.paging import Page
from vapor_tui.ui.screens.base import VaporScreen
from vapor_tui.ui.screens.finishing import ResultT
from vapor_tui.ui.widgets.message_panel import MessagePanel, Notice
from vapor_tui.ui.widgets.paged_table import PagedTable
from vapor_tui.ui.widgets.search_bar import SearchBar

LISTING = "-listing"
"""The state of a screen that has rows to show."""


class PagingScreen(VaporScreen[ResultT]):
    """A table, or a message in its place, below a line that says what is listed.

    Nothing is asked for while it cannot be seen, and only the answer to the last request counts.
    """

    STATES: ClassVar[tuple[str, ...]]
    """What can be shown, as classes for the styles; the first one until there is an answer."""

    page: var[int] = var(1, init=False)
    state: var[str]

    def __init__(self) -> None:
        super().__init__()
        self.row_wanted: int | None = None
        """The number of a row to put the cursor on as soon as it is listed."""
        self._row_asked: int | None = None
        """The row that was wanted at the last request."""
        self._cursor_wanted: int | None = None
        self._pages = 0
        """How many there are; 0 until there is an answer."""
        self._request = 0
        self._reading: Worker[Any] | None = None
        self._is_turning = False
        """Whether a page was turned to whose rows are not shown yet."""
        self._is_stale = True

    @property
    def table(self) -> PagedTable[Any, Any]:
        raise NotImplementedError

    def read_page(self, request: int) -> Worker[Any]:
        """Read in the background, and post what was found with the number of the request."""
        raise NotImplementedError

    def on_screen_resume(self) -> None:
        if self._is_stale or self.row_wanted is not None:
            self.ask()

    # Asking and answering

    def ask(self) -> None:
        """Ask for the page that is wanted, as soon as it can be seen."""
        if not self.vapor.backend.is_open:
            return
        self._request += 1  # unseen as well: an answer that is under way is out of date
        self._is_stale = not self.is_seen
        if not self._is_stale:
            self._row_asked = self.row_wanted
            self._reading = self.read_page(self._request)
            if self._is_turning:
                self._reading.name = OPENS  # the next key is meant for a row of that page

    def ask_from_start(self) -> None:
        """Ask for the first page, as something else is to be listed."""
        self._cursor_wanted = 0
        if self.page != 1:
            self.page = 1
        else:
            self.ask()
        self.refresh_bindings()

    def is_wanted(self, page: Page, request: int) -> bool:
        """Say whether an answer is to be shown; if it is past the last page, ask for that."""
        if request != self._request:
            return False
        if page.page > page.total_pages:
            self.page = page.total_pages
            return False
        self._pages = page.total_pages
        # The page of a row that was wanted is known only now; nothing is to be read for it.
        self.set_reactive(PagingScreen.page, page.page)
        return True

    def put_cursor(self) -> None:
        """Put the cursor where it is wanted among the rows that are shown now."""
        table = self.table
        places = {row.id: place for place, row in enumerate(table.listed)}
        if self.row_wanted in places:
            table.cursor = places[self.row_wanted]
        elif self._cursor_wanted is not None:
            table.cursor = self._cursor_wanted % max(table.count, 1)
        if self.row_wanted in places or self.row_wanted == self._row_asked:
            self.row_wanted = None  # else it is wanted since, and the next answer has it
        self._cursor_wanted = None
        self._is_turning = False

    def settle(self, state: str, notice: Notice | None = None) -> None:
        """Show the rows, or a message in their place."""
        if notice is not None:
            self.query_one(MessagePanel).notice = notice
        self.state = state
        if self.focused is None:
            # A table that was hidden has lost the focus.
            self.call_after_refresh(self.table.focus)

    def watch_page(self) -> None:
        self.ask()

    def watch_state(self, state: str) -> None:
        self.set_class(True, state)
        self.remove_class(*(other for other in self.STATES if other != state))
        self.refresh_bindings()

    # What a person does

    @on(PagedTable.RoomChanged)
    def _fill_room(self) -> None:
        self.ask()

    @on(PagedTable.Turned)
    def _turn(self, message: PagedTable.Turned) -> None:
        if not self._pages or (self._has_page_under_way and not message.to_end):
            return  # the wheel goes on turning meanwhile; keys wait
        wanted = self.page + message.pages
        if message.to_end:
            wanted = self._pages if message.pages > 0 else 1
        wanted = min(max(wanted, 1), self._pages)
        if wanted != self.page:
            self._cursor_wanted = message.cursor
            self._is_turning = True
            self.page = wanted
        elif message.to_end:
            self.table.cursor = message.cursor % max(self.table.count, 1)

    @property
    def _has_page_under_way(self) -> bool:
        reading = self._reading
        return self._is_turning and reading is not None and not reading.is_finished

    @on(SearchBar.Changed)
    def _list_anew(self) -> None:
        self.ask_from_start()

    @on(SearchBar.Left)
    def _go_to_table(self) -> None:
        self.table.focus()

    @on(MessagePanel.Chosen)
    async def _choose(self, message: MessagePanel.Chosen) -> None:
        await self.app.run_action(message.action, self)
