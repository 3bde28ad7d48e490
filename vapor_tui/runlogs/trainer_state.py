"""trainer_state.json of the Hugging Face Trainer: written whole at every save, newest wins."""

from __future__ import annotations

import json
import os
import re
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vapor_tui.domain.sources import FileMark, LogFormat, Outcome, RunFacts, SourceState
from vapor_tui.runlogs import names
from vapor_tui.runlogs.errors import RunLogError, RunLogGoneError
from vapor_tui.runlogs.ledger import Ledger
from vapor_tui.runlogs.moments import moment_of
from vapor_tui.runlogs.reading import Reading

FILE_NAME = "trainer_state.json"
LARGEST = 64 * 1024 * 1024
"""Bytes: a million logged steps take less."""
_MOST_CHECKPOINTS = 2_000
_CHECKPOINT = re.compile(r"checkpoint-(\d{1,12})")
_HISTORY = re.compile(r'"log_history"\s*:\s*\[')
_BETWEEN = tuple(" \t\r\n,")
_DECODER = json.JSONDecoder()


class TrainerStateSource:
    """Follows the newest state in a folder and its checkpoints, or a single file.

    A state repeats all that was logged before it: only what is behind the entries that are
    known already is given again. One that begins otherwise is of another run.
    """

    def __init__(self, path: Path, state: SourceState | None = None) -> None:
        self.path = path
        self._folder = path if path.is_dir() else path.parent
        self._only = None if path.is_dir() else path.name
        self._state = state or SourceState(format=LogFormat.TRAINER_STATE)
        self._looked: tuple[str, int, int, int] | None = None

    def read(self) -> Reading:
        """Return what the newest of the files holds beyond what was read of those before it."""
        name, found = self._newest()
        looked = (name, found.st_ino, found.st_size, found.st_mtime_ns)
        if looked == self._looked:
            return Reading(self._state)
        document = Document(_text(self._folder / name))
        known = self._known_entries()
        if document.crc_of(known) is None and not document.header():
            return Reading(self._state)  # it is being written anew
        is_anew = bool(known) and document.first_crc() not in (None, self._first_crc())
        ledger = Ledger(RunFacts() if is_anew else self._state.facts)
        ledger.goes_on()
        if is_anew or document.crc_of(known) != self._crc():
            known = 0  # resumed from an earlier state, or another run
            ledger.void()
        entries = 0
        for entries, entry in enumerate(document.entries(), 1):
            if entries > known:
                ledger.record(entry)
        document.tell(ledger)
        changed_at = moment_of(found)
        self._looked = looked
        self._state = SourceState(
            format=LogFormat.TRAINER_STATE,
            files=(FileMark(name=name, inode=found.st_ino, offset=found.st_size),),
            facts=ledger.facts.dated(changed_at),
            memory={
                "entries": entries,
                "first": document.first_crc(),
                "crc": document.crc_of(entries),
            },
            changed_at=changed_at,
        )
        return Reading(self._state, blocks=tuple(ledger.take_blocks()), is_anew=is_anew)

    def _newest(self) -> tuple[str, os.stat_result]:
        """Return the state that was written last, relative to the folder."""
        candidates = [self._only] if self._only else state_names(self._folder)
        found = [
            (name, status)
            for name in candidates
            if (status := file_status(self._folder / name)) is not None
        ]
        if not found:
            raise RunLogGoneError(f"There is no {FILE_NAME} in {self._folder} any more")
        return max(found, key=lambda entry: (entry[1].st_mtime_ns, _step_of(entry[0])))

    def _known_entries(self) -> int:
        return names.whole(self._state.memory.get("entries")) or 0

    def _first_crc(self) -> int | None:
        return names.whole(self._state.memory.get("first"))

    def _crc(self) -> int:
        return names.whole(self._state.memory.get("crc")) or 0


