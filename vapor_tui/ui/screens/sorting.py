"""In which order the jobs are listed."""

from __future__ import annotations

from vapor_tui.domain.orders import SORTED_BY
from vapor_tui.ui.glyphs import MARK
from vapor_tui.ui.screens.pick import PickScreen
from vapor_tui.ui.widgets.pick_list import PickRow


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
