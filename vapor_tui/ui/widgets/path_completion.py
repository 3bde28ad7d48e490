"""What a path that is being typed could become."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from vapor_tui.domain.formats import file_size
from vapor_tui.own_thread import in_own_thread

_MOST = 500
_ENDINGS = (".jsonl", ".json", ".csv", ".parquet", ".ndjson", ".tsv")
_OTHER = 2
"""Rank of a file that is probably no dataset."""


@dataclass(frozen=True, slots=True)
class PathCandidate:
    """An entry of a folder: the text to complete to, and what is said of it."""

    text: str
    name: str
    is_folder: bool
    facts: str


class PathCompletion:
    """Looks up what a path could go on with, one folder at a time.

    A disk that does not answer holds one thread then, not one for each letter that is typed.
    """

    def __init__(self) -> None:
        self._listing: asyncio.Future[list[PathCandidate]] | None = None

    async def candidates(self, typed: str) -> list[PathCandidate]:
        """Wait for the folder that is being read, then read that of a path."""
        while self._listing is not None and not self._listing.done():
            await asyncio.wait([self._listing])
        self._listing = in_own_thread(path_candidates, typed)
        return await asyncio.shield(self._listing)


def path_candidates(typed: str) -> list[PathCandidate]:
    """Return the entries that a path could go on with, likely ones first; reads the disk.

    A folder that cannot be read has none. Hidden entries appear once their dot is typed.
    """
    head, prefix = os.path.split(typed)
    if typed in ("~", ".", ".."):
        head, prefix = typed, ""
    try:
        with os.scandir(Path(head or ".").expanduser()) as entries:
            fitting = [e for e in entries if _fits(e.name, prefix)]
            fitting.sort(key=_rank)
            return [_candidate(entry, head) for entry in fitting[:_MOST]]
    except (OSError, RuntimeError, ValueError):
        # No such folder, no permission, an unknown home, or a NUL in the name.
        return []


def dataset_entries(folder: str) -> list[PathCandidate]:
    """Return the folders in a folder and the files that may be datasets; reads the disk.

    The texts are whole paths. Hidden entries are left out.
    """
    try:
        with os.scandir(folder) as entries:
            shown = [e for e in entries if not e.name.startswith(".") and _rank(e)[0] < _OTHER]
            shown.sort(key=_rank)
            return [_candidate(entry, folder) for entry in shown[:_MOST]]
    except (OSError, ValueError):
        return []


def _fits(name: str, prefix: str) -> bool:
    if not name.casefold().startswith(prefix.casefold()):
        return False
    return prefix.startswith(".") or not name.startswith(".")


def _rank(entry: os.DirEntry[str]) -> tuple[int, str]:
    if entry.is_dir():
        return (0, entry.name.casefold())
    plain = entry.name.casefold().removesuffix(".gz")
    return (1 if plain.endswith(_ENDINGS) else _OTHER, entry.name.casefold())


def _candidate(entry: os.DirEntry[str], head: str) -> PathCandidate:
    is_folder = entry.is_dir()
    text = os.path.join(head, entry.name)
    if is_folder:
        return PathCandidate(f"{text}/", f"{entry.name}/", True, "folder")
    try:
        facts = file_size(entry.stat().st_size)
    except OSError:
        facts = "cannot be read"
    return PathCandidate(text, entry.name, False, facts)
