"""One growing file, read from where the reading before ended, and recognised again."""

from __future__ import annotations

import io
import os
import stat
import zlib
from datetime import UTC, datetime
from pathlib import Path

from vapor_tui.domain.sources import FileMark
from vapor_tui.runlogs.errors import RunLogError, RunLogGoneError
from vapor_tui.runlogs.moments import moment_of

_HEAD = 1024
_TAIL = 64
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
"""Should a pipe have taken the file's place, opening it must not wait for a writer."""


class Tail:
    """Gives the bytes of a file behind an offset, and moves the offset only when told to.

    A file is the same as before when its first bytes and those before the offset are: so a
    copy that a synchronising program puts in its place is read on, and one that was emptied
    or overwritten is read anew, even if it has outgrown the offset meanwhile.
    """

    def __init__(self, path: Path, mark: FileMark) -> None:
        self.path = path
        self.size = 0
        self.changed_at = datetime.fromtimestamp(0, UTC)
        self._mark = mark
        self._looked: tuple[int, ...] | None = None

    @property
    def offset(self) -> int:
        """Bytes that have been read and are not read again."""
        return self._mark.offset

    @property
    def mark(self) -> FileMark:
        """What the file is recognised by, and how far it has been read."""
        return self._mark

    @property
    def has_more(self) -> bool:
        """Whether there are bytes behind the offset, as last looked at."""
        return self.size > self.offset

    def look(self) -> bool:
        """See how the file is now; say whether it is another than before, to be read anew.

        Raises RunLogGoneError when it is not there, RunLogError when it cannot be read.
        """
        found = _status(self.path)
        looked = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
        self.size = found.st_size
        self.changed_at = moment_of(found)
        if looked == self._looked:
            return False
        self._looked = looked
        is_another = self.offset > 0 and not self._is_same()
        if is_another:
            self._mark = FileMark(name=self._mark.name)
        self._mark = self._mark.model_copy(update={"device": found.st_dev, "inode": found.st_ino})
        return is_another

    def read(self, size: int, ahead: int = 0) -> bytes:
        """Return up to so many bytes, from so far ahead of the offset on."""
        return _read(self.path, self.offset + ahead, size)

    def advance(self, consumed: bytes) -> None:
        """Move the offset behind bytes that have been read there."""
        mark = self._mark
        missing = max(_HEAD - mark.offset, 0)
        head = consumed[:missing] if mark.head_size == mark.offset else b""
        # The bytes before the offset are known only as far as they were consumed at once.
        last = consumed[-_TAIL:]
        self._mark = mark.model_copy(
            update={
                "offset": mark.offset + len(consumed),
                "head_size": mark.head_size + len(head),
                "head": zlib.crc32(head, mark.head),
                "tail_size": len(last) if last else mark.tail_size,
                "tail": zlib.crc32(last) if last else mark.tail,
            }
        )

    def skip(self, size: int) -> None:
        """Move the offset over bytes that nobody needs."""
        update = {"offset": self.offset + size, "tail_size": 0, "tail": 0}
        self._mark = self._mark.model_copy(update=update)

    def _is_same(self) -> bool:
        mark = self._mark
        if self.size < mark.offset:
            return False
        head = _read(self.path, 0, mark.head_size)
        tail = _read(self.path, mark.offset - mark.tail_size, mark.tail_size)
        return zlib.crc32(head) == mark.head and zlib.crc32(tail) == mark.tail


def read_head(path: Path, size: int) -> bytes:
    """Return up to so many first bytes of a file; raises RunLogError when it cannot be read."""
    _status(path)
    return _read(path, 0, size)


def _status(path: Path) -> os.stat_result:
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RunLogGoneError(f"{path} is not there any more") from error
    except (OSError, ValueError) as error:
        raise RunLogError(f"{path} cannot be read: {_reason(error)}") from error
    if not stat.S_ISREG(found.st_mode):
        raise RunLogError(f"{path} is not a file")
    return found


def _read(path: Path, offset: int, size: int) -> bytes:
    try:
        file = io.FileIO(path, "r", opener=lambda name, flags: os.open(name, flags | _NO_WAIT))
    except FileNotFoundError as error:
        raise RunLogGoneError(f"{path} is not there any more") from error
    except (OSError, ValueError) as error:
        raise RunLogError(f"{path} cannot be read: {_reason(error)}") from error
    try:
        with file:
            file.seek(offset)
            return file.read(size) or b""
    except OSError as error:
        raise RunLogError(f"{path} cannot be read: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
