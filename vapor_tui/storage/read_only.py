"""Opens the database for a look by the driver alone, before or without SQLAlchemy."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from vapor_tui.storage.marks import APPLICATION_ID, SCHEMA_VERSION

_WAIT_SECONDS = 0.1


def is_ours(path: Path) -> bool:
    """Say whether a file is a database of this program and this version; locks nothing.

    Raises sqlite3.Error for a file of another kind, and OSError.
    """
    with closing(_opened(path, "mode=ro&immutable=1")) as connection:
        [application_id] = connection.execute("PRAGMA application_id").fetchone()
        [version] = connection.execute("PRAGMA user_version").fetchone()
    return bool(application_id == APPLICATION_ID and version == SCHEMA_VERSION)


def read_only(path: Path) -> sqlite3.Connection:
    """Return a connection that can't write and waits for no lock longer than a moment."""
    return _opened(path, "mode=ro")


def _opened(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.resolve().as_uri()}?{mode}", uri=True, timeout=_WAIT_SECONDS, isolation_level=None
    )
