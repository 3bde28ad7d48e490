"""Names that are made for jobs."""

from __future__ import annotations

import pytest

from vapor_tui.domain.job_drafts import copy_name, unused_name


@pytest.mark.parametrize(
    ("name", "copy"),
    [("chat", "chat-2"), ("chat-2", "chat-3"), ("run-99", "run-100"), ("a" * 100, "a" * 98 + "-2")],
)
def test_names_of_copies(name: str, copy: str) -> None:
    assert copy_name(name) == copy


@pytest.mark.parametrize("name", ["chat", "chat-2"])
def test_a_copy_gets_a_name_of_its_own(name: str) -> None:
    assert copy_name(name, {"chat", "chat-2", "chat-3", "chat-5"}) == "chat-4"


@pytest.mark.parametrize(
    ("taken", "free"),
    [((), "chat-350"), (["chat-350"], "chat-350-2"), (["chat-350", "chat-350-2"], "chat-350-3")],
)
def test_a_name_that_is_taken_gets_a_number(taken: list[str], free: str) -> None:
    assert unused_name("chat-350", taken) == free


def test_a_long_name_that_is_taken_stays_within_its_length() -> None:
    assert unused_name("a" * 100, ["a" * 100]) == "a" * 98 + "-2"
