"""In which orders jobs are listed, in words; imports nothing, for the first frame."""

from __future__ import annotations

from collections.abc import Mapping

SORTED_BY: Mapping[str, tuple[str, str]] = {
    "newest": ("the newest first", "the oldest first"),
    "oldest": ("the oldest first", "the newest first"),
    "name": ("from A to Z", "from Z to A"),
    "status": ("from A to Z", "from Z to A"),
    "model": ("from A to Z", "from Z to A"),
    "progress": ("the furthest first", "the least far first"),
    "loss": ("the lowest first", "the highest first"),
    "left": ("the first to end first", "the last to end first"),
    "cost": ("the dearest first", "the cheapest first"),
    "age": ("the youngest first", "the oldest first"),
    "duration": ("the longest first", "the shortest first"),
}
"""What each order puts first, and what reversed, by the word of a `Sort`."""
