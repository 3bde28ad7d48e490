"""Toasts that leave what they lie on to be read: few, short, and gone when they are stale."""

from __future__ import annotations

import re
from typing import Any

from rich.cells import cell_len
from textual import on
from textual.actions import ActionParseResult
from textual.dom import DOMNode
from textual.notifications import Notification, Notify

from vapor_tui.ui.drawing import DrawingApp

ROOMY_WIDTH, ROOMY_HEIGHT = 120, 36
"""From so many cells on, more than one toast has room beside what is shown."""
_WIDEST, _SHARE, _FRAME = 60, 2, 3
"""A toast takes so many cells at most, this part of the screen, and some for its frame."""
_BETWEEN = re.compile(r"(?<=[/\\_.=-])")


class ToastingApp(DrawingApp):
    """Lets a newer toast take the older one's place where there is little room.

    A refusal is withdrawn by the next thing that is done.
    """

    NOTIFICATION_TIMEOUT = 4.0

    @property
    def has_room_for_toasts(self) -> bool:
        return self.size.width >= ROOMY_WIDTH and self.size.height >= ROOMY_HEIGHT

    def notify(self, message: str, **options: Any) -> None:
        room = min(_WIDEST, self.size.width // _SHARE) - _FRAME
        super().notify(folded(message, room), **options)

    @on(Notify)
    def _make_room(self) -> None:
        if not self.has_room_for_toasts:
            self.clear_notifications()

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Any = None,
    ) -> bool:
        for toast in list(self._notifications):
            if _is_refusal(toast):
                self._unnotify(toast)
        return await super().run_action(action, default_namespace, namespaces)


def folded(text: str, width: int) -> str:
    """Return a text whose long words, as paths, are broken between their parts."""
    return re.sub(r"\S+", lambda word: _broken(word[0], width), text)


def _broken(word: str, width: int) -> str:
    if cell_len(word) <= width:
        return word
    lines = [""]
    for part in _BETWEEN.split(word):
        if lines[-1] and cell_len(lines[-1] + part) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)


def _is_refusal(toast: Notification) -> bool:
    """Say whether a toast answers what was asked for; news have a title."""
    return toast.severity != "information" and not toast.title
