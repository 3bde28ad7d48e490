"""Opens the configuration screen for tests and reads what stands on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeVar

from textual import events
from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Static

from vapor_tui.services.workspace import Workspace
from vapor_tui.ui.app import VaporApp
from vapor_tui.ui.backend import Backend
from vapor_tui.ui.screens.configure import ConfigureScreen
from vapor_tui.ui.widgets.cost_panel import READING, CostPanel
from vapor_tui.ui.widgets.form_field import FormField
from vapor_tui.ui.widgets.pick_field import PickControl
from vapor_tui.ui.widgets.plain_input import PlainInput

NOON = datetime(2026, 1, 2, 12, 0, tzinfo=UTC)
PATIENCE = 1000
"""Hundredths of a second after which something that should come is given up."""

ScreenT = TypeVar("ScreenT", bound=Screen[Any])


class Form:
    """The screen with a keyboard before it."""

    def __init__(self, pilot: Pilot[None], results: list[int | None]) -> None:
        self.pilot = pilot
        self.app = pilot.app
        self.results = results
        """What the screen was dismissed with."""

    @property
    def screen(self) -> ConfigureScreen:
        return self.top(ConfigureScreen)

    def top(self, kind: type[ScreenT]) -> ScreenT:
        screen = self.app.screen
        assert isinstance(screen, kind), screen
        return screen

    def field(self, key: str) -> FormField:
        return self.app.screen_stack[1].query_one(f"#field-{key}", FormField)

    def shown(self, key: str) -> str:
        """What stands in a field."""
        control = self.field(key).control
        return control.value if isinstance(control, PlainInput | PickControl) else ""

    def panel(self) -> list[str]:
        """The lines of the cost panel with runs of spaces as one."""
        lines = self.app.screen_stack[1].query_one(CostPanel).plain.splitlines()
        return [" ".join(line.split()) for line in lines]

    def stop_blinking(self) -> None:
        for box in self.app.screen.query(PlainInput):
            box.cursor_blink = False

    def says(self, selector: str) -> str:
        return str(self.app.screen_stack[1].query_one(selector, Static).render())

    async def fill(self, key: str, text: str) -> None:
        """Replace what stands in a field, all at once: pressing key by key takes its time."""
        box = self.field(key).control
        assert isinstance(box, PlainInput)
        if not box.has_focus:
            box.focus()
            await self.pilot.pause()
        box.action_select_all()
        if text:
            box.post_message(events.Paste(text))
            await self.pilot.pause()
        else:
            await self.pilot.press("delete")

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for something that a thread brings about."""
        for _ in range(PATIENCE):
            if holds():
                await self.pilot.pause()
                return
            await asyncio.sleep(0.01)
        raise AssertionError("it did not come to pass")


@asynccontextmanager
async def opened(
    workspace: Workspace, size: tuple[int, int] = (80, 24), **filled: Any
) -> AsyncIterator[Form]:
    """Open the screen over the app's first one, with the datasets and past runs read."""
    results: list[int | None] = []
    async with frozen_app(workspace, results, **filled).run_test(size=size) as pilot:
        yield await settled(pilot, results)


def frozen_app(
    workspace: Workspace, results: list[int | None] | None = None, **filled: Any
) -> VaporApp:
    """Return the app on the screen, with a clock that stands."""
    left = results if results is not None else []

    def start(app: VaporApp) -> None:
        screen = ConfigureScreen(**filled)
        screen.reading_delay = 0
        app.push_screen(screen, left.append)

    backend = Backend(workspace.database.path, owner=workspace.owner, runs_worker=False)
    return VaporApp(backend, clock=lambda: NOON, start=start)


async def settled(pilot: Pilot[None], results: list[int | None] | None = None) -> Form:
    """Return the form once the datasets and past runs are read."""
    form = Form(pilot, results if results is not None else [])
    await form.until(lambda: is_ready(form.app))
    return form


def is_ready(app: App[None]) -> bool:
    """Say whether the screen is open, and the datasets and past runs are read."""
    if len(app.screen_stack) < 2:
        return False
    panels = app.screen_stack[1].query(CostPanel).results(CostPanel)
    if any(panel.past_runs.note == READING for panel in panels):
        return False
    controls = app.screen_stack[1].query("#field-dataset PickControl").results(PickControl)
    return any(control.placeholder == "none" for control in controls)
