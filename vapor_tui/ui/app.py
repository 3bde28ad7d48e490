"""The app: opens the backend after the first frame and holds what every screen shares."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, ParamSpec, TypeVar

from textual import events, on, work
from textual.actions import SkipAction
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.css.query import NoMatches
from textual.reactive import var
from textual.screen import Screen

from vapor_tui.domain.text import printable
from vapor_tui.ui import themes
from vapor_tui.ui.backend import Backend
from vapor_tui.ui.clipboard import has_selection
from vapor_tui.ui.commands import JobCommands, commands_of, export_commands, theme_commands
from vapor_tui.ui.drawing import DrawingApp
from vapor_tui.ui.ending import SignalledEnding
from vapor_tui.ui.going import go_to
from vapor_tui.ui.leaving import Leaving
from vapor_tui.ui.messages import (
    BackendFailed,
    BackendOpened,
    KeysKnown,
    OverviewRead,
    ReadingEnded,
    ReadingProgressed,
)
from vapor_tui.ui.readings import Readings
from vapor_tui.ui.screens.jobs import JobsScreen
from vapor_tui.ui.toasts import toasts_of
from vapor_tui.ui.widgets.key_line import ALWAYS
from vapor_tui.ui.widgets.too_small import TooSmall

if TYPE_CHECKING:
    from vapor_tui.config import Preferences
    from vapor_tui.services.overview import Overview
    from vapor_tui.services.workspace import Workspace

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

REFRESH_SECONDS = 1.0
"""How often screens look for what is new."""
FULL_READING_EVERY = 10
"""So many looks for what is new do not rely on something having been written."""
CLOSE_SECONDS = 0.9
"""What is not handed back by then is taken over by another worker later."""
WIDTHS = [(0, "-too-narrow"), (60, "-w60"), (80, "-w80"), (120, "-w120"), (160, "-w160")]
HEIGHTS = [(0, "-too-low"), (18, "-h18"), (24, "-h24"), (36, "-h36")]
"""Names of the sizes that the styles know, each from so many cells on."""


def local_now() -> datetime:
    return datetime.now().astimezone()


class VaporApp(DrawingApp):
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

    overview: var[Overview | None] = var(None, init=False)
    """Counts and news as last read; None until then."""
    second: var[datetime] = var(local_now, init=False)
    """The time as last looked at, about once a second."""
    minute: var[str] = var("", init=False)
    trouble: var[str | None] = var(None, init=False)
    """Why the database cannot be used at present, safe to show."""

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

        `directory` is where runs are looked for without being asked, nowhere without it.

        With `owns_process` a signal ends the process even where the terminal blocks the app.
        Raises ConfigError for a preferred theme or key that there is not.
        """
        super().__init__(ascii_only=ascii_only)
        self.backend = backend
        self._leaving = Leaving(self)
        self.readings = Readings(self)
        self.clock = clock
        self._preferences = preferences
        self.refresh_seconds = refresh_seconds or (
            preferences.refresh_seconds if preferences else REFRESH_SECONDS
        )
        self._start = start
        self._owns_process = owns_process
        self.directory = directory
        self._read_trouble: str | None = None
        self._is_reading = False
        self._readings = 0
        for theme in themes.THEMES:
            self.register_theme(theme)
        self.theme = themes.DEFAULT_THEME
        if preferences is not None:
            self._heed(preferences)

    def _heed(self, preferences: Preferences) -> None:
        """Take on what shows in the first frame."""
        if preferences.theme is not None:
            self.theme = themes.checked(preferences.theme, self.available_themes)
        if preferences.keys:
            from vapor_tui.ui.keymap import check_keys

            check_keys(preferences.keys)

    @property
    def preferences(self) -> Preferences:
        """What the person prefers."""
        if self._preferences is None:
            from vapor_tui.config import Preferences  # pydantic: not before the first frame

            self._preferences = Preferences()
        return self._preferences

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return themes.fallbacks(self.current_theme.dark)

    def get_default_screen(self) -> Screen[Any]:
        if self._preferences is None:
            return JobsScreen()
        listed = self._preferences.jobs
        return JobsScreen(columns=listed.columns, sort=listed.sort)

    @property
    def home(self) -> JobsScreen:
        """The first screen, beneath every other."""
        screen = self.screen_stack[0]
        assert isinstance(screen, JobsScreen)
        return screen

    # Coming and going

    def on_mount(self) -> None:
        self._tick()
        self._bind_own_keys()
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

    def _bind_own_keys(self) -> None:
        """Let the person's own keys apply to what is imported so far."""
        if self._preferences is not None and self._preferences.keys:
            from vapor_tui.ui.keymap import keymap

            self.set_keymap(dict(keymap(self._preferences.keys).keys))

    # The backend

    def open_backend(self) -> None:
        """Open the database, once more if it failed before."""
        self._open()

    @work(group="backend", exclusive=True)
    async def _open(self) -> None:
        try:
            await self.backend.open()
        except _mendable() as error:
            self.post_message(BackendFailed(str(error)))
            return
        self.post_message(BackendOpened())
        # What draws the charts is slow to import: have it ready before a monitor is opened.
        await asyncio.to_thread(importlib.import_module, "vapor_tui.ui.screens.monitor")
        if self.preferences.keys:
            from vapor_tui.ui.keymap import import_screens, keymap

            await asyncio.to_thread(import_screens)
            self.post_message(KeysKnown(keymap(self.preferences.keys)))

    @on(BackendOpened)
    def _begin(self) -> None:
        self.home.opened()
        self.set_interval(self.refresh_seconds, self._tick)
        self._tick()
        if self._start is not None:
            start, self._start = self._start, None
            start(self)

    @on(KeysKnown)
    def _bind_all_keys(self, message: KeysKnown) -> None:
        self.set_keymap(dict(message.keymap.keys))
        for clash in message.keymap.clashes:
            self.notify(f"Two meanings of {clash}", severity="warning", markup=False)

    @on(BackendFailed)
    def _tell_failure(self, message: BackendFailed) -> None:
        self.home.failed(message.reason)

    async def ask(
        self, service: Callable[Concatenate[Workspace, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T | None:
        """Call a service in a thread; None when the database cannot be used, which is shown."""
        try:
            answer = await self.backend.ask(service, *args, **kwargs)
        except _mendable() as error:
            self._read_trouble = printable(error)
            answer = None
        else:
            self._read_trouble = None
        worker_trouble = self.backend.trouble
        self.trouble = self._read_trouble or (worker_trouble and printable(worker_trouble))
        return answer

    # Once a second

    def _tick(self) -> None:
        self.second = self.clock()
        self.minute = self.second.strftime("%H:%M")
        if self.backend.is_open and not self._is_reading:
            # Until the answer is taken in: a second reading would bring the same news again.
            self._is_reading = True
            self._read_overview()

    @work(group="overview")
    async def _read_overview(self) -> None:
        from vapor_tui.services.overview import overview

        self._readings += 1
        anyway = self._readings % FULL_READING_EVERY == 0
        found = await self.ask(overview, self.overview, anyway=anyway, now=self.clock())
        self.post_message(OverviewRead(found))

    @on(OverviewRead)
    def _take_overview(self, message: OverviewRead) -> None:
        self._is_reading = False
        if message.overview is None or not self.screen_stack:
            return  # nothing new, or the app is being left
        self.overview = message.overview
        watched = getattr(self.screen, "job_id", None)
        toasts = toasts_of(message.overview.news, watched)
        if toasts and self.preferences.bell:
            self.bell()
        for toast in toasts:
            self.notify(
                toast.message,
                title=toast.title,
                severity=toast.severity,
                timeout=toast.seconds,
                markup=False,
            )

    @on(ReadingProgressed)
    @on(ReadingEnded)
    def _tell_of_reading(self, message: ReadingProgressed | ReadingEnded) -> None:
        if self.screen_stack:
            self.readings.take(message)

    # Where one can go

    def open_monitor(self, job_id: int) -> None:
        """Watch a job; a number that no job has is answered there."""
        from vapor_tui.ui.screens.monitor import MonitorScreen

        self.push_screen(MonitorScreen(job_id))

    def open_configure(self, **filled: Any) -> None:
        """Plan a job; `filled` is what ConfigureScreen takes."""
        from vapor_tui.ui.screens.configure import ConfigureScreen

        def planned(job_id: int | None) -> None:
            if job_id is not None:
                self.backend.wake_worker()
                self.home.stand_on(job_id)
                self.open_monitor(job_id)

        self.push_screen(ConfigureScreen(**filled), planned)

    def open_compare(self, job_ids: Sequence[int]) -> None:
        """Lay two to six jobs side by side; what cannot be compared is answered there."""
        from vapor_tui.ui.screens.compare import CompareScreen

        self.push_screen(CompareScreen(job_ids))

    def action_jobs(self) -> None:
        """Go back to the list, unless something that was entered would be lost."""
        while self.screen is not self.home:
            if getattr(self.screen, "is_changed", False):
                self.notify("Something was entered here: leave it with esc first")
                return
            self.pop_screen()

    def action_datasets(self) -> None:
        """List the datasets; a form that is left open for it takes the one that is chosen."""
        from vapor_tui.ui.screens.datasets import DatasetsScreen

        if not self.backend.is_open or isinstance(self.screen, DatasetsScreen):
            return
        take = getattr(self.screen, "take_dataset_id", None)
        self.push_screen(DatasetsScreen(chooses=take is not None), take)

    def action_notifications(self) -> None:
        from vapor_tui.ui.screens.notifications import NotificationsScreen

        go_to(self, NotificationsScreen)

    def open_attach(self) -> None:
        """Choose a run that was started elsewhere, and watch it."""
        from vapor_tui.ui.screens.attach import AttachScreen

        def chosen(job_id: int | None) -> None:
            if job_id is not None:
                self.backend.wake_worker()
                self.open_monitor(job_id)

        self.push_screen(AttachScreen(self.directory), chosen)

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

    def on_resize(self, _event: events.Resize) -> None:
        self._guard_size(self.screen)

    def _guard_size(self, screen: Screen[Any]) -> None:
        """Give every screen the panel that stands in for it where it has no room."""
        if screen.is_attached and screen.is_running and not screen.query(TooSmall):
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


def _mendable() -> tuple[type[Exception], ...]:
    """Return the errors that a person can do something about; imported only when needed."""
    from vapor_tui.domain.catalogue import CatalogueError
    from vapor_tui.storage.errors import StorageError

    return (StorageError, CatalogueError)
