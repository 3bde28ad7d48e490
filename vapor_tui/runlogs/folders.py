"""Which logs lie in the folder of a run, and which of them to follow."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from vapor_tui.domain.sources import LIVE, LogFormat
from vapor_tui.runlogs import trainer_state
from vapor_tui.runlogs.errors import RunLogError
from vapor_tui.runlogs.event_files import MARK
from vapor_tui.runlogs.moments import moment_of
from vapor_tui.runlogs.sniffing import HEAD, sniff

MOST_ENTRIES = 5_000
"""Entries of one folder that are looked at."""
_LIKELY = (".jsonl", ".ndjson", ".csv", ".tsv", ".log", ".out", ".err", ".txt")
_EXPORTED = re.compile(r"(job-\d+-.*-metrics|vapor-compare(-\d+)+)(-\d+)?\.(csv|jsonl)")
"""What this program writes of runs it knows; one that is named is read all the same."""
_MOST_SNIFFED = 40
"""Files of one folder whose content is looked at, the latest ones."""
_BENEATH = ("runs", "logs", "tensorboard", "tb")
"""Where trainers put their event files, in a folder for each start."""
_RANK = {format: rank for rank, format in enumerate(LogFormat)}
"""Which one to follow: the enumeration names them from the most to the least telling."""


@dataclass(frozen=True, slots=True)
class FoundSource:
    """A log that can be followed."""

    path: Path
    """A file, or the folder of event files or states."""
    format: LogFormat
    changed_at: datetime
    """When it was last written to."""

    def is_live(self, now: datetime) -> bool:
        """Say whether it was written to lately."""
        return now - self.changed_at <= LIVE


def sources_in(folder: Path, head: int = HEAD) -> list[FoundSource]:
    """Return the logs of the run in a folder, the best to follow first.

    That is the one that tells most among those as fresh as the freshest: a trainer's state is
    written at saves only. Raises RunLogError when the folder cannot be read.
    """
    entries = _entries(folder)
    found = [
        *_event_files(folder, entries),
        *_states(folder, entries),
        *_texts(entries, head),
    ]
    if any(source.format is LogFormat.TRAINER_STATE for source in found) or not found:
        found += _newest_beneath(folder, entries)
    return in_order(found)


def in_order(sources: Iterable[FoundSource]) -> list[FoundSource]:
    """Return sources of one run, the best to follow first."""
    found = list(sources)
    freshest = max((source.changed_at for source in found), default=datetime.now(UTC))
    return sorted(
        found,
        key=lambda source: (
            freshest - source.changed_at > LIVE,
            _RANK[source.format],
            -source.changed_at.timestamp(),
        ),
    )


def find_source(path: Path) -> FoundSource:
    """Return what is to be followed of a file or folder.

    Raises RunLogError with a sentence for a person when there is nothing to follow.
    """
    try:
        real = path.expanduser().resolve()
        is_folder, status = real.is_dir(), real.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RunLogError(f"There is no file or folder {path}; check the path") from error
    except (OSError, RuntimeError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise RunLogError(f"{path} cannot be opened: {reason}") from error
    if not is_folder:
        return FoundSource(real, sniff(real), moment_of(status))
    found = sources_in(real)
    if not found:
        raise RunLogError(
            f"There is no log of a run in {path}. Name its file, or let "
            f"vapor-tui discover {path} look further down"
        )
    return found[0]


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    entries = []
    try:
        with os.scandir(folder) as found:
            for entry in found:
                entries.append(entry)
                if len(entries) >= MOST_ENTRIES:
                    break
    except OSError as error:
        raise RunLogError(f"{folder} cannot be read: {error.strerror}") from error
    return entries


def _event_files(folder: Path, entries: list[os.DirEntry[str]]) -> Iterator[FoundSource]:
    """Yield the folder itself when event files lie in it."""
    files = [entry for entry in entries if MARK in entry.name and _is_file(entry)]
    moments = [m for entry in files if (m := _changed(entry)) is not None]
    if moments:
        yield FoundSource(folder, LogFormat.TENSORBOARD, max(moments))


def _states(folder: Path, entries: list[os.DirEntry[str]]) -> Iterator[FoundSource]:
    """Yield the folder itself when the states of a trainer lie in it or in its checkpoints."""
    has_any = any(
        entry.name == trainer_state.FILE_NAME or entry.name.startswith("checkpoint-")
        for entry in entries
    )
    names = trainer_state.state_names(folder) if has_any else []
    moments = []
    for name in names:
        file = folder / name
        try:
            if file.is_file():
                moments.append(moment_of(file.stat()))
        except OSError:
            continue
    if moments:
        yield FoundSource(folder, LogFormat.TRAINER_STATE, max(moments))


def _texts(entries: list[os.DirEntry[str]], head: int) -> Iterator[FoundSource]:
    """Yield the text files that turn out to be logs."""
    likely = [
        (changed, entry)
        for entry in entries
        if entry.name.lower().endswith(_LIKELY) and _is_file(entry)
        if not _EXPORTED.fullmatch(entry.name)
        if (changed := _changed(entry)) is not None
    ]
    likely.sort(key=lambda found: found[0], reverse=True)
    for changed, entry in likely[:_MOST_SNIFFED]:
        try:
            found = sniff(Path(entry.path), head)
        except RunLogError:
            continue
        yield FoundSource(Path(entry.path), found, changed)


def _newest_beneath(folder: Path, entries: list[os.DirEntry[str]]) -> list[FoundSource]:
    """Return the latest start's event files, which trainers put in a folder of their own."""
    found: list[FoundSource] = []
    for entry in entries:
        if entry.name not in _BENEATH or not _is_folder(entry):
            continue
        try:
            starts = _entries(Path(entry.path))
            found += _event_files(Path(entry.path), starts)
            for start in starts:
                if _is_folder(start):
                    found += _event_files(Path(start.path), _entries(Path(start.path)))
        except RunLogError:
            continue
    return [max(found, key=lambda source: source.changed_at)] if found else []


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _changed(entry: os.DirEntry[str]) -> datetime | None:
    try:
        return moment_of(entry.stat())
    except OSError:
        return None
