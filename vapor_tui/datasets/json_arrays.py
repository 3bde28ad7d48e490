"""Arrays of records in a JSON file of any size, bare or inside an object.

Built on ijson's events and not on its `items`, whose C backend ends the process with a
segmentation fault on an integer of more than 4,300 digits, and which keeps a path for every
level of nesting: 100 kB of "[" would take 25 GB. Hence floats for numbers and our own, bounded
building of the values.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterator
from io import BufferedReader
from typing import Any

from vapor_tui.datasets.errors import Damaged, ReadingBrokenError, escape
from vapor_tui.datasets.jsonl import LONGEST_RECORD, TOO_DEEP, TOO_LONG

SLICE = 16 * 1024
"""Bytes given to the parser at a time; its events are held until the next slice."""

DEEPEST = 100
"""Levels of nesting inside a record."""

BARE_VALUES = ""
"""Instead of a key: the file is one record after the other, over several lines each."""

Event = tuple[str, Any]


def array_records(stream: BufferedReader, key: str | None) -> Iterator[tuple[int, object]]:
    """Yield (record number from 1, value or Damaged).

    `key` is None for a bare array, the name of the array for one inside an object, or
    BARE_VALUES. Raises ReadingBrokenError at a syntax error, after all records before it.
    """
    surroundings = _Surroundings(key)
    record: _Record | None = None
    number = without = 0
    try:
        for events in _batches(stream, several=key == BARE_VALUES):
            before = number
            for event, value in events:
                if record is None:
                    if not surroundings.holds(event, value):
                        continue
                    if event in _OPENING:
                        record = _Record(_OPENING[event]())
                        continue
                    number += 1
                    yield number, value
                elif event == "map_key":
                    record.key = value
                elif event in _OPENING:
                    record.open(_OPENING[event]())
                elif event not in _CLOSING:
                    record.add(value)
                elif record.close():
                    number += 1
                    yield number, record.value()
                    record = None
            without = 0 if number > before else without + SLICE
            if without > LONGEST_RECORD:
                raise _UnreadableError(TOO_LONG)
    except _UnreadableError as error:
        raise ReadingBrokenError(number + 1, str(error)) from error


_OPENING: dict[str, type[dict[str, Any]] | type[list[Any]]] = {
    "start_map": dict,
    "start_array": list,
}
_CLOSING = frozenset({"end_map", "end_array"})


class _UnreadableError(Exception):
    """The parser can't go on; the message says why and where."""


class _Record:
    """One object or array that is being built. What is nested too deeply is left out."""

    def __init__(self, root: Any) -> None:
        self.key = ""
        self._root = self._inner = root
        self._outer: list[Any] = []
        self._ignored = 0
        self._too_deep = False

    def add(self, value: Any) -> None:
        if self._ignored:
            return
        if type(self._inner) is dict:
            self._inner[self.key] = value
        else:
            self._inner.append(value)

    def open(self, child: Any) -> None:
        if self._ignored or len(self._outer) == DEEPEST:
            self._ignored += 1
            self._too_deep = True
            return
        self.add(child)
        self._outer.append(self._inner)
        self._inner = child

    def close(self) -> bool:
        """Whether this was the end of the whole record."""
        if self._ignored:
            self._ignored -= 1
        elif self._outer:
            self._inner = self._outer.pop()
        else:
            return True
        return False

    def value(self) -> object:
        return Damaged(TOO_DEEP) if self._too_deep else self._root


class _Surroundings:
    """Tells the values of the wanted array from everything around it."""

    def __init__(self, key: str | None) -> None:
        self._wanted = key
        self._inside = key == BARE_VALUES
        self._level = 0
        self._key = ""

    def holds(self, event: str, value: object) -> bool:
        """Whether this event, seen between two records, begins a record."""
        if self._inside:
            self._inside = event != "end_array"
            return self._inside
        if event == "map_key" and self._level == 1:
            self._key = str(value)
        elif event in _CLOSING:
            self._level -= 1
        elif event == "start_array" and self._level == (0 if self._wanted is None else 1):
            self._inside = self._wanted is None or self._wanted == self._key
            self._level += not self._inside
        elif event in _OPENING:
            self._level += 1
        return False


def _batches(stream: BufferedReader, several: bool) -> Iterator[list[Event]]:
    """The parser's events, slice by slice. Raises _UnreadableError after the last good one."""
    ijson: Any = importlib.import_module("ijson")
    events: Any = ijson.sendable_list()
    parser = ijson.basic_parse_coro(events, use_float=True, multiple_values=several)
    offset = lines = 0
    try:
        while True:
            piece = stream.read(SLICE)
            failure: Exception | None = None
            try:
                if piece:
                    parser.send(piece)
                else:
                    parser.close()
            except parser_errors() as error:
                failure = error
            yield events
            if failure is not None:
                raise _UnreadableError(_explain(failure, piece, offset, lines)) from failure
            if not piece:
                return
            events.clear()
            offset += len(piece)
            lines += piece.count(b"\n")
    finally:
        close_quietly(parser)


def parser_errors() -> tuple[type[Exception], ...]:
    """What ijson raises: its own class, and for text and numbers those of Python."""
    ijson: Any = importlib.import_module("ijson")
    return (ijson.JSONError, ValueError, ArithmeticError)


def close_quietly(parser: Any) -> None:
    """Close a parser that may be in the middle of a value.

    Left to the garbage collector, the one written in Python would complain on standard error.
    """
    with contextlib.suppress(*parser_errors()):
        parser.close()


_POINTER = 40
"""Column of the error in the second line of yajl's message, which shows the text around it."""


def _explain(failure: Exception, piece: bytes, offset: int, lines: int) -> str:
    """What is wrong, with the line; for a file of one line with the byte.

    `offset` and `lines` are what lies before the piece the parser stumbled over.
    """
    if not piece:
        return "the file ends too early"
    detail = failure.args[0] if failure.args else b""
    raw = detail if isinstance(detail, bytes) else str(failure).encode("utf-8", "replace")
    what, _, rest = raw.partition(b"\n")
    shown = rest.partition(b"\n")[0]
    context = shown.strip()
    found = piece.translate(_NEWLINES_AS_SPACES).find(context) if context else -1
    margin = len(shown) - len(shown.lstrip())
    before = found + max(_POINTER - margin, 0) if found >= 0 else 0
    if lines or b"\n" in piece:
        line = lines + piece.count(b"\n", 0, before) + 1
        place = f"at line {line}" if found >= 0 else f"somewhere from line {line} on"
    else:
        place = f"near byte {offset + before}"
    text = what.decode("utf-8", "replace").rpartition("error: ")[2].rstrip(". ")
    text = _CLEARER.get(text, text)
    return f"not valid JSON {place}: {escape(text[:100])}"


_CLEARER = {
    "integer overflow": "an integer of more than 64 bits; write it as text",
    "numeric (floating point) overflow": "a number that is too big; write it as text",
    "trailing garbage": "something follows after the end of the array",
}

_NEWLINES_AS_SPACES = bytes.maketrans(b"\n\r\t", b"   ")
