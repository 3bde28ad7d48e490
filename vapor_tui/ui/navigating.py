"""An app in which a person goes from screen to screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from vapor_tui.ui.backend import Backend
from vapor_tui.ui.following import FollowingApp
from vapor_tui.ui.going import go_to
from vapor_tui.ui.screens.jobs import JobsScreen


class NavigatingApp(FollowingApp):
    """Puts screens in front, once the database is open that they show."""

    def __init__(
        self,
        backend: Backend,
        *,
        clock: Callable[[], datetime],
        refresh_seconds: float,
        ascii_only: bool = False,
        directory: Path | None = None,
    ) -> None:
        super().__init__(
            backend, clock=clock, refresh_seconds=refresh_seconds, ascii_only=ascii_only
        )
        self.directory = directory
        """Where runs are looked for without being asked; nowhere if None."""
        self._start: Callable[[], None] | None = None
        """Goes where the person wants to be, as soon as the database is open."""

    @property
    def home(self) -> JobsScreen:
        """The first screen, beneath every other."""
        screen = self.screen_stack[0]
        assert isinstance(screen, JobsScreen)
        return screen

    def open_monitor(self, job_id: int) -> None:
        """Watch a job; a number that no job has is answered there."""
        if self._is_early(partial(self.open_monitor, job_id)):
            return
        from vapor_tui.ui.screens.monitor import MonitorScreen

        if isinstance(self.screen, MonitorScreen) and self.screen.job_id == job_id:
            return
        self.push_screen(MonitorScreen(job_id))

    def open_configure(self, **filled: Any) -> None:
        """Plan a job; `filled` is what ConfigureScreen takes."""
        if self._is_early(partial(self.open_configure, **filled)):
            return
        from vapor_tui.ui.screens.configure import ConfigureScreen

        def planned(job_id: int | None) -> None:
            if job_id is not None:
                self.backend.wake_worker()
                self.home.stand_on(job_id)
                self.open_monitor(job_id)

        self.push_screen(ConfigureScreen(**filled), planned)

    def open_compare(self, job_ids: Sequence[int]) -> None:
        """Lay two to six jobs side by side; what cannot be compared is answered there."""
        if self._is_early(partial(self.open_compare, job_ids)):
            return
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
        if self._is_early(self.open_attach):
            return
        from vapor_tui.ui.screens.attach import AttachScreen

        def chosen(job_id: int | None) -> None:
            if job_id is not None:
                self.backend.wake_worker()
                self.open_monitor(job_id)

        self.push_screen(AttachScreen(self.directory), chosen)

    def _is_early(self, again: Callable[[], None]) -> bool:
        """Say whether the database is not open yet; then what is wanted is done once it is."""
        if self.backend.is_open:
            return False
        self._start = again
        return True
