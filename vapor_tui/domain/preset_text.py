"""Changes one entry in the text of a file of presets and leaves everything else as it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from vapor_tui.domain.catalogue import CatalogueError, Preset, parse_entries
from vapor_tui.domain.formats import plain_number

_HEADER = re.compile(r"\s*\[\[\s*preset\s*\]\]\s*(#.*)?$")
_BLANK = re.compile(r"\s*$")
_NO_VALUE = re.compile(r"\s*(#.*)?$")
_VALUE = r"\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s#\"'\[{,]+"


class EditError(ValueError):
    """The text is valid, but not written in a way that can be changed here."""


def added(text: str, preset: Preset, file: str) -> str:
    """Return the text with an entry more.

    All of these functions raise CatalogueError, naming `file`, where the text is not valid as it
    is, and EditError where the change would not mean exactly what it should.
    """
    entries = parse_entries(Preset, text, file)
    fields = preset.model_dump(exclude_defaults=True)
    table = ["[[preset]]", *(f"{name} = {_toml(value)}" for name, value in fields.items())]
    lines = text.split("\n")
    while lines and _BLANK.match(lines[-1]):
        lines.pop()
    ending = "\r" if lines and lines[-1].endswith("\r") else ""
    new = ["", *table] if lines else table
    edited = "\n".join([*lines, *(line + ending for line in new), ""])
    return _checked(edited, (*entries, preset), file)


def changed(text: str, preset_id: str, values: Mapping[str, Any], file: str) -> str:
    """Return the text with other values in an entry; the comments beside them stay."""
    entries = parse_entries(Preset, text, file)
    index = _index(entries, preset_id)
    lines = text.split("\n")
    begin, end = _span(lines, index)
    for name, value in values.items():
        line_of_it = re.compile(rf"(\s*{name}\s*=\s*)(?:{_VALUE})(\s*(?:#.*)?)$")
        for number in range(begin, end):
            if found := line_of_it.match(lines[number]):
                lines[number] = f"{found[1]}{_toml(value)}{found[2]}"
    entry = entries[index].model_copy(update=dict(values))
    return _checked("\n".join(lines), (*entries[:index], entry, *entries[index + 1 :]), file)


def removed(text: str, preset_id: str, file: str) -> str:
    """Return the text without an entry; the comments around it stay."""
    entries = parse_entries(Preset, text, file)
    index = _index(entries, preset_id)
    lines = text.split("\n")
    begin, end = _span(lines, index)
    while begin and _BLANK.match(lines[begin - 1]) and all(map(_BLANK.match, lines[end : end + 1])):
        begin -= 1
    del lines[begin:end]
    return _checked("\n".join(lines), (*entries[:index], *entries[index + 1 :]), file)


def _index(entries: Sequence[Preset], preset_id: str) -> int:
    # Of entries with the same id the last one stands.
    return max(number for number, entry in enumerate(entries) if entry.id == preset_id)


def _span(lines: Sequence[str], index: int) -> tuple[int, int]:
    """Return the first line of the index-th table and the one after its last value."""
    headers = [number for number, line in enumerate(lines) if _HEADER.match(line)]
    if index >= len(headers):
        raise EditError
    begin, end = headers[index], [*headers, len(lines)][index + 1]
    while _NO_VALUE.match(lines[end - 1]):
        end -= 1  # what stands above the next table speaks of that one
    return begin, end


def _checked(text: str, wanted: Sequence[Preset], file: str) -> str:
    """Return a text that means what is wanted.

    Lines are edited without a parser of TOML that keeps comments; this is what makes it safe.
    """
    try:
        found = parse_entries(Preset, text, file)
    except CatalogueError as error:
        raise EditError from error
    if found != tuple(wanted):
        raise EditError
    return text


def _toml(value: Any) -> str:
    """Return a value as TOML writes it."""
    if isinstance(value, str):
        # Of what JSON leaves as it is, TOML refuses one character.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    short = plain_number(value)
    return short if float(short) == value else repr(value)
