"""Text broken into lines by the cells that it takes: a wide character takes two."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len, chop_cells

_ELLIPSIS = "…"
_BREAKS = re.compile(r"(\s+)|(?<=[^\W\d_]{2}-)(?=[^\W\d_]{2})")
"""Where a line may end: at spaces, and after the hyphen of a word like "low-rank"."""


def wrapped(text: str, width: int, most: int | None = None) -> list[str]:
    """Return a text in lines of at most `width` cells; a word that is longer is broken anywhere.

    Of more lines than `most` the last one that is left ends in an ellipsis.
    """
    lines = list(folded(text, width))
    if most is None or len(lines) <= most:
        return lines
    return [*lines[: most - 1], _cut_off(lines[most - 1], width)]


def cut_in_the_middle(text: str, width: int) -> str:
    """Return a text in at most `width` cells: of a path both ends tell more than the middle."""
    if cell_len(text) <= width:
        return text
    kept = max(width - 1, 0)
    begin = chop_cells(text, kept - kept // 2)[0] if kept else ""
    end = chop_cells(text[::-1], kept // 2)[0][::-1] if kept > 1 else ""
    return f"{begin}{_ELLIPSIS}{end}"


def folded(text: str, width: int) -> Iterator[str]:
    """Yield the lines of a text, as they are asked for."""
    line = ""
    for piece in filter(None, _BREAKS.split(text)):
        if cell_len(line + piece) <= width:
            line += " " * len(piece) if piece.isspace() else piece
            continue
        if cell_len(piece) > width and not piece.isspace():
            *full, line = chop_cells(line + piece, width)
        else:
            full, line = [line], piece.lstrip()
        yield from (part.rstrip() for part in full if part.strip())
    if line.strip():
        yield line.rstrip()


def _cut_off(line: str, width: int) -> str:
    """Return a line with an ellipsis at its end, in place of as many words as that takes."""
    while cell_len(f"{line} {_ELLIPSIS}") > width and " " in line:
        line = line.rpartition(" ")[0].rstrip()
    if cell_len(f"{line} {_ELLIPSIS}") <= width:
        return f"{line} {_ELLIPSIS}"
    return chop_cells(line, max(width - 1, 1))[0] + _ELLIPSIS
