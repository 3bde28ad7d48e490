"""One page of rows that come from the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TypeVar

from textual import events
from textual.binding import Binding
from textual.message import Message
from textual.reactive import var

from vapor_tui.ui.widgets.cursor_view import movement_key
from vapor_tui.ui.widgets.row_table import RowTable, row_keys

_EPOCH = datetime.fromtimestamp(0, UTC)


class Numbered(Protocol):
    """A row that keeps its number whatever becomes of it."""

    @property
    def id(self) -> int: ...


NumberedT = TypeVar("NumberedT", bound=Numbered)


@dataclass(frozen=True, slots=True)
class ShownPage(Generic[NumberedT]):
    """A page of rows at one moment."""

    rows: tuple[NumberedT, ...] = ()
    now: datetime = _EPOCH


ShownT = TypeVar("ShownT", bound=ShownPage[Any])


class PagedTable(RowTable[NumberedT], Generic[NumberedT, ShownT]):
    """Rows with a cursor that stays on its row. What it shows is set from outside."""

    shown: var[ShownT]

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

    @property
    def listed(self) -> Sequence[NumberedT]:
        return self.shown.rows

    def state_of(self, row: NumberedT | None) -> object:
        """Return what of a row matters to the screen, which is told when it changes."""
        return row

    def on_resize(self, _event: events.Resize) -> None:
        self.post_message(self.RoomChanged())

    def watch_shown(self, before: ShownT, after: ShownT) -> None:
        old = before.rows[self.cursor] if self.cursor < len(before.rows) else None
        places = {row.id: place for place, row in enumerate(after.rows)}
        place = self.cursor if old is None else places.get(old.id, self.cursor)
        self.set_reactive(PagedTable.cursor, self.validate_cursor(place))
        self.draw()
        if self.state_of(old) != self.state_of(self.row):
            self.post_message(self.Highlighted())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.row is not None

    def action_move(self, rows: int) -> None:
        wanted = self.cursor + rows
        if wanted < 0:
            self.post_message(self.Turned(-1, cursor=-1))
        elif wanted >= self.count:
            self.post_message(self.Turned(1))
        else:
            self.cursor = wanted

    def action_turn(self, pages: int) -> None:
        self.post_message(self.Turned(pages, cursor=self.cursor))

    def action_first(self) -> None:
        # At once: the key after this one may act on the row under the cursor.
        self.cursor = 0
        self.post_message(self.Turned(-1, to_end=True))

    def action_last(self) -> None:
        self.cursor = self.count - 1
        self.post_message(self.Turned(1, to_end=True, cursor=-1))


def paging_keys(
    table: str, row: str, *, first: str = "first", last: str = "last"
) -> tuple[Binding, ...]:
    """Return the keys of a table, see `row_keys`, with those that go to other pages."""
    return row_keys(
        table,
        row,
        movement_key(
            f"{table}.next_page",
            "pagedown,ctrl+f,right",
            "turn(1)",
            "Next page",
            "Go to the next page",
        ),
        movement_key(
            f"{table}.previous_page",
            "pageup,ctrl+b,left",
            "turn(-1)",
            "Previous page",
            "Go to the page before",
        ),
        first=first,
        last=last,
    )
