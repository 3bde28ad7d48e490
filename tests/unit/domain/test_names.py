"""Names that are made for jobs."""

from __future__ import annotations

import pytest

from vapor_tui.domain.jobs import numbered


@pytest.mark.parametrize(
    ("name", "copy"),
    [("chat", "chat-2"), ("chat-2", "chat-3"), ("run-99", "run-100"), ("a" * 100, "a" * 98 + "-2")],
)
def test_names_of_copies(name: str, copy: str) -> None:
    assert numbered(name) == copy
