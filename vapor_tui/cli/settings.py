"""What is said before any command, and what a person prefers; imports no command line."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vapor_tui.config import Preferences

DATABASE_VARIABLE = "VAPOR_TUI_DB"


def database_path(named: str) -> Path:
    """Return the path of the database that a person named; a shell leaves the ~ of --db=~/x."""
    return Path(os.path.expanduser(named))


@dataclass(frozen=True, slots=True)
class Settings:
    """What was said before the command, or again after it."""

    database: Path | None = None
    speed: str | None = None
    runs_worker: bool = True
    rings: bool = False

    def overridden(
        self, database: Path | None = None, speed: str | None = None, *, rings: bool = False
    ) -> Settings:
        """Return these settings with what was given after the command."""
        return replace(
            self,
            database=database or self.database,
            speed=speed or self.speed,
            rings=rings or self.rings,
        )


def preferences_of(settings: Settings) -> Preferences | None:
    """Return what a person prefers; None for the defaults, which are had without reading them.

    Raises ConfigError with a sentence for the person.
    """
    from vapor_tui import paths

    if not settings.rings and not paths.config_file().exists():
        return None
    from vapor_tui.config import load_preferences  # pydantic is slow to import

    found = load_preferences()
    return found.model_copy(update={"bell": True}) if settings.rings else found
