"""What is said of a dataset, as lines, without a screen."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import AddDataset
from tests.ui.support import NOON
from vapor_tui.domain.datasets import (
    Dataset,
    DatasetFormat,
    DatasetStatistics,
    DatasetStatus,
    LineError,
    TokenBin,
)
from vapor_tui.ui.dataset_lines import detail_lines, histogram_lines, turns_of, wrapped
from vapor_tui.ui.dataset_rows import LAYOUTS, Cell
from vapor_tui.ui.table_rows import layout_for
from vapor_tui.ui.widgets.lines import Line, line_width

BINS = (
    TokenBin(at_least=64, at_most=127, records=1),
    TokenBin(at_least=128, at_most=255, records=100_000),
    TokenBin(at_least=256, at_most=511, records=0),
    TokenBin(at_least=512, at_most=1023, records=50_000),
)
NARROWEST = 43
"""The room that the pane beside the list has."""
WIDTHS = [1, 5, 20, 43, 110]


def plain(lines: list[Line]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


def test_histogram() -> None:
    assert plain(histogram_lines(BINS, 30)) == [
        "   64–127 ╸                  1",
        "  128–255 ━━━━━━━━━━━━ 100,000",
        "  256–511                    0",
        "512–1,023 ━━━━━━        50,000",
    ]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_histogram_keeps_to_its_width_and_never_hides_a_bin(width: int) -> None:
    lines = histogram_lines(BINS, width)
    assert len(lines) == len(BINS)
    assert len({line_width(line) for line in lines}) == 1
    assert line_width(lines[0]) == max(width, 9 + 1 + 1 + 1 + 7)


def test_text_is_wrapped_at_spaces_and_made_printable() -> None:
    assert wrapped("one two three", 7) == ["one two", "three"]
    assert wrapped("one\ntwo\n\nthree", 20) == ["one", "two", "", "three"]
    assert wrapped("abcdefgh", 3) == ["abc", "def", "gh"]
    assert wrapped("日本語", 4) == ["日本", "語"]
    assert wrapped("日本語", 1) == ["日", "本", "語"]
    assert wrapped("\x1b[31mred\u202e", 80) == ["�[31mred�"]
    assert wrapped("", 5) == [""]
    assert wrapped("a b c d e", 1, most=3) == ["a", "b", "…"]
    assert wrapped("a b c", 1, most=3) == ["a", "b", "c"]


def test_who_says_what() -> None:
    messages = {
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "hi"}]},
            {"role": "assistant", "content": None, "tool_calls": [1]},
            "odd",
        ]
    }
    assert list(turns_of(messages, DatasetFormat.MESSAGES)) == [
        ("user", "hi"),
        ("assistant", '{"role": "assistant", "content": null, "tool_calls": [1]}'),
        ("", "odd"),
    ]
    talk = {"conversations": [{"from": "human", "value": "hi"}]}
    assert list(turns_of(talk, DatasetFormat.CONVERSATIONS)) == [("human", "hi")]
    pair = {"instruction": "do", "input": "", "output": {"a": 1}}
    assert list(turns_of(pair, DatasetFormat.INSTRUCTION)) == [
        ("instruction", "do"),
        ("output", '{"a": 1}'),
    ]


def statistics(**values: Any) -> DatasetStatistics:
    return DatasetStatistics(token_counter="estimate: UTF-8 bytes / 4", **values)


def test_everything_that_is_known_is_said(add_dataset_row: AddDataset) -> None:
    dataset = add_dataset_row(
        total_validation_pairs=50,
        statistics=statistics(
            records=1010,
            bad_records=10,
            share_over_max_sequence_length=0.125,
            token_histogram=BINS,
        ),
        validation_errors=[LineError(line=1200, message="not valid JSON")],
        sample_data=[{"messages": [{"role": "user", "content": "hello"}]}],
    )
    text = "\n".join(plain(detail_lines(dataset, 80, NOON)))
    for expected in (
        "✓ ready   messages",
        "training    1,000 pairs",
        "validation  50 pairs",
        "tokens      200,000  estimated",
        "turns       2.0  per conversation",
        "100.0  tokens per turn",
        "too long    12.5%  over 2,048 tokens",
        "records     1,010  10 bad",
        "128–255 ━",
        "line 1,200  not valid JSON",
        "and 9 more",
        "path        /data/support-chats.jsonl",
        f"sha256      {dataset.sha256}",
        "  user\n    hello",
    ):
        assert expected in text, expected


def test_a_row_of_an_older_program_has_no_histogram(add_dataset_row: AddDataset) -> None:
    text = "\n".join(plain(detail_lines(add_dataset_row(statistics=None), 80, NOON)))
    assert "training    1,000 pairs" in text
    assert "Tokens per record" not in text
    counted = add_dataset_row("c", statistics=DatasetStatistics(token_counter="tokenizer.json"))
    text = "\n".join(plain(detail_lines(counted, 80, NOON)))
    assert "200,000  counted with tokenizer.json" in text


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("status", DatasetStatus)
def test_no_line_is_wider_than_its_place(
    add_dataset_row: AddDataset, width: int, status: DatasetStatus
) -> None:
    dataset = add_dataset_row(
        "日本" * 20,
        status=status,
        training_ready=status is DatasetStatus.READY,
        total_training_pairs=9_999_999,
        reason="a reason " * 20,
        statistics=statistics(token_histogram=BINS),
        validation_errors=[LineError(line=3, message="x" * 200)],
        sample_data=[{"messages": [{"role": "user", "content": "日本" * 99 + " word" * 50}]}],
    )
    lines = detail_lines(dataset, width, NOON)
    if width >= NARROWEST:
        assert max(map(line_width, lines)) <= width
    rows = layout_for(LAYOUTS, width).heading(width), _row(dataset, width)
    assert {line_width(row) for row in rows} == {max(width, 2)}


def _row(dataset: Dataset, width: int) -> Line:
    cell = Cell(dataset, 0.5, NOON)
    return layout_for(LAYOUTS, width).row(cell, width, is_current=True, has_focus=True)
