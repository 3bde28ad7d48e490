"""CSV with a header row: delimiters, wide fields, and the line where a bad row starts."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from io import BufferedReader
from typing import NamedTuple

from vapor_tui.datasets.errors import BadRecordError, Damaged, ReadingBrokenError, escape, quote
from vapor_tui.datasets.jsonl import LONGEST_RECORD, TOO_LONG, explain
from vapor_tui.datasets.shapes import CHAT_KEYS, KNOWN_KEYS, detect

DELIMITERS = ",;\t|"
HEADER_LENGTH = 64 * 1024
COLUMNS_SHOWN = 6


class Header(NamedTuple):
    """The delimiter that makes most sense of the first row, and the names it then has."""

    delimiter: str
    names: tuple[str, ...]

    @property
    def is_known(self) -> bool:
        """Whether the columns make one of the shapes."""
        try:
            detect(dict.fromkeys(self.names, ""))
        except BadRecordError:
            return any(name.lower() in CHAT_KEYS for name in self.names)
        return True


def read_header(head: bytes) -> Header:
    """From the beginning of a file. The delimiter that yields most known names wins."""
    text = head[:HEADER_LENGTH].decode("utf-8", "replace")
    headers = [Header(delimiter, _first_row(text, delimiter)) for delimiter in DELIMITERS]
    return max(
        headers,
        key=lambda header: (
            len(KNOWN_KEYS.intersection(name.lower() for name in header.names)),
            len(header.names),
        ),
    )


def _first_row(text: str, delimiter: str) -> tuple[str, ...]:
    _allow_wide_fields()
    try:
        row = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error:
        return ()
    return tuple(name.strip() for name in row)


def csv_records(stream: BufferedReader, header: Header) -> Iterator[tuple[int, object]]:
    """Yield (line where the row starts, {column: text} or Damaged). Blank rows are passed over.

    Quotes are taken strictly: an open one at the end of the file would else swallow all rows
    after it as one valid field. Raises ReadingBrokenError when the header names no known columns.
    """
    if not header.is_known:
        raise ReadingBrokenError(1, _unknown_columns(header))
    _allow_wide_fields()
    lines = _Lines(stream)
    rows = csv.reader(lines, delimiter=header.delimiter, strict=True)
    chats = tuple(name for name in header.names if name.lower() in CHAT_KEYS)
    width = len(header.names)
    past_header = False
    while True:
        start = lines.begin()
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            past_header = True
            yield (
                start,
                Damaged(f"not valid CSV: {escape(str(error))}{_advice(lines.number - start)}"),
            )
            continue
        except _RowTooLongError:
            yield start, Damaged(f"{TOO_LONG}; is a quote left open?")
            continue
        if not any(row):
            continue
        if not past_header:
            past_header = True
        elif lines.problem:
            yield start, Damaged(lines.problem)
        elif len(row) != width:
            yield start, Damaged(f"{len(row)} fields, but the header names {width} columns")
        else:
            record = dict(zip(header.names, row, strict=True))
            yield start, _with_chats(record, chats) if chats else record


def _advice(more_lines: int) -> str:
    return "; is a quote left open?" if more_lines > 0 else ""


def _with_chats(record: dict[str, str], chats: tuple[str, ...]) -> object:
    """A column of messages holds JSON."""
    decoded: dict[str, object] = dict(record)
    for name in chats:
        try:
            decoded[name] = json.loads(record[name])
        except (ValueError, RecursionError):
            return Damaged(f'"{name}" is {explain(record[name].encode())}')
    return decoded


def _unknown_columns(header: Header) -> str:
    names = ", ".join(quote(name, 20) for name in header.names[:COLUMNS_SHOWN])
    return (
        f"the first row names no columns of a dataset ({names}); it has to be a header such as "
        "prompt,completion or instruction,input,output or text"
    )


def _allow_wide_fields() -> None:
    """The limit is the process's own, so it is only ever raised."""
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_RECORD))


class _RowTooLongError(Exception):
    """More lines in one row than may be held in memory."""


class _Lines:
    """Decoded lines for csv.reader, numbered, and none after a row has grown too long.

    An iterator of its own, as a generator couldn't go on after raising.
    """

    def __init__(self, stream: BufferedReader) -> None:
        self._stream = stream
        self._left = 0
        self.number = 0
        self.problem = ""
        """What is wrong with a line since `begin`, or nothing."""

    def begin(self) -> int:
        """A new row starts here; returns its line number."""
        self._left = LONGEST_RECORD
        self.problem = ""
        return self.number + 1

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._stream.readline(LONGEST_RECORD)
        if not line:
            raise StopIteration
        self.number += 1
        self._left -= len(line)
        if self._left <= 0:
            while line and not line.endswith(b"\n"):
                line = self._stream.readline(LONGEST_RECORD)
            raise _RowTooLongError
        try:
            return line.decode()
        except UnicodeDecodeError:
            self.problem = explain(line)
            return line.decode("utf-8", "replace")
