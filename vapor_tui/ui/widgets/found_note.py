"""Says quietly that runs were found in the present folder that nobody watches yet."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from textual import on, work

from vapor_tui.own_thread import in_own_thread
from vapor_tui.ui.messages import RunsFound
from vapor_tui.ui.widgets.lines import LinesView

if TYPE_CHECKING:
    from pathlib import Path

    from vapor_tui.services.attach import FoundRuns
    from vapor_tui.ui.app import VaporApp

DEPTH = 2
SECONDS = 0.5
_WAIT_SECONDS = 1.0
"""The list of jobs comes first."""


class FoundNote(LinesView):
    """Looks once, for a moment, off the event loop; without a finding it takes no room."""

    def look(self) -> None:
        """Look for runs where the app was told to."""
        directory = cast("VaporApp", self.app).directory
        if directory is not None:
            self._look_in(directory)

    @work(group="found", exclusive=True)
    async def _look_in(self, directory: Path) -> None:
        from vapor_tui.domain.results import Ok
        from vapor_tui.services.attach import discover, with_jobs

        app = cast("VaporApp", self.app)
        await asyncio.sleep(_WAIT_SECONDS)
        answer = await in_own_thread(discover, directory, DEPTH, SECONDS)
        if isinstance(answer, Ok) and (found := await app.ask(with_jobs, answer.value)):
            self.post_message(RunsFound(Ok(found)))

    @on(RunsFound)
    def _tell(self, message: RunsFound) -> None:
        from vapor_tui.domain.results import Ok

        if isinstance(message.answer, Ok):
            self.show(self._lines(message.answer.value))

    def _lines(self, found: FoundRuns) -> list[tuple[tuple[str, str], ...]]:
        now = cast("VaporApp", self.app).clock()
        others = [each for each in found.runs if each.job_id is None]
        if not others:
            return []
        live = sum(each.run.is_live(now) for each in others)
        runs = "1 run was" if len(others) == 1 else f"{len(others)} runs were"
        told = f", {live} of them live" if live and len(others) > 1 else ", live" if live else ""
        return [
            (
                (f"{runs} found in this folder{told}: ", "dim"),
                ("a", "bold accent"),
                (" watches one", "dim"),
            )
        ]
