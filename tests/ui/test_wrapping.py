"""Text broken into lines: by cells, and as Python's own textwrap does where both agree."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from vapor_tui.ui.wrapping import wrapped

texts = st.text("ab -数据é", max_size=60)
short_words = st.lists(st.text("abc", min_size=1, max_size=7), max_size=30)


@given(texts, st.integers(2, 20), st.none() | st.integers(1, 4))
def test_no_line_is_wider_than_there_is_room(text: str, width: int, most: int | None) -> None:
    lines = wrapped(text, width, most)
    assert all(0 < cell_len(line) <= width for line in lines)
    assert most is None or len(lines) <= most


@given(texts, st.integers(2, 20))
def test_nothing_but_spaces_is_lost(text: str, width: int) -> None:
    assert "".join(wrapped(text, width)).replace(" ", "") == text.replace(" ", "")


@given(short_words, st.integers(9, 40), st.integers(1, 4))
def test_words_go_where_textwrap_puts_them(words: list[str], width: int, most: int) -> None:
    text = " ".join(words)
    assert wrapped(text, width) == textwrap.wrap(text, width)
    expected = textwrap.wrap(text, width, max_lines=most, placeholder=" …")
    assert wrapped(text, width, most) == expected


@pytest.mark.parametrize(
    ("text", "most", "lines"),
    [
        ("a low-rank adapter", None, ["a low-rank", "adapter"]),
        ("the low-rank adapter", None, ["the low-", "rank", "adapter"]),
        ("训练在第二轮结束", None, ["训练在第二", "轮结束"]),
        ("job 训练在第二轮结束", None, ["job 训练在", "第二轮结束"]),
        ("训练在第二轮结束", 1, ["训练在第…"]),
        ("one two three four", 1, ["one two …"]),
        ("", None, []),
    ],
)
def test_where_lines_end(text: str, most: int | None, lines: list[str]) -> None:
    assert wrapped(text, 10, most) == lines
