"""TensorBoard event files: all those of one folder are the log of one run, the oldest first."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

from vapor_tui.domain.metrics import VALUE_COLUMNS
from vapor_tui.domain.sources import FileMark, LogFormat, Outcome, RunFacts, SourceState
from vapor_tui.runlogs import names
from vapor_tui.runlogs.errors import RunLogError, RunLogGoneError
from vapor_tui.runlogs.ledger import Ledger
from vapor_tui.runlogs.protobuf import DamagedMessageError, Event, parse_event
from vapor_tui.runlogs.reading import Reading
from vapor_tui.runlogs.records import whole_records
from vapor_tui.runlogs.tail import Tail

PIECE = 128 * 1024
MARK = "tfevents"
_MOST_FILES = 500
_STAMP = re.compile(r"tfevents\.(\d{1,12})")
_SUMMARY_TAGS = ("train/train_runtime", "train_runtime")
_SUMMARY_LOSS = "train/train_loss"


class EventFilesSource:
    """Follows the event files of a folder, or a single one; a file that appears is added."""

    def __init__(self, path: Path, state: SourceState | None = None) -> None:
        """`path` is a folder that holds event files, or one of them."""
        self.path = path
        self._folder = path if path.is_dir() else path.parent
        self._only = None if path.is_dir() else path.name
        self._tails: dict[str, Tail] = {}
        for mark in state.files if state else ():
            self._tails[mark.name] = Tail(self._folder / mark.name, mark)
        self._ledger = Ledger(state.facts if state else RunFacts())

    def read(self) -> Reading:
        """Return what came to any of the files, in the order of their names."""
        self._find_files()
        others = [name for name, tail in self._tails.items() if tail.look()]
        is_anew = bool(others)
        if is_anew:
            self._ledger = Ledger(RunFacts())
            self._tails = {}
            self._find_files()
            for tail in self._tails.values():
                tail.look()
        has_more = False
        for tail in self._tails.values():
            if tail.has_more:
                before = tail.offset
                self._read(tail)
                has_more = tail.has_more and tail.offset > before
                if has_more:
                    break  # the next file has to wait, or later values would be overwritten
        return Reading(
            state=self._state(),
            blocks=tuple(self._ledger.take_blocks()),
            is_anew=is_anew,
            has_more=has_more,
        )

    def _read(self, tail: Tail) -> None:
        begins = tail.offset == 0
        for message in whole_records(tail, PIECE):
            try:
                event = parse_event(message)
            except DamagedMessageError:
                continue
            if (at := names.moment(event.wall_time)) is not None:
                self._ledger.at(at)
            if begins:
                self._ledger.announce(at)
                begins = False
            if any(tag in event.scalars for tag in _SUMMARY_TAGS):
                self._ledger.end(Outcome.COMPLETED)
            elif event.step < self._ledger.step:
                self._ledger.goes_on()
            self._take(event, at)

    def _take(self, event: Event, at: float | None) -> None:
        # The Trainer's summary at the end: its train_loss is the mean of the whole run.
        scalars = {tag: v for tag, v in event.scalars.items() if tag != _SUMMARY_LOSS}
        found = names.by_role(scalars)
        values = {
            name: v for name in VALUE_COLUMNS if (v := names.number(found.get(name))) is not None
        }
        epoch = names.number(found.get(names.EPOCH))
        if (values or epoch is not None) and names.whole(event.step):
            self._ledger.point(event.step, epoch, values, at)

    def _find_files(self) -> None:
        """Take up the files there are, in the order in which they were begun."""
        found = [self._only] if self._only else event_file_names(self._folder)
        fresh = [name for name in found if name not in self._tails]
        for name in fresh:
            self._tails[name] = Tail(self._folder / name, FileMark(name=name))
        gone = [name for name in self._tails if name not in found]
        for name in gone:
            del self._tails[name]
        if not self._tails:
            raise RunLogGoneError(f"There is no event file in {self._folder} any more")
        if fresh:
            self._tails = {name: self._tails[name] for name in found}

    def _state(self) -> SourceState:
        tails = list(self._tails.values())
        return SourceState(
            format=LogFormat.TENSORBOARD,
            files=tuple(tail.mark for tail in tails),
            facts=self._ledger.facts,
            changed_at=max((t.changed_at for t in tails), default=datetime.now(UTC)),
        )


def event_file_names(folder: Path) -> list[str]:
    """Return the names of a folder's event files by when they were begun; the latest 500."""
    try:
        with os.scandir(folder) as entries:
            found = [entry.name for entry in entries if MARK in entry.name and entry.is_file()]
    except FileNotFoundError as error:
        raise RunLogGoneError(f"{folder} is not there any more") from error
    except OSError as error:
        raise RunLogError(f"{folder} cannot be read: {error.strerror}") from error
    return sorted(found, key=_begun)[-_MOST_FILES:]


def _begun(name: str) -> tuple[int, str]:
    stamp = _STAMP.search(name)
    return (int(stamp[1]) if stamp else 0, name)
