"""Everything that a service needs: the database, whose rows, and what can be chosen."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vapor_tui import paths
from vapor_tui.domain.catalogue import Catalogue
from vapor_tui.services.catalogue import load_catalogue
from vapor_tui.storage.engine import Database, open_database


@dataclass(frozen=True, slots=True)
class Workspace:
    """An open database seen through one person's eyes."""

    database: Database
    owner: str
    catalogue: Catalogue

    def close(self) -> None:
        self.database.close()


def open_workspace(database: Path | None = None, *, owner: str | None = None) -> Workspace:
    """Open what the program works on.

    Raises StorageError and CatalogueError, each with a sentence for the person.
    """
    catalogue = load_catalogue()
    return Workspace(
        database=open_database(database or paths.default_database()),
        owner=owner or paths.owner(),
        catalogue=catalogue,
    )
