"""Makes text from outside safe for a terminal."""

from __future__ import annotations

import re

_UNSAFE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL and C1: escape sequences begin here
    "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"  # invisible, bidi
    "\ud800-\udfff"  # lone surrogates cannot be encoded
    "\ufff9-\ufffb\U000e0000-\U000e007f"  # interlinear and tag characters
    "]"
)

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
ELLIPSIS = "…"
NOT_UTF8 = "name is not UTF-8"
"""What is said of a file whose name cannot be stored."""


def printable(text: object, limit: int | None = None) -> str:
    """Return text without anything that a terminal obeys or that hides or reorders.

    Line breaks and tabs become spaces: the result is one line. `limit` cuts it to that many
    characters, the last one an ellipsis. Markup is not touched: show it with markup off.
    """
    line = str(text)
    if limit is not None and len(line) > limit:
        line = line[: max(limit - 1, 0)] + ELLIPSIS
    return _UNSAFE.sub(lambda found: " " if found[0] in "\n\r\t" else REPLACEMENT, line)


def printable_lines(text: str) -> list[str]:
    """Return text of several lines, each of them safe to show."""
    return [printable(line) for line in text.replace("\r\n", "\n").split("\n")]


def storable(text: str) -> str:
    """Return text that UTF-8 can hold: lone surrogates are replaced, nothing else is changed."""
    return text.encode("utf-8", "replace").decode("utf-8")
