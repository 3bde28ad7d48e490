"""Tags and notes as they are typed and as they are stored."""

from __future__ import annotations

import pytest

from vapor_tui.domain.annotations import check_note, check_tags, without
from vapor_tui.domain.results import Ok, Refused


@pytest.mark.parametrize(
    ("texts", "tags"),
    [
        ([], ()),
        ([" , ,"], ()),
        (["baseline, lr sweep"], ("baseline", "lr sweep")),
        (["  spaced\t\n out "], ("spaced out",)),
        (["A", "a", "b,A"], ("A", "b")),
        (["lone \udc80"], ("lone ?",)),
        (["x" * 40], ("x" * 40,)),
    ],
)
def test_tags_are_words_between_commas(texts: list[str], tags: tuple[str, ...]) -> None:
    assert check_tags(texts) == Ok(tags)


def test_tags_have_limits() -> None:
    assert check_tags(["x" * 41]) == Refused(
        "A tag must be at most 40 characters", {"tags": "A tag must be at most 40 characters"}
    )
    assert isinstance(check_tags([str(n) for n in range(20)]), Ok)
    many = check_tags([str(n) for n in range(21)])
    assert isinstance(many, Refused)
    assert many.error == "At most 20 tags on a job"


def test_tags_are_taken_away_whatever_their_case() -> None:
    assert without(["Base", "b"], ["bASE", "none"]) == ["b"]


def test_a_note_keeps_its_lines_and_has_a_limit() -> None:
    assert check_note("\n one\r\ntwo \n\n") == Ok("one\ntwo")
    assert isinstance(check_note("n" * 10_000), Ok)
    long = check_note("n" * 10_001)
    assert isinstance(long, Refused)
    assert long.error == "A note must be at most 10,000 characters; this has 10,001"
