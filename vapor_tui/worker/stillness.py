"""Saves a worker without jobs from asking the same questions of a database nobody writes to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from vapor_tui.storage.engine import Database

LASTING_SECONDS = 10.0
"""After so long everything is looked at again, whatever the database says."""


@dataclass(frozen=True, slots=True)
class Look:
    """When a worker began to look for work, and at which state of the database."""

    at: float
    """Seconds on the clock of the event loop."""
    version: int | None
    """What `Database.data_version` said before anything was read; None where it could not say."""


class Stillness:
    """Remembers the last look that found nothing, and whether anything was committed since."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last: Look | None = None
        """The one that found nothing, unless there was another since."""

    async def look(self) -> Look | None:
        """Return the look to begin with now; None where it could find nothing new."""
        version = await asyncio.to_thread(self._database.data_version)
        look = Look(asyncio.get_running_loop().time(), version)
        last = self._last
        if (
            last is not None
            and version is not None
            and version == last.version
            and look.at < last.at + LASTING_SECONDS
        ):
            return None
        self._last = None
        return look

    def found_nothing(self, look: Look) -> None:
        """Take note that a look found nothing, nor what could become work without a commit."""
        self._last = look
