"""What a field needs to know of the things that can be picked for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vapor_tui.ui.widgets.pick_list import PickRow


class Picker(Protocol):
    """A kind of thing of which one is picked, each known by a key."""

    @property
    def title(self) -> str:
        """What stands over the list."""

    def rows(self, query: str) -> Sequence[PickRow]:
        """Return the entries that match what was typed."""

    def neighbour(self, key: str, direction: int) -> str | None:
        """Return the key after (1) or before (-1) this one; None where there is nothing."""

    def facts(self, key: str) -> str:
        """Return what is said beside the picked one."""


def beside(keys: Sequence[str], key: str, direction: int) -> str | None:
    """Return the neighbour in a list of keys, the first one for a key that is not in it."""
    if key not in keys:
        return keys[0] if keys else None
    return keys[min(max(keys.index(key) + direction, 0), len(keys) - 1)]
