"""Opening a file as a stream of plain bytes: gzip, byte-order mark, sha256, and what is no text."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import stat
import zlib
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from vapor_tui.datasets.errors import DatasetFileError, quote_path
from vapor_tui.datasets.progress import Meter

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BLOCK = 256 * 1024
"""Bytes read at a time, and the length of the head that is looked at to tell what a file is."""

GZIP_BLOCK = 16 * 1024
"""Smaller, as a compressed block may hold a thousand times its size and progress waits for it."""

CONTROL_SHARE = 0.05
"""A head with more control characters than this is no text (random bytes have a tenth)."""

_TEXT_BYTES = bytes({*range(0x20, 0x100), *b"\t\n\r\f\b\x1b"})
_GZIP = b"\x1f\x8b"
_PARQUET = b"PAR1"
_BOM = b"\xef\xbb\xbf"
_UNPACK = "unpack it and name the file inside"
_EXPORT = "export the rows as JSONL or CSV"
_OTHER_KINDS: tuple[tuple[bytes, str, str], ...] = (
    (b"PK\x03\x04", "a ZIP archive", _UNPACK),
    (b"%PDF-", "a PDF document", _EXPORT),
    (b"\xd0\xcf\x11\xe0", "an old Office document", "save it as CSV"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed", "unpack it with zstd -d"),
    (b"BZh", "bzip2-compressed", "unpack it with bunzip2"),
    (b"\xfd7zXZ\x00", "xz-compressed", "unpack it with unxz"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"SQLite format 3\x00", "an SQLite database", _EXPORT),
    (b"ARROW1\x00\x00", "an Arrow file", _EXPORT),
    (b"\x89HDF", "an HDF5 file", _EXPORT),
    (b"\x93NUMPY", "a numpy array", _EXPORT),
    (b"\x89PNG", "a PNG picture", "name a dataset file"),
    (b"\xff\xd8\xff", "a JPEG picture", "name a dataset file"),
    (b"\x7fELF", "a program", "name a dataset file"),
)


class _HashingFile(io.RawIOBase):
    """The file's own bytes, once through: counted, hashed, and always in full blocks."""

    def __init__(self, file: io.FileIO, shown: str, meter: Meter) -> None:
        self._file = file
        self._shown = shown
        self._meter = meter
        self._hash = hashlib.sha256()
        self.size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        with memoryview(buffer).cast("B") as view:
            filled = 0
            try:
                while filled < len(view):
                    count = self._file.readinto(view[filled:])
                    if not count:
                        break
                    filled += count
            except OSError as error:
                raise DatasetFileError(
                    f"{self._shown} can't be read further: {error.strerror or 'disk error'}."
                ) from error
            self._hash.update(view[:filled])
        self.size += filled
        self._meter.advance(filled)
        return filled

    def drain(self) -> str:
        """Read what nobody asked for and return the sha256 of the whole file."""
        scratch = bytearray(BLOCK)
        while self.readinto(scratch):
            pass
        return self._hash.hexdigest()

    def close(self) -> None:
        self._file.close()
        super().close()


class _Unzipped(io.RawIOBase):
    """The bytes inside a gzip file, of one or more members."""

    def __init__(self, file: _HashingFile, shown: str) -> None:
        self._packed = io.BufferedReader(file, GZIP_BLOCK)
        self._gzip = gzip.GzipFile(fileobj=self._packed, mode="rb")
        self._shown = shown

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        try:
            return self._gzip.readinto(buffer)
        except (OSError, EOFError, zlib.error) as error:
            raise DatasetFileError(
                f"{self._shown} is a broken gzip file: it is cut short or damaged; "
                "copy or download it again."
            ) from error

    def close(self) -> None:
        self._gzip.close()
        self._packed.close()
        super().close()


