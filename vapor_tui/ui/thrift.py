"""Sends the cells that changed and no more: over SSH every byte of a frame is waited for."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate


class ChangedCells(ChopsUpdate):
    """A partial update that begins each span at its first changed cell.

    Textual's own sends a line from the left edge of its widget on: a figure at the right end
    of a table costs the whole row.
    """

    def render_segments(self, console: Console) -> str:
        sequences = []
        for y, first, end in self.spans:
            for chop_end, (chop, strip) in zip(
                self.chop_ends[y], self.chops[y].items(), strict=False
            ):
                begin, until = max(chop, first), min(chop_end, end)
                if strip is None or begin >= until:
                    continue
                changed = strip.crop(begin - chop, until - chop)
                sequences += [Control.move_to(begin, y).segment.text, changed.render(console)]
        return "".join(sequences)


def thrifty(update: Any) -> Any:
    """Return what is to be drawn, with every partial update cut to what changed."""
    if type(update) is ChopsUpdate:
        return ChangedCells(update.chops, update.spans, update.chop_ends)
    return update
