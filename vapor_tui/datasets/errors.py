"""What can go wrong with a dataset file, and how text from a file is quoted in a message."""

from __future__ import annotations

import os
from typing import NamedTuple

EXCERPT = 60
"""Characters of a file's own text that a message shows at most."""

LONG_PATH = 300


class DatasetFileError(Exception):
    """This is not a dataset file at all. The message is a sentence for a person."""


class ReadingCancelledError(Exception):
    """The caller's `cancelled` said so."""


class BadRecordError(Exception):
    """One record can't be trained on; the message says what is wrong with it."""


class ReadingBrokenError(Exception):
    """Nothing after this place can be read. Held as data in the report, never shown as it is."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number
        self.message = message


class Damaged(NamedTuple):
    """Stands in the stream of records for one that couldn't be decoded."""

    message: str


def escape(text: str) -> str:
    """The text with everything a terminal might obey or not show written as an escape."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def quote(text: str, limit: int = EXCERPT) -> str:
    """A short excerpt in double quotes, escaped."""
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    return f'"{escape(text)}"'


def quote_path(path: str | os.PathLike[str]) -> str:
    """The path in double quotes; of an overlong one the end, which tells files apart."""
    text = os.fspath(path)
    if len(text) > LONG_PATH:
        text = "…" + text[-LONG_PATH:]
    return quote(text, LONG_PATH + 1)


_KINDS: dict[type, str] = {
    type(None): "null",
    bool: "true or false",
    str: "text",
    list: "a list",
    dict: "an object",
    int: "a number",
    float: "a number",
}


def describe(value: object) -> str:
    """What kind of JSON value this is, in words."""
    return _KINDS.get(type(value), "neither text nor a list")
