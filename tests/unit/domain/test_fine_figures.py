"""Figures that stand side by side: told apart where they differ, once where they do not."""

from __future__ import annotations

import pytest

from vapor_tui.domain.formats import file_size, fine_duration, loss_text, money_range


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (45.4, "45s"),
        (59.7, "1m 0s"),
        (1812.0, "30m 12s"),
        (5999.4, "99m 59s"),
        (5999.6, "1h 40m"),
        (181_200.0, "50h 20m"),
        (460_000.0, "5d 8h"),
        (float("inf"), "-"),
    ],
)
def test_a_fine_duration_has_two_units(seconds: float, text: str) -> None:
    assert fine_duration(seconds) == text
    assert len(text) <= 7


@pytest.mark.parametrize("seconds", [900.0, 1800.0, 5990.0, 6100.0, 90_000.0, 350_000.0, 4e5])
def test_a_hundredth_longer_reads_differently(seconds: float) -> None:
    assert fine_duration(seconds) != fine_duration(seconds * 1.011)


def test_a_loss_keeps_its_digits() -> None:
    assert [loss_text(value) for value in (0.21, 2.41, 1.0, None)] == [
        "0.210",
        "2.410",
        "1.000",
        "-",
    ]
    assert loss_text(1234.5) == "1.23e+03"


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1_468_006, "1.4 MiB"), (3 << 40, "3.0 TiB")],
)
def test_a_file_size_has_the_greatest_unit_that_it_fills(size: int, text: str) -> None:
    assert file_size(size) == text


def test_two_sums_that_print_alike_are_one() -> None:
    assert money_range(4.001, 4.004) == "$4.00"
    assert money_range(2.1, 4.0) == "$2.10 … $4.00"
