"""Speeds: what they are called, and how simulated time maps to the wall clock."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from vapor_tui.domain.lifecycle import Position, Stage
from vapor_tui.simulation import Pace, SimulationSpec, Timeline

MakeSpec = Callable[..., SimulationSpec]


def timeline_of(make_spec: MakeSpec, epochs: int = 3, seconds_per_step: float = 0.2) -> Timeline:
    spec = make_spec(total_steps=250 * epochs, epochs=epochs)
    return Timeline(spec, seconds_per_step=seconds_per_step)


@pytest.mark.parametrize(
    ("text", "speed"),
    [("auto", None), (" MAX ", math.inf), ("1", 1.0), ("60", 60.0), ("0.5", 0.5), ("1e3", 1000.0)],
)
def test_speeds_are_read(text: str, speed: float | None) -> None:
    pace = Pace.parse(text)
    assert pace.speed == speed
    assert Pace.parse(str(pace)) == pace


@pytest.mark.parametrize("text", ["", "fast", "0", "-1", "nan", "inf", "-inf", "1x", "1e999", "s"])
def test_other_speeds_are_answered_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match='A speed is "auto", "max", a number above 0'):
        Pace.parse(text)


def test_seconds_are_those_of_the_whole_job(make_spec: MakeSpec) -> None:
    pace = Pace.parse("30s")
    assert Pace.parse(str(pace)) == pace
    assert pace.clock(timeline_of(make_spec)).total == pytest.approx(30)


def test_number_is_simulated_seconds_per_wall_second(make_spec: MakeSpec) -> None:
    timeline = timeline_of(make_spec)
    assert Pace.parse("60").wall_at(timeline, 600.0) == pytest.approx(10)
    assert Pace.parse("60").simulated_at(timeline, 10.0) == pytest.approx(600)
    assert Pace.parse("1").clock(timeline).total == timeline.total_seconds


def test_max_waits_for_nothing(make_spec: MakeSpec) -> None:
    timeline = timeline_of(make_spec)
    assert Pace.parse("max").simulated_at(timeline, 0.0) == timeline.total_seconds
    assert Pace.parse("max").wall_at(timeline, 1000.0) == 0.0


@pytest.mark.parametrize("epochs", [1, 3, 20, 100])
@pytest.mark.parametrize("seconds_per_step", [0.01, 0.2, 30.0])
def test_auto_takes_two_minutes_and_little_of_it_for_overhead(
    make_spec: MakeSpec, epochs: int, seconds_per_step: float
) -> None:
    timeline = timeline_of(make_spec, epochs, seconds_per_step)
    clock = Pace().clock(timeline)
    assert clock.total == pytest.approx(120)
    overhead = 0.0
    position = timeline.next_stage(Position())
    while position.stage is not Stage.COMPLETED:
        begun = clock.wall_at(timeline.seconds_at(position))
        length = clock.wall_at(timeline.stage_end(position)) - begun
        assert length > 0
        if position.stage is not Stage.TRAINING:
            assert length <= 2 + 1e-9
            overhead += length
        position = timeline.next_stage(position)
    assert overhead <= 0.2 * clock.total + 1e-6


@pytest.mark.parametrize("text", ["auto", "1", "60"])
def test_the_two_maps_undo_each_other(make_spec: MakeSpec, text: str) -> None:
    timeline = timeline_of(make_spec)
    clock = Pace.parse(text).clock(timeline)
    for share in (0.0, 0.1, 0.31, 0.5, 0.77, 1.0):
        seconds = share * timeline.total_seconds
        assert clock.simulated_at(clock.wall_at(seconds)) == pytest.approx(seconds, abs=1e-6)
    assert clock.simulated_at(clock.total) == timeline.total_seconds
    assert clock.simulated_at(1e9) == timeline.total_seconds
    assert clock.simulated_at(-5.0) == 0.0


@pytest.mark.parametrize("text", ["auto", "max", "600"])
@pytest.mark.parametrize("stop_at", [0.0, 1.0, 30.0, 119.0])
def test_a_run_that_is_resumed_ends_as_one_that_was_not(
    make_spec: MakeSpec, text: str, stop_at: float
) -> None:
    timeline = timeline_of(make_spec)
    clock = Pace.parse(text).clock(timeline)

    def drive(position: Position, until: float) -> tuple[Position, float]:
        begun = clock.wall_at(timeline.seconds_at(position))
        elapsed = 0.0
        while position.stage is not Stage.COMPLETED and elapsed <= until:
            following = timeline.advance(position, clock.simulated_at(begun + elapsed))
            if following == position:
                elapsed += 0.25
            position = following
        return position, elapsed

    halfway, first = drive(Position(), stop_at)
    end, second = drive(halfway, 1e9)
    assert end.stage is Stage.COMPLETED
    assert end.step == 750
    assert first + second == pytest.approx(clock.total, abs=1.0)
