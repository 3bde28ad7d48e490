"""What jobs, datasets and notifications are called; read by the driver alone, for completion.

A row with a value that nobody has written is left out.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vapor_tui.domain.lifecycle import Status
from vapor_tui.storage.read_only import is_ours, read_only

_JOBS = """
SELECT id, name, status FROM training_jobs WHERE owner = ? AND deleted_at IS NULL
ORDER BY id DESC LIMIT ?
"""
_DATASETS = """
SELECT id, name, status FROM datasets WHERE owner = ? AND deleted_at IS NULL
ORDER BY id DESC LIMIT ?
"""
_NOTIFICATIONS = """
SELECT id, title, iif("read", 'read', 'unread') FROM notifications WHERE owner = ?
ORDER BY id DESC LIMIT ?
"""
_STATUSES = frozenset(Status)


@dataclass(frozen=True, slots=True)
class Named:
    """A row of a person, by its number and what it is called."""

    id: int
    name: str
    status: str


def jobs(path: Path, owner: str, limit: int) -> list[Named]:
    """Return a person's newest jobs; none where the database cannot be read at once."""
    return [job for job in _named(path, _JOBS, owner, limit) if job.status in _STATUSES]


def datasets(path: Path, owner: str, limit: int) -> list[Named]:
    """Return a person's newest datasets; none where the database cannot be read at once."""
    return _named(path, _DATASETS, owner, limit)


def notifications(path: Path, owner: str, limit: int) -> list[Named]:
    """Return what a person was last told; none where the database cannot be read at once."""
    return _named(path, _NOTIFICATIONS, owner, limit)


def _named(path: Path, question: str, *values: Any) -> list[Named]:
    try:
        if not path.is_file() or not is_ours(path):
            return []
        with closing(read_only(path)) as connection:
            connection.text_factory = _text
            rows = connection.execute(question, values).fetchall()
    except (sqlite3.Error, ValueError, OSError):
        return []
    return [Named(*row) for row in rows if [type(value) for value in row] == [int, str, str]]


def _text(stored: bytes) -> str | None:
    """Return a text that a row holds; None for one that is no UTF-8."""
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return None
