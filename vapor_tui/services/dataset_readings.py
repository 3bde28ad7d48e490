"""Lets every process see that a file is being read, and what became of a reading cut short."""

from __future__ import annotations

import logging
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from vapor_tui.domain.datasets import DatasetStatus, ListedDataset, ReadProgress
from vapor_tui.domain.text import storable
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import datasets as queries
from vapor_tui.storage.errors import StorageError

log = logging.getLogger(__name__)

FIRST_SECONDS = 1.0
"""A reading shorter than this leaves no note: its end is there before anyone could look."""
RENEW_SECONDS = 5.0
STALE_SECONDS = 30.0
"""A note that was not renewed for so long belongs to a reading that was killed.

Should it go on all the same, as after a suspended laptop, its end corrects what was marked.
"""
INTERRUPTED = "Its reading was interrupted; read the file again"

_PATIENCE_SECONDS = 0.5
"""A note can wait for the next time; the reading should not."""


class ReadingNote:
    """The row of a dataset whose file is being read, from a moment after the beginning on."""

    def __init__(self, workspace: Workspace, path: Path, name: str | None) -> None:
        self._workspace = workspace
        self._path = path
        self._name = name
        self._next = time.monotonic() + FIRST_SECONDS
        self.dataset_id: int | None = None
        """None while there is no row."""

    def renew(self, progress: ReadProgress) -> None:
        """Say that the reading goes on; called in its thread, as often as one likes."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + RENEW_SECONDS
        database = self._workspace.database.with_patience(_PATIENCE_SECONDS)
        try:
            if self.dataset_id is None:
                row = self._row(progress)
                self.dataset_id = database.write(queries.insert_dataset, row)
            else:
                database.write(queries.renew_reading, self.dataset_id)
        except StorageError as error:
            # The end of the reading is what has to be stored, and says what is wrong.
            log.warning("cannot note that %s is being read: %s", self._path, error)

    def discard(self) -> None:
        """Leave nothing of a reading that was stopped, or was no dataset's."""
        if self.dataset_id is None:
            return
        try:
            self._workspace.database.write(queries.remove_reading, self.dataset_id)
        except StorageError as error:
            # It grows stale and is marked as interrupted.
            log.warning("cannot take back the note on %s: %s", self._path, error)

    def _row(self, progress: ReadProgress) -> dict[str, object]:
        path = Path(os.path.realpath(os.path.expanduser(self._path)))
        return {
            "owner": self._workspace.owner,
            "name": storable(self._name or file_stem(path.name)),
            "status": DatasetStatus.VALIDATING,
            "path": storable(str(path)),
            "file_name": storable(path.name),
            "file_size": progress.bytes_total,
            "validation_errors": [],
            "sample_data": [],
        }


def is_stale(dataset: ListedDataset, now: datetime | None = None) -> bool:
    """Say whether a dataset is noted as being read and nobody reads it any more."""
    return dataset.is_being_read and dataset.updated_at < _stale_before(now)


def end_interrupted(workspace: Workspace, now: datetime | None = None) -> None:
    """Mark the datasets whose reading was killed."""
    before = _stale_before(now)
    workspace.database.write(queries.end_stale_readings, workspace.owner, before, INTERRUPTED)


def file_stem(file_name: str) -> str:
    """Return a file's name without its endings, as "chats" of "chats.jsonl.gz"."""
    path = Path(file_name.removesuffix(".gz"))
    return path.stem or file_name


def _stale_before(now: datetime | None) -> datetime:
    return (now or datetime.now(UTC)) - timedelta(seconds=STALE_SECONDS)
