"""Filters that everything drawn goes through last: for ASCII only, and for no colour at all."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.scrollbar import ScrollBarRender

_ALIKE = str.maketrans(
    {
        # States, as in glyphs.ICONS: all different, as beside them the words.
        **dict(zip("◌◔▶‖✓✗⊘", ".~>=+x/", strict=True)),
        # Bars, and small curves from low to high.
        **dict(zip("━╸─", "=>-", strict=True)),
        **dict(zip("▁▂▃▄▅▆▇█", "_.-~=+*#", strict=True)),
        # Borders, frames and axes.
        **dict.fromkeys("╭╮╰╯┌┐└┘├┤┬┴┼╋", "+"),
        **dict.fromkeys("┏┓┗┛╔╗╚╝", "#"),
        **dict.fromkeys("│▏▎▕", "|"),
        **dict.fromkeys("┃▌▐▊▋▍▉║", "#"),
        **dict.fromkeys("┊┆╎╌", ":"),
        **dict.fromkeys("═╍", "="),
        **dict.fromkeys("▔▀", "-"),
        # Marks and lines of curves, as in curve_styles.
        **dict(zip("●■▲◆○□", "*#^@ox", strict=True)),
        **dict(zip("┈╴┄", ".-=", strict=True)),
        # Signs.
        **dict.fromkeys("◉◎◯", "o"),
        **dict.fromkeys("\u203a\u276f→▸►⏵", ">"),
        **dict.fromkeys("\u2039←◂◄", "<"),
        **dict.fromkeys("↑▴", "^"),
        **dict.fromkeys("↓▾▼", "v"),
        **dict(zip("⇧⏎↯♛•·×÷±≈≤≥σ", "^<!#*.x/~~<>s", strict=True)),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        **dict.fromkeys("\u2018\u2019\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u2033", '"'),
        **dict.fromkeys("\u00a0\u2007\u2009\u202f", " "),
        # What was cut goes on: one cell, as only the cells that change are sent.
        "…": "~",
        "🔎": "> ",
        "°": " ",
    }
)
"""What stands for a character, in as many cells."""

_SPELLED = {
    "…": "...",
    "←→": "left/right",
    "↑↓": "up/down",
    "←": "left",
    "→": "right",
    "↑": "up",
    "↓": "down",
    "⏎": "enter",
    "⇧": "shift+",
}


@lru_cache(maxsize=4096)
def in_ascii(text: str) -> str:
    """Return a text of the same width in ASCII; what has no likeness becomes question marks."""
    if text.isascii():
        return text
    alike = text.translate(_ALIKE)
    plain = "".join(c if c.isascii() else "?" * cell_len(c) for c in alike)
    return set_cell_size(plain, cell_len(text))


def spelled_out(text: str) -> str:
    """Return a text or the name of a key in ASCII where it may take more cells."""
    for sign, words in _SPELLED.items():
        text = text.replace(sign, words)
    return text


class AsciiOnly(LineFilter):
    """Puts characters of ASCII in the place of all others."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [Segment(in_ascii(text), style, control) for text, style, control in segments]


class Colourless(LineFilter):
    """Takes every colour away, greys too; bold, underlined and reversed stay."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            Segment(text, style and _without_colour(style), control)
            for text, style, control in segments
        ]


@lru_cache(maxsize=1024)
def _without_colour(style: Style) -> Style:
    return style.without_color


class WholeCells(ScrollBarRender):
    """A scroll bar without the blocks that fill a part of a cell."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "]
    HORIZONTAL_BARS: ClassVar[list[str]] = [" "]
