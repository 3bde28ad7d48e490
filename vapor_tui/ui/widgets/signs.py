"""Signs of the configuration form, each with a stand-in for terminals that have ASCII only."""

from __future__ import annotations

_SIGNS = {
    "bolt": ("↯", "bolt"),
    "target": ("◎", "target"),
    "crown": ("♛", "crown"),
    "list": ("▾", "v"),
    "chosen": ("●", "(*)"),
    "other": ("○", "( )"),
    "collapsed": ("▸", ">"),
    "expanded": ("▾", "v"),
}


def sign(name: str, ascii_only: bool) -> str:
    """Return a sign by its name; an unknown name, as of a person's own preset, has none."""
    pretty, plain = _SIGNS.get(name, ("", ""))
    return plain if ascii_only else pretty
