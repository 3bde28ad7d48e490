"""In which order the jobs are listed."""

from __future__ import annotations

from collections.abc import Mapping

from vapor_tui.ui.glyphs import MARK
from vapor_tui.ui.screens.pick import PickScreen
from vapor_tui.ui.widgets.pick_list import PickRow

SORTED_BY: Mapping[str, tuple[str, str]] = {
    "newest": ("the newest first", "the oldest first"),
    "oldest": ("the oldest first", "the newest first"),
    "name": ("from A to Z", "from Z to A"),
    "status": ("from A to Z", "from Z to A"),
    "model": ("from A to Z", "from Z to A"),
    "progress": ("the furthest first", "the least far first"),
    "loss": ("the lowest first", "the highest first"),
    "left": ("the first to end first", "the last to end first"),
    "cost": ("the dearest first", "the cheapest first"),
    "age": ("the youngest first", "the oldest first"),
    "duration": ("the longest first", "the shortest first"),
}
"""What each order puts first, and what reversed, by the word of a `Sort`."""


def sort_screen(sort: str, is_reversed: bool) -> PickScreen:
    """Return a list of the orders, with the present one under the cursor."""

    def search(query: str) -> list[PickRow]:
        return [
            PickRow(name, (MARK if name == sort else " ", name, _says(name, sort, is_reversed)))
            for name in SORTED_BY
            if query.lower() in name
        ]

    return PickScreen(
        "Sort by", search, picked=sort, placeholder="type to search; the same again reverses"
    )


def _says(name: str, sort: str, is_reversed: bool) -> str:
    if name != sort:
        return SORTED_BY[name][0]
    now, then = SORTED_BY[name][is_reversed], SORTED_BY[name][not is_reversed]
    return f"now {now}; again: {then}"
