"""Everything that a service needs: the database, whose rows, and what can be chosen."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from vapor_tui import paths
from vapor_tui.domain.catalogue import Catalogue
from vapor_tui.services.catalogue import load_catalogue
from vapor_tui.storage.engine import Database, open_database

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Workspace:
    """An open database seen through one person's eyes."""

    database: Database
    owner: str
    catalogue: Catalogue

    def close(self) -> None:
        """Close the connections of the database."""
        self.database.close()


def open_workspace(database: Path | None = None, *, owner: str | None = None) -> Workspace:
    """Open what the program works on.

    Raises StorageError and CatalogueError, each with a sentence for the person.
    """
    catalogue = load_catalogue()
    path = database or paths.default_database()
    if path == paths.default_database():
        keep_private(path)
    return Workspace(
        database=open_database(path),
        owner=owner or paths.owner(),
        catalogue=catalogue,
    )


def keep_private(path: Path) -> None:
    """Let nobody but the person into the database's folder and file."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for place, mode in ((path.parent, 0o700), (path, 0o600)):
            if place.exists() and place.stat().st_mode & 0o777 != mode:
                place.chmod(mode)
    except OSError as error:
        # Opening says what is wrong with a place that cannot be used at all.
        log.warning("cannot make %s private: %s", path, error)
