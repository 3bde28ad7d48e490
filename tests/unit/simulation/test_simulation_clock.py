"""The simulated clock: stages in order, whole steps, and a total near the estimate."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vapor_tui.domain.lifecycle import Position, Stage
from vapor_tui.simulation import SimulationSpec, Timeline, simulate
from vapor_tui.simulation.throughput import Throughput

MakeSpec = Callable[..., SimulationSpec]
STEP_SECONDS = 2 / 9


def positions(timeline: Timeline, times: list[float]) -> list[Position]:
    """Every position that a runner comes by which looks at the clock at these times."""
    found = [Position()]
    for now in times:
        while (following := timeline.advance(found[-1], now)) != found[-1]:
            found.append(following)
    return found


@pytest.fixture
def timeline(make_spec: MakeSpec) -> Timeline:
    return Timeline(make_spec(), seconds_per_step=STEP_SECONDS)


def test_total_is_the_estimate_within_two_per_cent(make_spec: MakeSpec) -> None:
    for seed in range(200):
        for steps in (3, 30, 750, 100_000):
            spec = make_spec(seed=seed, total_steps=steps, steps_per_epoch=-(-steps // 3))
            timeline = Timeline(spec, seconds_per_step=STEP_SECONDS)
            overhead = 600 + 3 * 300 + 300
            training = timeline.total_seconds - overhead
            assert training == pytest.approx(steps * STEP_SECONDS, rel=0.0201)


def test_every_stage_is_seen_in_order(timeline: Timeline) -> None:
    seen = []
    for position in positions(timeline, [timeline.total_seconds]):
        seen.append((position.stage, position.epoch, position.step))
    assert seen == [
        (Stage.QUEUED, 0, 0),
        (Stage.INITIALIZING, 0, 0),
        (Stage.TRAINING, 1, 0),
        (Stage.VALIDATING, 1, 250),
        (Stage.TRAINING, 2, 250),
        (Stage.VALIDATING, 2, 500),
        (Stage.TRAINING, 3, 500),
        (Stage.VALIDATING, 3, 750),
        (Stage.SAVING, 3, 750),
        (Stage.COMPLETED, 3, 750),
    ]


def test_overhead_stages_take_the_seconds_of_the_estimate(timeline: Timeline) -> None:
    by_stage = {}
    for position in positions(timeline, [timeline.total_seconds])[:-1]:
        spent = timeline.stage_end(position) - timeline.seconds_at(position)
        by_stage[position.stage] = by_stage.get(position.stage, 0.0) + spent
    assert by_stage[Stage.INITIALIZING] == pytest.approx(600)
    assert by_stage[Stage.VALIDATING] == pytest.approx(900)
    assert by_stage[Stage.SAVING] == pytest.approx(300)
    assert sum(by_stage.values()) == pytest.approx(timeline.total_seconds)


@given(
    times=st.lists(st.floats(0, 2100), max_size=12),
    injection=st.sampled_from([None, "stall@1", "stall@250", "stall@251", "stall@750"]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_position_does_not_depend_on_when_one_looked(
    make_spec: MakeSpec, times: list[float], injection: str | None
) -> None:
    timeline = Timeline(make_spec(injection=injection), seconds_per_step=STEP_SECONDS)
    end = max(times, default=0.0)
    often = positions(timeline, sorted([*times, end]))[-1]
    once = positions(timeline, [end])[-1]
    assert replace(often, seconds=0.0) == replace(once, seconds=0.0)
    assert often.seconds == pytest.approx(once.seconds, abs=1e-6)


@given(at=st.floats(0, 2000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_position_is_the_furthest_that_the_time_allows(make_spec: MakeSpec, at: float) -> None:
    timeline = Timeline(make_spec(), seconds_per_step=STEP_SECONDS)
    position = positions(timeline, [at])[-1]
    if position.stage is Stage.COMPLETED:
        assert at >= timeline.total_seconds
        return
    assert timeline.seconds_at(position) <= at + 1e-6
    assert at < timeline.stage_end(position)
    if position.stage is Stage.TRAINING:
        assert timeline.seconds_at(replace(position, step=position.step + 1)) > at
    else:
        assert timeline.seconds_at(position) == pytest.approx(at, abs=1e-6)


def test_each_step_counts_at_its_very_second(make_spec: MakeSpec) -> None:
    timeline = Timeline(make_spec(), seconds_per_step=STEP_SECONDS)
    position = Position(Stage.TRAINING, epoch=1)
    for step in range(1, 250):
        reached = Position(Stage.TRAINING, epoch=1, step=step)
        assert timeline.advance(position, timeline.seconds_at(reached)) == reached


def test_time_never_runs_backwards(timeline: Timeline) -> None:
    for position in (
        Position(Stage.INITIALIZING, seconds=50.0),
        Position(Stage.TRAINING, epoch=2, step=300),
        Position(Stage.VALIDATING, epoch=2, step=500, seconds=7.0),
    ):
        assert timeline.advance(position, 0.0) == position


def test_stall_holds_one_step(make_spec: MakeSpec) -> None:
    plain = Timeline(make_spec(), seconds_per_step=STEP_SECONDS)
    stalled = Timeline(make_spec(injection="stall@300"), seconds_per_step=STEP_SECONDS)
    assert stalled.training_seconds(299) == plain.training_seconds(299)
    more = stalled.training_seconds(300) - plain.training_seconds(300)
    assert more == pytest.approx(600)
    assert stalled.total_seconds - plain.total_seconds == pytest.approx(more)
    before = Position(Stage.TRAINING, epoch=2, step=299)
    now = stalled.seconds_at(before)
    assert stalled.advance(before, now + 0.9 * more) == before
    assert stalled.advance(before, now + more + 1).step > 300
    speed = simulate(make_spec(injection="stall@300"), 298, 301).tokens_per_second
    assert speed is not None
    assert speed[1] < 0.02 * speed[0]


def test_throughput_and_clock_agree(make_spec: MakeSpec) -> None:
    for steps, interval in ((10, 1), (750, 1), (50_000, 7)):
        spec = make_spec(total_steps=steps, steps_per_epoch=steps, logging_steps=interval)
        timeline = Timeline(spec, seconds_per_step=STEP_SECONDS)
        if interval == 1:
            speed = simulate(spec, 0, steps).tokens_per_second
            assert speed is not None
            seconds = np.diff([timeline.training_seconds(k) for k in range(steps + 1)])
            assert speed == pytest.approx(3600 * STEP_SECONDS / seconds, rel=1e-9)


def test_throughput_wavers_by_nothing_to_eleven_per_cent(make_spec: MakeSpec) -> None:
    spreads = []
    for seed in range(300):
        factors = Throughput(make_spec(seed=seed, total_steps=10_000)).factors
        spreads.append(factors.std() / factors.mean())
        assert 0.85 < factors.min() <= factors.max() < 1.15
    assert min(spreads) < 0.005
    assert 0.01 < float(np.median(spreads)) < 0.04
    assert max(spreads) < 0.06


def test_huge_jobs_are_cheap(make_spec: MakeSpec) -> None:
    begun = time.perf_counter()
    spec = make_spec(total_steps=10**7, steps_per_epoch=10**5, epochs=100)
    timeline = Timeline(spec, seconds_per_step=0.2)
    position = Position(Stage.TRAINING, epoch=1)
    for fraction in (0.1, 0.5, 0.9):
        position = timeline.advance(position, 600 + fraction * 10**5 * 0.2)
    assert 85_000 < position.step < 95_000
    assert len(Throughput(spec).factors) <= 4096
    assert time.perf_counter() - begun < 0.5


def test_steps_without_time_are_all_done_at_once(make_spec: MakeSpec) -> None:
    timeline = Timeline(make_spec(), seconds_per_step=0.0)
    assert positions(timeline, [600.0])[-1].stage is Stage.VALIDATING
    assert positions(timeline, [10_000.0])[-1].stage is Stage.COMPLETED
