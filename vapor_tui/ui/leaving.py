"""Leaving the app from wherever one is: asked about where something would be lost."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from vapor_tui.ui.screens.confirm import Answer, ConfirmScreen

if TYPE_CHECKING:
    from vapor_tui.ui.app import VaporApp

AGAIN_SECONDS = 2.0
"""Within so long a second ctrl+c means it."""


class Leaving:
    """What an app remembers of being asked to quit."""

    def __init__(self, app: VaporApp) -> None:
        self._app = app
        self._interrupted_at: float | None = None
        self._is_asking = False

    def interrupt(self) -> None:
        """Take a ctrl+c, which many press to copy: the first one only says how to leave."""
        now, before = monotonic(), self._interrupted_at
        self._interrupted_at = now
        if before is not None and now - before <= AGAIN_SECONDS:
            self.leave()
        elif not self._is_asking:
            self._app.notify("Press ctrl+c again to quit", timeout=AGAIN_SECONDS)

    def leave(self) -> None:
        """Leave now, or once a person has agreed to lose what was entered."""
        screens = self._app.screen_stack
        if not any(getattr(screen, "is_changed", False) for screen in screens):
            self._app.exit()
        elif not self._is_asking:
            self._is_asking = True
            question = ConfirmScreen(
                "Quit?",
                "What was entered here is not kept.",
                [Answer("y", "Quit", "quit", is_dangerous=True)],
            )
            self._app.push_screen(question, self._answered)

    def _answered(self, answer: str | None) -> None:
        self._is_asking = False
        if answer:
            self._app.exit()
