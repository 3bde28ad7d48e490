"""Partial updates: what is sent of a line."""

from __future__ import annotations

import pyte
import pytest
from rich.console import Console
from rich.segment import Segment
from textual._compositor import ChopsUpdate
from textual.strip import Strip

from vapor_tui.ui.thrift import thrifty
from vapor_tui.ui.widgets.lines import changed_cells

WIDTH = 20


def sent(text: str, *spans: tuple[int, int], cut: int = WIDTH) -> str:
    """Return what is written of a line of which these spans have changed."""
    whole = Strip([Segment(text)])
    parts = {0: whole.crop(0, cut)} | ({cut: whole.crop(cut, WIDTH)} if cut < WIDTH else {})
    ends = [*list(parts)[1:], WIDTH]
    update = thrifty(ChopsUpdate([parts], [(0, *span) for span in spans], [ends]))
    return str(update.render_segments(Console(width=WIDTH, color_system=None)))


def test_only_what_changed_is_sent() -> None:
    text = sent("0123456789abcdefghij", (4, 6), (17, 18))
    assert "45" in text
    assert "h" in text
    assert not set("0123") & set(text.replace("\x1b[1;5H", "").replace("\x1b[1;18H", ""))
    assert "g" not in text


def test_a_span_over_two_widgets_is_sent_whole() -> None:
    text = sent("0123456789abcdefghij", (8, 12), cut=10)
    assert "89" in text
    assert "ab" in text
    assert "c" not in text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("step 100", "step 107"),
        ("名前 running", "名前 stopped"),
        ("a名b", "a字b"),
        ("ab名", "名ab"),
        ("名名名", "a名名b"),
    ],
)
def test_the_screen_is_as_if_all_was_drawn(before: str, after: str) -> None:
    screen = pyte.Screen(WIDTH, 1)
    stream = pyte.Stream(screen)
    stream.feed(before)
    span = changed_cells(((before, ""),), ((after, ""),))
    stream.feed(sent(after, span))
    drawn = pyte.Screen(WIDTH, 1)
    pyte.Stream(drawn).feed(after)
    assert screen.display == drawn.display
