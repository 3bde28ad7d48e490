"""Whether a screen can be seen: what cannot be seen is neither asked for nor drawn."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen


def is_seen(screen: Screen[Any]) -> bool:
    """Say whether a screen is in front, or shows through the dialogs in front of it.

    Textual's own `is_current` is true as well for what lies hidden beneath an opaque screen,
    and drawing there makes it draw the whole of the screen above again.
    """
    stack = screen.app.screen_stack
    if screen not in stack:
        return False
    return all(above.is_modal for above in stack[stack.index(screen) + 1 :])
