"""How figures grow: each against the number that could make it grow."""

from __future__ import annotations


def report(*, short: bool, as_json: bool) -> str:
    return ""
