"""Keys one after the other, as they may come many at a time over a slow line.

Textual hands a key to what has the focus when the app sees it. Where the key before is still
being handled, and is about to open a screen or a field, that is the wrong one: `/text` typed while
the line hung would search for nothing and have `t`, `e`, `x` and `t` do what they do in a list.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Any, TypeAlias

from textual import events
from textual.app import App, ScreenStackError
from textual.dom import DOMNode
from textual.message_pump import MessagePump
from textual.screen import Screen

log = logging.getLogger(__name__)

SETTLE_SECONDS = 1.0
"""What takes longer than this to handle its key is not waited for."""
OPENS = "opens"
"""Name of every Textual worker that reads in order to show another screen or page then."""

_LEAVING = ("ctrl+c", "ctrl+q")
"""Never have to wait."""
_LOOK_SECONDS = 0.005

Typed: TypeAlias = events.Key | events.Paste


class KeysInTurn:
    """Keeps what is typed until what was typed before has been handled, and its screen is there."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._waiting: deque[Typed] = deque()
        self._next: Typed | None = None
        """What was kept and is handed to the app again."""
        self._settling: asyncio.Task[None] | None = None

    def admits(self, event: Typed) -> bool:
        """Say whether it is this one's turn; else keep it, and post it to the app in its turn."""
        if _is_leaving(event):
            return True
        if self._settling is None or event is self._next:
            self._next = None
            return True
        self._waiting.append(event)
        return False

    def follow(self, event: Typed, target: DOMNode) -> None:
        """Let the next come when `target`, which was given this one, has done with it."""
        if not _is_leaving(event):
            self._settling = asyncio.create_task(self._settle(target))

    async def _settle(self, target: DOMNode) -> None:
        front = self._front
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                # A key rises from what has the focus to the app, by a queue each; after it, what
                # its action tells the screen.
                for _ in ("key", "message"):
                    for node in target.ancestors_with_self:
                        await _emptied(node)
                while self._is_opening:
                    await asyncio.sleep(_LOOK_SECONDS)
                await _emptied(self._app.screen)
                await _emptied(self._app)  # of what moves the focus
                if self._front != front:
                    await _drawn(self._app.screen)
                    await _emptied(self._app)
        except ScreenStackError:
            pass  # the app has been left
        except TimeoutError:
            log.info("a key took more than %s s to be handled", SETTLE_SECONDS)
            if self._is_opening:
                # It was meant for the screen that has not come, and could do harm on this one.
                self._waiting.clear()
        finally:
            self._let_next_come()

    @property
    def _front(self) -> tuple[DOMNode, DOMNode | None]:
        return self._app.screen, self._app.focused

    @property
    def _is_opening(self) -> bool:
        return any(each.name == OPENS and not each.is_finished for each in self._app.workers)

    def _let_next_come(self) -> None:
        if self._waiting:
            self._next = self._waiting.popleft()
            self._app.post_message(self._next)
        else:
            self._settling = None


def _is_leaving(event: Typed) -> bool:
    return isinstance(event, events.Key) and event.key in _LEAVING


async def _emptied(pump: MessagePump) -> None:
    """Wait until a queue has been worked off as far as it reaches now."""
    reached = asyncio.Event()
    if pump.is_running and pump.call_later(reached.set):
        await reached.wait()


async def _drawn(screen: Screen[Any]) -> None:
    drawn = asyncio.Event()
    if screen.call_after_refresh(drawn.set):
        await drawn.wait()
