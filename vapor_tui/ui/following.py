"""An app that follows a database: it asks services, and looks for what is new every second."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from textual import on, work
from textual.reactive import var

from vapor_tui.domain.text import printable
from vapor_tui.ui.backend import Backend, mendable
from vapor_tui.ui.messages import OverviewRead
from vapor_tui.ui.toasting import ToastingApp

if TYPE_CHECKING:
    from vapor_tui.services.overview import Overview
    from vapor_tui.services.workspace import Workspace

P = ParamSpec("P")
T = TypeVar("T")

FULL_READING_EVERY = 10
"""So many looks for what is new do not rely on something having been written."""


def local_now() -> datetime:
    return datetime.now().astimezone()


class FollowingApp(ToastingApp):
    """What every screen shares of the database and of the time. Screens watch its variables."""

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
        clock: Callable[[], datetime],
        refresh_seconds: float,
        ascii_only: bool = False,
    ) -> None:
        super().__init__(ascii_only=ascii_only)
        self.backend = backend
        self.clock = clock
        self.refresh_seconds = refresh_seconds
        self._read_trouble: str | None = None
        self._is_looking = False
        self._looks = 0

    async def ask(
        self, service: Callable[Concatenate[Workspace, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T | None:
        """Call a service in a thread; None when the database cannot be used, which is shown."""
        try:
            answer = await self.backend.ask(service, *args, **kwargs)
        except mendable() as error:
            self._read_trouble = printable(error)
            answer = None
        else:
            self._read_trouble = None
        worker_trouble = self.backend.trouble
        self.trouble = self._read_trouble or (worker_trouble and printable(worker_trouble))
        return answer

    def on_mount(self) -> None:
        self._look()

    def follow(self) -> None:
        """Look for what is new from now on, as the database is open."""
        self.set_interval(self.refresh_seconds, self._look)
        self._look()

    def _look(self) -> None:
        self.second = self.clock()
        self.minute = self.second.strftime("%H:%M")
        if self.backend.is_open and not self._is_looking:
            # Until the answer is taken in: a second reading would bring the same news again.
            self._is_looking = True
            self._read_overview()

    @work(group="overview")
    async def _read_overview(self) -> None:
        from vapor_tui.services.overview import overview

        self._looks += 1
        anyway = self._looks % FULL_READING_EVERY == 0
        found = await self.ask(overview, self.overview, anyway=anyway, now=self.clock())
        self.post_message(OverviewRead(found))

    @on(OverviewRead)
    def _take_overview(self, message: OverviewRead) -> None:
        self._is_looking = False
        # Without a screen the app is being left.
        if message.overview is not None and self.screen_stack:
            self.overview = message.overview
