"""Terminals that are dragged to every size: nothing crashes, and nothing is forgotten."""

from __future__ import annotations

import pytest

from tests.ui.tour import STOPS, AddJob, Stop, standing_at
from vapor_tui.services.workspace import Workspace

SIZES = ((1, 1), (10, 3), (59, 17), (250, 80), (60, 18), (1, 40), (200, 1), (80, 24))

SCROLLED = ("plans", "search")
"""What shows other rows, or less of a line, than before: the cursor is where it was."""


@pytest.mark.parametrize("stop", STOPS, ids=str)
async def test_a_screen_is_the_same_after_every_size(
    workspace: Workspace, add_job: AddJob, stop: Stop
) -> None:
    async with standing_at(stop, workspace, add_job) as app:
        before, focused, shown = app.app.screen, app.app.focused, app.text
        for size in SIZES:
            await app.pilot.resize_terminal(*size)
            await app.pilot.pause()
            # The palette is Textual's and has room in less.
            if size == (59, 17) and stop.name != "palette":
                await app.sees(f"this terminal is {size[0]} x {size[1]}")
        await app.pilot.resize_terminal(120, 40)
        await app.sees(stop.shows)
        assert app.app.screen is before
        assert app.app.focused is focused
        if stop.name not in SCROLLED:
            await app.until(lambda: app.text == shown)
