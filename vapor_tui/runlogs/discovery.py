"""Finds runs below a folder: bounded in depth, entries and time, never through links."""

from __future__ import annotations

import os
import time
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from vapor_tui.runlogs.errors import RunLogError
from vapor_tui.runlogs.folders import MOST_ENTRIES, FoundSource, sources_in

DEPTH = 4
SECONDS = 2.0
MOST_FOLDERS = 5_000
_HEAD = 64 * 1024
"""Bytes looked at of a file: there may be many."""
_SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages", "venv", "env"})
_VENV_MARK = "pyvenv.cfg"


@dataclass(frozen=True, slots=True)
class FoundRun:
    """The folder of a run, with its logs, the best to follow first."""

    folder: Path
    sources: tuple[FoundSource, ...]

    @property
    def best(self) -> FoundSource:
        """The log that is best followed."""
        return self.sources[0]

    @property
    def changed_at(self) -> datetime:
        """When it was last heard of."""
        return max(source.changed_at for source in self.sources)

    def is_live(self, now: datetime) -> bool:
        """Say whether it was heard of lately."""
        return any(source.is_live(now) for source in self.sources)


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found, and whether everything was looked at."""

    directory: Path
    runs: tuple[FoundRun, ...]
    """The one heard of last comes first."""
    is_complete: bool


def find_runs(directory: Path, depth: int = DEPTH, seconds: float = SECONDS) -> Discovery:
    """Look for runs in a folder and down to `depth` folders below it, for at most so long.

    Hidden folders, virtual environments and links are left out. Logs of several kinds in one
    folder are one run. Raises RunLogError when the folder itself cannot be read.
    """
    deadline = time.monotonic() + seconds
    runs: list[FoundRun] = []
    taken: set[Path] = set()
    directory = directory.resolve()
    waiting = deque([(directory, 0)])
    looked = 0
    while waiting:
        if time.monotonic() > deadline or looked >= MOST_FOLDERS:
            return Discovery(directory, _latest_first(runs), is_complete=False)
        folder, level = waiting.popleft()
        looked += 1
        try:
            # A run's event files may lie below it: they are not another run.
            sources = [s for s in sources_in(folder, _HEAD) if s.path not in taken]
        except RunLogError:
            if level == 0:
                raise
            continue
        runs += _grouped(folder, sources)
        taken.update(source.path for source in sources)
        if level < depth:
            waiting.extend((below, level + 1) for below in _folders_in(folder))
    return Discovery(directory, _latest_first(runs), is_complete=True)


def _grouped(folder: Path, sources: list[FoundSource]) -> list[FoundRun]:
    """Return the runs of a folder: one that has its logs in it, unless they are of one kind.

    Two tables in a folder are two runs that somebody has put there.
    """
    kinds = Counter(source.format for source in sources)
    together = tuple(source for source in sources if kinds[source.format] == 1)
    alone = [(source,) for source in sources if kinds[source.format] > 1]
    return [FoundRun(folder, group) for group in (together, *alone) if group]


def _latest_first(runs: list[FoundRun]) -> tuple[FoundRun, ...]:
    return tuple(sorted(runs, key=lambda run: run.changed_at, reverse=True))


def _folders_in(folder: Path) -> Iterator[Path]:
    """Yield the folders worth looking into."""
    try:
        with os.scandir(folder) as found:
            entries = [entry for entry, _ in zip(found, range(MOST_ENTRIES), strict=False)]
    except OSError:
        return
    if any(entry.name == _VENV_MARK for entry in entries):
        return
    for entry in sorted(entries, key=lambda entry: entry.name):
        if entry.name.startswith((".", "checkpoint-")) or entry.name in _SKIPPED:
            continue
        try:
            if entry.is_dir(follow_symlinks=False):
                yield Path(entry.path)
        except OSError:
            continue
