"""The first records, cut down to what a screen can show and a database can store."""

from __future__ import annotations

import math

from pydantic import JsonValue

from vapor_tui.domain.text import storable

LONGEST_TEXT = 2000
LONGEST_KEY = 100
MOST_ITEMS = 50
DEEPEST = 8
"""Levels; what lies deeper is shown as an ellipsis."""

BIGGEST_INTEGER = 2**53
"""Beyond it a number becomes text, as readers of JSON would round it."""


def sample_of(record: dict[str, object]) -> dict[str, JsonValue]:
    """A copy that is valid JSON whatever the record holds: no surrogates, no NaN, no depth."""
    return {
        _text(name, LONGEST_KEY): _shorten(value, 1)
        for name, value in list(record.items())[:MOST_ITEMS]
    }


def _shorten(value: object, depth: int) -> JsonValue:
    match value:
        case str():
            return _text(value, LONGEST_TEXT)
        case None | bool():
            return value
        case int():
            return value if abs(value) < BIGGEST_INTEGER else _text(str(value), LONGEST_KEY)
        case float():
            return value if math.isfinite(value) else str(value)
        case dict() | list() if depth >= DEEPEST:
            return "…"
        case dict():
            return {
                _text(str(name), LONGEST_KEY): _shorten(item, depth + 1)
                for name, item in list(value.items())[:MOST_ITEMS]
            }
        case list():
            return [_shorten(item, depth + 1) for item in value[:MOST_ITEMS]]
        case _:
            return _text(str(value), LONGEST_TEXT)


def _text(text: str, limit: int) -> str:
    return storable(text if len(text) <= limit else text[: limit - 1] + "…")