def state_names(folder: Path) -> list[str]:
    """Return where states may lie: in the folder itself, and in its checkpoints."""
    try:
        with os.scandir(folder) as entries:
            checkpoints = [entry.name for entry in entries if _CHECKPOINT.fullmatch(entry.name)]
    except FileNotFoundError as error:
        raise RunLogGoneError(f"{folder} is not there any more") from error
    except OSError as error:
        raise RunLogError(f"{folder} cannot be read: {error.strerror}") from error
    checkpoints.sort(key=_step_of)
    return [FILE_NAME, *(f"{name}/{FILE_NAME}" for name in checkpoints[-_MOST_CHECKPOINTS:])]


def _step_of(name: str) -> int:
    checkpoint = _CHECKPOINT.match(name)
    return int(checkpoint[1]) if checkpoint else 0


def file_status(path: Path) -> os.stat_result | None:
    """Return how a file is; None for what is no file, or is not there any more."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except FileNotFoundError as error:
        raise RunLogGoneError(f"{path} is not there any more") from error
    except OSError as error:
        raise RunLogError(f"{path} cannot be read: {error.strerror}") from error
    if len(raw) > LARGEST:
        raise RunLogError(f"{path} is larger than {LARGEST // 1024**2} MiB: not a trainer's state")
    return raw.decode("utf-8-sig", "replace")


class Document:
    """The text of a state; its entries are decoded one at a time, and as far as it goes.

    While it is being written, or when it was cut, what is whole in it counts.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        history = _HISTORY.search(text)
        self._begin = history.end() if history else len(text)
        self._header_end = history.start() if history else len(text)
        self._end = len(text)
        self._checksums: list[int] = []
        for _entry in self._decode():
            pass

    @property
    def is_state(self) -> bool:
        """Whether there is a history in it."""
        return self._header_end < len(self._text)

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield the objects of the history."""
        return self._decode(again=True)

    def _decode(self, *, again: bool = False) -> Iterator[dict[str, Any]]:
        place, crc = self._begin, 0
        text = self._text
        while True:
            while text[place : place + 1] in _BETWEEN:
                place += 1
            if not text.startswith("{", place):
                break
            try:
                entry, end = _DECODER.raw_decode(text, place)
            except (ValueError, RecursionError):
                break
            if not again:
                crc = zlib.crc32(text[place:end].encode("utf-8", "replace"), crc)
                self._checksums.append(crc)
            place = end
            if isinstance(entry, dict):
                yield entry
        self._end = place

    def first_crc(self) -> int | None:
        """Return the checksum of the first entry, None without any."""
        return self._checksums[0] if self._checksums else None

    def crc_of(self, entries: int) -> int | None:
        """Return the checksum of the first so many entries, None when there are fewer."""
        if not entries:
            return 0
        return self._checksums[entries - 1] if entries <= len(self._checksums) else None

    def header(self) -> dict[str, Any]:
        """Return what stands beside the history; nothing while the text is not whole."""
        text = self._text
        end = text.find("]", self._end)
        if not self.is_state or end < 0:
            return {}
        try:
            value = json.loads(f'{text[: self._header_end]}"log_history": []{text[end + 1 :]}')
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    def tell(self, ledger: Ledger) -> None:
        """Note how long the run is to be, and whether it has ended."""
        header = self.header()
        total = names.whole(header.get("max_steps")) or 0
        epochs = names.whole(header.get("num_train_epochs")) or 0
        ledger.total(steps=total, epochs=epochs)
        reached = names.whole(header.get("global_step")) or 0
        if (total and reached >= total) or _should_stop(header):
            ledger.end(Outcome.COMPLETED)


def _should_stop(header: dict[str, Any]) -> bool:
    """Say whether the Trainer's own control wanted to stop, as for early stopping."""
    value: Any = header
    for key in ("stateful_callbacks", "TrainerControl", "args", "should_training_stop"):
        value = value.get(key) if isinstance(value, dict) else None
    return value is True
