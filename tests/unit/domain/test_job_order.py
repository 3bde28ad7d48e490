"""Orders of the list as they are typed."""

from __future__ import annotations

from vapor_tui.domain.job_pages import (
    Sort,
    parse_sort,
)
from vapor_tui.domain.results import Ok, Refused


def test_an_order_is_a_word_that_may_be_reversed() -> None:
    assert parse_sort("cost") == Ok((Sort.COST, False))
    assert parse_sort("-loss") == Ok((Sort.LOSS, True))
    wrong = parse_sort("-price")
    assert isinstance(wrong, Refused)
    assert wrong.error.startswith('There is no order "price"; there are newest, ')


def test_which_orders_begin_with_the_largest() -> None:
    assert Sort.NEWEST.falls()
    assert not Sort.NEWEST.falls(is_reversed=True)
    assert not Sort.LOSS.falls()
    assert Sort.LOSS.falls(is_reversed=True)
