"""The app: opens the backend after the first frame, and lets screens come and go."""

from __future__ import annotations

import asyncio
import gc
import importlib
import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, on, work
from textual.actions import SkipAction
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.css.query import NoMatches
from textual.geometry import Size
from textual.screen import Screen

from vapor_tui.ui import themes
from vapor_tui.ui.backend import Backend, mendable
from vapor_tui.ui.clipboard import has_selection
from vapor_tui.ui.commands import JobCommands, commands_of, export_commands, theme_commands
from vapor_tui.ui.ending import SignalledEnding
from vapor_tui.ui.following import local_now
from vapor_tui.ui.keys_in_turn import KeysInTurn
from vapor_tui.ui.leaving import Leaving
from vapor_tui.ui.messages import (
    BackendFailed,
    BackendOpened,
    JobsGlanced,
    KeysKnown,
    ReadingEnded,
    ReadingProgressed,
)
from vapor_tui.ui.navigating import NavigatingApp
from vapor_tui.ui.own_keys import OwnKeys
from vapor_tui.ui.readings import Readings
from vapor_tui.ui.screens.jobs import JobsScreen
from vapor_tui.ui.widgets.key_line import ALWAYS
from vapor_tui.ui.widgets.too_small import SMALLEST, TooSmall

if TYPE_CHECKING:
    from vapor_tui.config import Preferences
    from vapor_tui.services.overview import Overview

log = logging.getLogger(__name__)

REFRESH_SECONDS = 1.0
"""How often screens look for what is new."""
CLOSE_SECONDS = 0.9
"""What is not handed back by then is taken over by another worker later."""
WIDTHS = [(0, "-too-narrow"), (60, "-w60"), (80, "-w80"), (120, "-w120"), (160, "-w160")]
HEIGHTS = [(0, "-too-low"), (18, "-h18"), (24, "-h24"), (36, "-h36")]
"""Names of the sizes that the styles know, each from so many cells on."""


