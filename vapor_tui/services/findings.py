"""What an examination of the installation says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How a finding is to be taken."""

    FINE = "fine"
    NOTE = "note"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was examined."""

    level: Level
    what: str
    found: str
    fix: str = ""
    """What to do, in a sentence; empty when all is well."""


def trouble(what: str, error: Exception, fix: str) -> Finding:
    """Return the finding that something could not be examined."""
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return Finding(Level.PROBLEM, what, f"{where}{error.strerror}", fix)
    return Finding(Level.PROBLEM, what, str(error) or type(error).__name__, fix)