class Source:
    """An open dataset file. `head` is what `stream` will give first, without a byte-order mark.

    `whole` says that there is nothing beyond the head. For Parquet, which is read by seeking,
    only `is_parquet` and the hash are of use.
    """

    def __init__(self, path: Path, meter: Meter) -> None:
        """Raises DatasetFileError for what can't be opened or is no text."""
        self.path = path
        self.shown = quote_path(path)
        file = _open(path, self.shown)
        self._raw = _HashingFile(file, self.shown, meter)
        try:
            magic = _magic_of(file, self.shown)
            self.is_parquet = magic == _PARQUET
            self.compressed = magic.startswith(_GZIP)
            plain = _Unzipped(self._raw, self.shown) if self.compressed else self._raw
            self.stream: io.BufferedReader = io.BufferedReader(plain, BLOCK)
            self.head = b"" if self.is_parquet else self._look()
        except BaseException:
            self.close()
            raise

    def _look(self) -> bytes:
        head = self.stream.peek(BLOCK)
        self.whole = len(head) < BLOCK
        inside = "holds" if self.compressed else "is"
        if head.startswith(_GZIP) or (self.compressed and head.startswith(_PARQUET)):
            raise DatasetFileError(f"{self.shown} is packed twice; unpack it once with gunzip.")
        if self.path.suffix.lower() == ".xlsx" and head.startswith(b"PK"):
            raise DatasetFileError(
                f"{self.shown} is an Excel workbook; save the sheet as CSV (UTF-8) first."
            )
        for magic, kind, advice in _OTHER_KINDS:
            if head.startswith(magic):
                raise DatasetFileError(f"{self.shown} {inside} {kind}, no dataset; {advice}.")
        if head[257:262] == b"ustar":
            raise DatasetFileError(f"{self.shown} {inside} a tar archive, no dataset; {_UNPACK}.")
        if head.startswith((b"\xff\xfe", b"\xfe\xff")) or _looks_like_utf16(head):
            raise DatasetFileError(
                f"{self.shown} is written in UTF-16, datasets are read as UTF-8; "
                "convert it: iconv -f UTF-16 -t UTF-8."
            )
        if len(head.translate(None, _TEXT_BYTES)) > CONTROL_SHARE * len(head):
            raise DatasetFileError(
                f"{self.shown} {inside} binary data, no text; "
                "name a JSONL, JSON, CSV or Parquet file."
            )
        if head.startswith(_BOM):
            self.stream.read(len(_BOM))
            head = head[len(_BOM) :]
        if self.whole and not head.strip():
            raise DatasetFileError(f"{self.shown} is empty; name a file with records in it.")
        return head

    def finish(self) -> tuple[int, str]:
        """Size and sha256 of the file's bytes as they are; reads on to the end for it."""
        digest = self._raw.drain()
        return self._raw.size, digest

    def close(self) -> None:
        """Close the file."""
        self._raw.close()

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def resolve(path: Path) -> tuple[Path, int]:
    """The absolute path without links, and its size. Raises DatasetFileError if it is no file."""
    shown = quote_path(path)
    try:
        real = Path(os.path.realpath(os.path.expanduser(path)))
        status = real.stat()
    except FileNotFoundError as error:
        raise DatasetFileError(f"There is no file {shown}; check the path.") from error
    except PermissionError as error:
        raise DatasetFileError(f"{shown} can't be reached: permission denied.") from error
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "the path holds a NUL character"
        raise DatasetFileError(f"{shown} can't be opened: {why}; check the path.") from error
    try:
        str(real).encode()
    except UnicodeEncodeError as error:
        raise DatasetFileError(
            f"{shown} has bytes in its path that are not UTF-8; rename it."
        ) from error
    if stat.S_ISDIR(status.st_mode):
        raise DatasetFileError(f"{shown} is a directory; name the dataset file in it.")
    if not stat.S_ISREG(status.st_mode):
        raise DatasetFileError(
            f"{shown} is no regular file but a pipe, socket or device; save the data to a file."
        )
    return real, status.st_size


def _open(path: Path, shown: str) -> io.FileIO:
    """Without waiting, should a pipe have taken the file's place since `resolve`."""
    try:
        return io.FileIO(path, "r", opener=lambda name, flags: os.open(name, flags | _NO_WAIT))
    except PermissionError as error:
        raise DatasetFileError(
            f"{shown} can't be read: permission denied; check its mode with ls -l."
        ) from error
    except OSError as error:
        raise DatasetFileError(f"{shown} can't be opened: {error.strerror}.") from error


def _magic_of(file: io.FileIO, shown: str) -> bytes:
    """The first bytes, which are left to be read again."""
    try:
        magic = file.read(4) or b""
        file.seek(0)
    except OSError as error:
        raise DatasetFileError(f"{shown} can't be read: {error.strerror}.") from error
    return magic


_NO_WAIT = getattr(os, "O_NONBLOCK", 0)


def _looks_like_utf16(head: bytes) -> bool:
    """Every other byte of Latin text in UTF-16 is NUL, with or without a mark at the start."""
    pairs = len(head) // 2
    odd, even = head[1::2].count(0), head[::2].count(0)
    return pairs > 1 and max(odd, even) > 0.4 * pairs and min(odd, even) < 0.1 * pairs
