"""What the terminal can show, as far as its environment says."""

from __future__ import annotations

import locale
import os
import re
from collections.abc import Mapping

_CANNOT_BE_DRAWN_ON = ("dumb", "unknown")
_FEW_GLYPHS = re.compile(r"(linux|vt\d+|cons\d+|ansi|sun)\b(?!\w)")
"""Consoles and old terminals, whose fonts have a few hundred characters at most."""


def can_be_drawn_on(environment: Mapping[str, str] = os.environ) -> bool:
    """Say whether the terminal obeys escape sequences at all."""
    return environment.get("TERM") not in _CANNOT_BE_DRAWN_ON


def draws_ascii(
    wanted: bool | None, environment: Mapping[str, str] = os.environ, encoding: str | None = None
) -> bool:
    """Say whether to draw with ASCII alone: as a person wants it, else as the terminal needs it.

    `encoding` is that of the locale. Python puts UTF-8 in the place of a locale that is not set
    at all, as it is in most containers; LC_ALL=C is taken at its word.
    """
    if wanted is not None:
        return wanted
    if os.name == "nt":
        return False  # the locale says nothing there about the terminal
    name = encoding or locale.getencoding()
    is_utf_8 = name.lower().replace("-", "").replace("_", "") == "utf8"
    return not is_utf_8 or _FEW_GLYPHS.match(environment.get("TERM", "")) is not None
