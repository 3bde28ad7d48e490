"""Counting the bytes and records that were read, telling the caller, and stopping for them."""

from __future__ import annotations

import time
from collections.abc import Callable

from vapor_tui.datasets.errors import ReadingCancelledError
from vapor_tui.domain.datasets import ReadProgress

INTERVAL = 0.1
"""Seconds between two reports of progress."""


class Meter:
    """Sits under the byte stream, so that the path of a record has nothing to do but `records`.

    It goes over all files of one reading: `bytes_total` is the sum of their sizes.
    """

    def __init__(
        self,
        bytes_total: int,
        progress: Callable[[ReadProgress], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        self.records = 0
        self._read = 0
        self._total = bytes_total
        self._progress = progress
        self._cancelled = cancelled
        self._told = time.monotonic()

    def check(self) -> None:
        """Stop here if the caller wants it: raises ReadingCancelledError."""
        if self._cancelled is not None and self._cancelled():
            raise ReadingCancelledError

    def advance(self, count: int) -> None:
        """So many more bytes were read."""
        self._read += count
        self.check()
        if self._progress is not None:
            now = time.monotonic()
            if now - self._told >= INTERVAL:
                self._told = now
                self._tell(max(self._total, self._read))

    def finish(self) -> None:
        """The last report: all bytes, also of a file that grew or shrank meanwhile."""
        self._tell(self._read)

    def _tell(self, total: int) -> None:
        if self._progress is not None:
            self._progress(
                ReadProgress(bytes_read=self._read, bytes_total=total, records=self.records)
            )