class VaporApp(NavigatingApp):
    """The terminal app. `clock` tells the time, in the zone to show it in; tests freeze it."""

    TITLE = "vapor"
    # The first screen's own styles too: Textual loads those of pushed screens only.
    CSS_PATH: ClassVar[Any] = ["app.tcss", "screens/jobs.tcss"]
    COMMANDS: ClassVar[Any] = App.COMMANDS | {JobCommands}
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "question_mark",
            "help",
            "help",
            id="app.help",
            tooltip="Show every key of this screen",
            group=ALWAYS,
        ),
        Binding("1", "jobs", "jobs", show=False, id="app.jobs", tooltip="Go to the list of jobs"),
        Binding(
            "2",
            "datasets",
            "datasets",
            show=False,
            id="app.datasets",
            tooltip="Go to the datasets",
        ),
        Binding(
            "3",
            "notifications",
            "notifications",
            show=False,
            id="app.notifications",
            tooltip="Read what you were told of your jobs",
        ),
        Binding("ctrl+q", "quit", "quit", show=False, priority=True, id="app.quit", tooltip="Quit"),
        Binding(
            "ctrl+c",
            "help_quit",
            "quit",
            show=False,
            system=True,
            priority=True,
            id="app.interrupt",
            tooltip="Copy what is selected; twice where nothing is: quit",
        ),
    ]

    def __init__(
        self,
        backend: Backend,
        *,
        clock: Callable[[], datetime] = local_now,
        refresh_seconds: float | None = None,
        preferences: Preferences | None = None,
        start: Callable[[VaporApp], None] | None = None,
        owns_process: bool = False,
        ascii_only: bool = False,
        directory: Path | None = None,
    ) -> None:
        """`start` is called once when the backend is open, to go where the person wants to be.

        A key that leads elsewhere before that takes its place.

        `directory` is where runs are looked for without being asked.

        With `owns_process` a signal ends the process even where the terminal blocks the app.
        Raises ConfigError for a preferred theme or key that there is not.
        """
        preferred_seconds = preferences.refresh_seconds if preferences else REFRESH_SECONDS
        super().__init__(
            backend,
            clock=clock,
            refresh_seconds=refresh_seconds or preferred_seconds,
            ascii_only=ascii_only,
            directory=directory,
        )
        self._leaving = Leaving(self)
        self._turns = KeysInTurn(self)
        self.readings = Readings(self)
        self._preferences = preferences
        self._start = None if start is None else partial(start, self)
        self._owns_process = owns_process
        if preferences is not None and preferences.theme is not None:
            self.theme = themes.checked(preferences.theme, self.available_themes)
        self._keys = OwnKeys(self, preferences.keys if preferences else {})

    @property
    def preferences(self) -> Preferences:
        """What the person prefers."""
        if self._preferences is None:
            from vapor_tui.config import Preferences  # pydantic: not before the first frame

            self._preferences = Preferences()
        return self._preferences

    def get_default_screen(self) -> Screen[Any]:
        if self._preferences is None:
            return JobsScreen()
        listed = self._preferences.jobs
        return JobsScreen(columns=listed.columns, sort=listed.sort)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.InputEvent | events.Paste) and not self.screen_stack:
            return  # it was typed while the app was being left
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
        elif self._turns.admits(event):
            target = self.focused or self.screen
            await super().on_event(event)
            self._turns.follow(event, target)

    # Coming and going

    def on_mount(self) -> None:
        self._keys.bind_known()
        self._ending = SignalledEnding(self._leave_on_signal, owns_process=self._owns_process)
        self._ending.heed()
        self.screen_change_signal.subscribe(self, self._guard_size)
        self._guard_size(self.screen)
        self.call_after_refresh(self.open_backend)

    async def on_unmount(self) -> None:
        self._ending.restore()
        await self.readings.close()
        try:
            await asyncio.wait_for(self.backend.close(), CLOSE_SECONDS)
        except TimeoutError:
            log.warning("left before everything was handed back")

    def _leave_on_signal(self, code: int) -> None:
        self.exit(return_code=code)

    def _handle_exception(self, error: Exception) -> None:
        if self._exit and isinstance(error, NoMatches):
            # A screen that was still being made when the app was left has lost its children.
            log.info("left while a screen was being made: %s", error)
            return
        log.error("the app ends because of a bug", exc_info=error)
        super()._handle_exception(error)

    # The backend

    def open_backend(self) -> None:
        """Open the database, once more if it failed before."""
        self._open()

    @work(group="backend", exclusive=True)
    async def _open(self) -> None:
        try:
            await self._glance()
            await self._open_and_import()
        finally:
            _collect_garbage()

    async def _glance(self) -> None:
        """Let the newest jobs be seen before the rest is imported, which slows drawing down."""
        home = self.home
        if home.wants_glance and (jobs := await self.backend.glance(home.table.room)):
            drawn = asyncio.Event()
            home.post_message(JobsGlanced(jobs))
            home.call_after_refresh(drawn.set)
            await drawn.wait()

    async def _open_and_import(self) -> None:
        try:
            await self.backend.open()
        except mendable() as error:
            from vapor_tui.domain.catalogue import CatalogueError

            is_of_catalogue = isinstance(error, CatalogueError)
            self.post_message(BackendFailed(str(error), is_of_catalogue=is_of_catalogue))
            return
        self.post_message(BackendOpened())
        # What draws the charts is slow to import: have it ready before a monitor is opened.
        await asyncio.to_thread(importlib.import_module, "vapor_tui.ui.screens.monitor")
        await self._keys.read_all()

    @on(BackendOpened)
    def _begin(self) -> None:
        self.home.opened()
        self.follow()
        if self._start is not None:
            start, self._start = self._start, None
            start()

    @on(KeysKnown)
    def _bind_all_keys(self, message: KeysKnown) -> None:
        self._keys.take(message)

    @on(BackendFailed)
    def _tell_failure(self, message: BackendFailed) -> None:
        self.home.failed(message)

    # What happens meanwhile

    def watch_overview(self, overview: Overview) -> None:
        from vapor_tui.ui.toasts import MOST_AT_ONCE, show_toasts, toasts_of

        watched = getattr(self.screen, "job_id", None)
        most = MOST_AT_ONCE if self.has_room_for_toasts else 1
        toasts = toasts_of(overview.news, watched, overview.news_count, most=most)
        show_toasts(self, toasts, with_bell=self.preferences.bell)

    @on(ReadingProgressed)
    @on(ReadingEnded)
    def _tell_of_reading(self, message: ReadingProgressed | ReadingEnded) -> None:
        if self.screen_stack:
            self.readings.take(message)

    # What is there from everywhere

    def action_help(self) -> None:
        from vapor_tui.ui.screens.help import HelpScreen

        self.push_screen(HelpScreen.of(self.screen))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        yield from commands_of(screen)
        yield from export_commands(screen)
        yield from theme_commands(self)

    async def action_quit(self) -> None:
        self._leaving.leave()

    def action_help_quit(self) -> None:
        """Take a ctrl+c, behind dialogs too, unless there is something to copy."""
        if has_selection(self.screen):
            raise SkipAction
        self._leaving.interrupt()

    # Too small a terminal

    def on_resize(self, event: events.Resize) -> None:
        self._guard_size(self.screen, event.size)

    def _guard_size(self, screen: Screen[Any], size: Size | None = None) -> None:
        """Give a screen the panel that stands in for it where it has no room."""
        width, height = size or self.size
        has_room = width >= SMALLEST.width and height >= SMALLEST.height
        if has_room or not screen.is_attached or not screen.is_running:
            return
        if not screen.query(TooSmall):
            screen.mount(TooSmall())


def create_app(
    backend: Backend,
    *,
    job_id: int | None = None,
    configure: Mapping[str, Any] | None = None,
    clock: Callable[[], datetime] = local_now,
    refresh_seconds: float | None = None,
    preferences: Preferences | None = None,
    owns_process: bool = False,
    ascii_only: bool = False,
    directory: Path | None = None,
) -> VaporApp:
    """Return the app, to open on the list of jobs, on a job's monitor, or on a new job.

    `configure` opens a new job, filled with what ConfigureScreen takes; what is None there
    is chosen as usual. `refresh_seconds` goes before the preferred ones. Raises ConfigError for
    a preferred theme or key that there is not.
    """

    def start(app: VaporApp) -> None:
        if job_id is not None:
            app.open_monitor(job_id)
        elif configure is not None:
            app.open_configure(**configure)

    return VaporApp(
        backend,
        clock=clock,
        refresh_seconds=refresh_seconds,
        preferences=preferences,
        start=start,
        owns_process=owns_process,
        ascii_only=ascii_only,
        directory=directory,
    )


def _collect_garbage() -> None:
    """Collect it from now on, but never look through what is imported and stays.

    That took up to 30 ms at a time, in which no key was answered.
    """
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
