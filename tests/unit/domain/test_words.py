"""Durations, money, and text from outside as they are shown; the ETA behind a duration."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vapor_tui.domain.eta import PaceMeter
from vapor_tui.domain.formats import duration, money, percent, plain_number, short_count
from vapor_tui.domain.text import printable, storable


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0s"),
        (45, "45s"),
        (59.4, "59s"),
        (59.6, "1m"),
        (725, "12m"),
        (3599, "1h"),
        (3900, "1h 5m"),
        (7195, "2h"),
        (10799, "3h"),
        (86400 * 3 + 3600 * 4, "3d 4h"),
        (None, "-"),
        (math.nan, "-"),
        (-1, "-"),
    ],
)
def test_durations(seconds: float | None, shown: str) -> None:
    assert duration(seconds) == shown


@given(st.floats(min_value=0, max_value=1e9))
def test_a_unit_never_holds_as_much_as_the_next(seconds: float) -> None:
    for number, unit in re.findall(r"(\d+)([smh])", duration(seconds)):
        assert int(number) < {"s": 60, "m": 60, "h": 48}[unit]
    if "d " in (shown := duration(seconds)):
        assert int(shown.split("d ")[1].rstrip("h")) < 24


def test_numbers() -> None:
    assert [plain_number(x) for x in (5e-5, 2e-4, 0.05, 8, 1.0)] == [
        "5e-5",
        "2e-4",
        "0.05",
        "8",
        "1",
    ]
    assert [short_count(x) for x in (999, 200_000, 1_170_340_608)] == ["999", "200k", "1.17B"]
    assert (money(4.324), money(1234.5), money(None)) == ("$4.32", "$1,234.50", "-")


@given(st.text())
def test_nothing_that_a_terminal_obeys_comes_through(text: str) -> None:
    shown = printable(text)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown)
    shown.encode("utf-8")
    storable(text).encode("utf-8")


def test_hostile_text_stays_readable() -> None:
    assert printable("a\x1b]52;c;Zm9v\x07b\nc") == "a\ufffd]52;c;Zm9v\ufffdb c"
    assert printable("x" * 100, 10) == "x" * 9 + "…"
    assert printable("[bold]é日本") == "[bold]é日本"


def test_the_pace_leaves_pauses_out_and_adds_those_to_come() -> None:
    meter = PaceMeter()
    assert meter.remaining(10, 5) is None
    for step in range(1, 5):
        meter.observe(step, clock=step * 2.0)
    assert meter.seconds_per_step == pytest.approx(2.0)

    meter.interrupt()
    meter.observe(5, clock=1000.0)
    meter.observe(6, clock=1002.0)
    assert meter.remaining(10, pauses_left=7) == pytest.approx(27.0)
    assert meter.remaining(0, pauses_left=7) == 7


def test_the_pace_follows_the_latest_samples() -> None:
    meter = PaceMeter()
    for step in range(100):
        meter.observe(step, clock=step * 1.0)
    for step in range(100, 110):
        meter.observe(step, clock=100 + (step - 100) * 3.0)
    found = meter.seconds_per_step
    assert found is not None
    assert 2.8 < found < 3.0


def test_a_run_that_begins_anew_has_a_pace_of_its_own() -> None:
    meter = PaceMeter()
    for step in range(100):
        meter.observe(step, clock=step * 0.1)
    meter.observe(5, clock=20.0)
    assert meter.seconds_per_step is None
    meter.observe(6, clock=24.0)
    assert meter.seconds_per_step == pytest.approx(4.0)


@pytest.mark.parametrize(("interval", "patience"), [(0.5, 5.0), (60.0, 300.0)])
def test_no_step_for_several_usual_intervals_is_quiet(interval: float, patience: float) -> None:
    meter = PaceMeter()
    for step in range(10):
        assert not meter.is_quiet(step * interval)
        meter.observe(step, clock=step * interval)
    last = 9 * interval
    meter.observe(9, clock=last + patience / 2)
    meter.interrupt()
    assert not meter.is_quiet(last + patience)
    assert meter.is_quiet(last + patience + 1)
    meter.observe(10, clock=last + patience + 2)
    assert not meter.is_quiet(last + patience + 3)


@pytest.mark.parametrize(
    ("share", "words"),
    [(0, "0 %"), (0.167, "16 %"), (0.999, "99 %"), (1, "100 %")],
)
def test_percent_is_100_only_when_it_is_all(share: float, words: str) -> None:
    assert percent(share) == words
