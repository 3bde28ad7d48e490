"""What the command palette finds: every action of the screen, and every job."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from textual.app import App, SystemCommand
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.markup import escape
from textual.screen import Screen

from vapor_tui.domain.text import printable
from vapor_tui.paths import config_file
from vapor_tui.ui.themes import PALETTES
from vapor_tui.ui.widgets.key_line import active_keys

if TYPE_CHECKING:
    from vapor_tui.domain.jobs import Job
    from vapor_tui.ui.app import VaporApp

_MOST_JOBS = 20
_NAME_LENGTH = 60
_LEAST_SCORE = 0.1
"""Of a job that matches by its model or dataset, and not by its name."""


def commands_of(screen: Screen[Any]) -> Iterator[SystemCommand]:
    """Yield a command for everything that can be done on a screen now."""
    told: set[str] = set()
    for key in active_keys(screen):
        is_movement = not key.is_shown and not isinstance(key.node, (Screen, App))
        title = key.description.rstrip("….").capitalize()
        if is_movement or title in told or key.action == "command_palette":
            continue
        told.add(title)
        yield SystemCommand(
            escape(f"{title}  ({key.label})"),
            key.tooltip,
            partial(screen.app.run_action, key.action, key.node),
        )


def export_commands(screen: Screen[Any]) -> Iterator[SystemCommand]:
    """Yield a command for each way to export a screen; its picture can always be."""
    from vapor_tui.ui.exporting import picture_export
    from vapor_tui.ui.screens.base import VaporScreen

    if isinstance(screen, VaporScreen):
        for export in (*screen.exports, picture_export(screen)):
            yield SystemCommand(export.title, export.explanation, partial(screen.export, export))


def theme_commands(app: VaporApp) -> Iterator[SystemCommand]:
    """Yield a command for each theme of ours, and one that lists Textual's own as well."""
    for name in PALETTES:
        if name != app.theme:
            yield SystemCommand(f"Theme {name}", "Use these colours", partial(_use, app, name))
    yield SystemCommand("More themes", "All themes that there are", app.search_themes)


def _use(app: VaporApp, theme: str) -> None:
    app.theme = theme
    app.notify(f'To keep it: theme = "{theme}" in {printable(config_file())}', markup=False)


class JobCommands(Provider):
    """Finds jobs by number, name, model or dataset, and opens their monitors."""

    @property
    def vapor(self) -> VaporApp:
        return cast("VaporApp", self.app)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for job in await self._jobs(query):
            title = _title(job)
            yield Hit(
                max(matcher.match(title), _LEAST_SCORE),
                Content(title),
                partial(self.vapor.open_monitor, job.id),
                text=title,
                help=f"Watch this job ({job.status_word})",
            )

    async def discover(self) -> Hits:
        for job in (await self._jobs(""))[:3]:
            title = _title(job)
            yield DiscoveryHit(
                Content(title),
                partial(self.vapor.open_monitor, job.id),
                text=title,
                help=f"Watch this job ({job.status_word})",
            )

    async def _jobs(self, query: str) -> Sequence[Job]:
        from vapor_tui.domain.job_pages import JobFilter
        from vapor_tui.services.jobs import get_job, list_jobs

        if not self.vapor.backend.is_open or self.screen.is_modal:
            return []  # a dialog is to be answered first
        words = query.strip().removeprefix("#")
        if words.isascii() and words.isdigit():
            job = await self.vapor.ask(get_job, int(words[:18]))
            return [job] if job else []
        page = await self.vapor.ask(list_jobs, JobFilter(search=words, limit=_MOST_JOBS))
        return page.jobs if page else []


def _title(job: Job) -> str:
    return f"#{job.id} {printable(job.name, _NAME_LENGTH)}"
