"""How screens end: once, and only while they are in front."""

from __future__ import annotations

from typing import TypeVar

from textual import events, on
from textual.screen import ModalScreen, Screen

ResultT = TypeVar("ResultT")


class FinishingScreen(Screen[ResultT]):
    """Ends by `finish`. Textual's `dismiss` takes away whatever is in front.

    A key that is pressed twice comes here after the screen has gone, and an answer may come
    while a dialog or the palette is in front.
    """

    _kept: tuple[ResultT | None] | None = None
    """The result that the screen is to end with as soon as it is in front."""

    @property
    def is_changed(self) -> bool:
        """Whether anything that a person entered would be lost by leaving."""
        return False

    def finish(self, result: ResultT | None = None) -> None:
        """End with a result if this is in front; else nothing is meant by it."""
        if self.is_active:
            self.dismiss(result)

    async def action_dismiss(self, result: ResultT | None = None) -> None:
        self.finish(result)

    def finish_in_front(self, result: ResultT) -> None:
        """End with a result, as soon as nothing is in front."""
        self._kept = (result,)
        self._finish_with_kept()

    @on(events.ScreenResume)
    def _finish_with_kept(self) -> None:
        if self._kept is not None:
            self.finish(*self._kept)


class DialogScreen(ModalScreen[ResultT], FinishingScreen[ResultT]):
    """A dialog over another screen."""
