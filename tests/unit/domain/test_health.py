"""What the watch over a run finds, what it lets pass, and when it says that it is over."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vapor_tui.domain.health.findings import (
    ADVICE,
    Finding,
    HealthChange,
    HealthKind,
    Withdrawn,
    departures,
    standing,
    still_true,
    worth_telling,
)
from vapor_tui.domain.health.settings import HealthSettings
from vapor_tui.domain.health.watch import HealthWatch
from vapor_tui.domain.hyperparameters import Hyperparameters
from vapor_tui.domain.metrics import VALUE_COLUMNS, MetricsBlock
from vapor_tui.domain.notifications import Kind, health_notice
from vapor_tui.simulation import SimulationMode, SimulationSpec, simulate
from vapor_tui.simulation.failures import disturbances_of

POINTS = 300


def run(points: int = POINTS, *, noise: float = 0.05, seed: int = 1) -> MetricsBlock:
    """Return an ordinary run that falls from 2.5 to about 1."""
    draw = np.random.default_rng(seed)
    steps = np.arange(1, points + 1)
    trend = 0.9 + 1.6 * (1 + steps / 10) ** -0.7
    return MetricsBlock(
        step=steps,
        epoch=steps / points,
        loss=trend * np.exp(noise * draw.standard_normal(points)),
        learning_rate=np.full(points, 1e-4),
        grad_norm=0.5 * np.exp(0.2 * draw.standard_normal(points)),
        tokens_per_second=3600 * np.exp(0.03 * draw.standard_normal(points)),
    )


def changed(block: MetricsBlock, name: str, first: int, last: int, factor: float) -> MetricsBlock:
    values = block.column(name)
    assert values is not None
    inside = (block.step >= first) & (block.step <= last)
    return replace(block, **{name: np.where(inside, values * factor, values)})


def part(block: MetricsBlock, start: int, stop: int) -> MetricsBlock:
    columns = {
        name: None if (values := block.column(name)) is None else values[start:stop]
        for name in ("loss", "learning_rate", "grad_norm", "eval_loss", "tokens_per_second")
    }
    return MetricsBlock(block.step[start:stop], block.epoch[start:stop], **columns)


def found(block: MetricsBlock, wanted: HealthSettings | None = None) -> list[tuple[str, int, bool]]:
    """Return what is found in a run that comes a hundred points at a time."""
    watch = HealthWatch(wanted)
    blocks = (part(block, start, start + 100) for start in range(0, len(block), 100))
    return [_told(change) for each in blocks for change in watch.feed(each)]


def _told(change: HealthChange) -> tuple[str, int, bool]:
    return change.finding.kind.value, change.finding.step, change.is_over


def kinds(block: MetricsBlock) -> set[str]:
    return {kind for kind, _, _ in found(block)}


@pytest.mark.parametrize("noise", [0.0, 0.002, 0.05, 0.3])
def test_an_ordinary_run_raises_no_alarm(noise: float) -> None:
    for seed in range(20):
        assert found(run(noise=noise, seed=seed)) == []


@pytest.mark.parametrize("mode", list(SimulationMode))
def test_simulated_runs_raise_no_alarm(mode: SimulationMode) -> None:
    for seed in range(12):
        spec = SimulationSpec(
            Hyperparameters(batch_size=(1, 4, 32)[seed % 3], learning_rate=1e-4),
            total_steps=400,
            steps_per_epoch=400,
            seed=seed,
            data_seed=seed,
            mode=mode,
        )
        assert disturbances_of(spec) == ()
        assert found(simulate(spec, 0, 400)) == []


def test_a_spike_is_noticed_at_once_and_is_over_when_the_loss_is_back() -> None:
    changes = HealthWatch().feed(changed(run(), "loss", 200, 206, 2.0))
    begun, over = (change.finding for change in changes)
    assert (begun.kind, begun.since) == (HealthKind.SPIKE, 200)
    assert begun.step in (200, 201)
    assert begun.advice == ADVICE[HealthKind.SPIKE]
    assert changes[1].is_over
    assert 209 <= over.step <= 212


def test_a_rise_that_stays_becomes_a_divergence() -> None:
    changes = found(changed(run(), "loss", 200, POINTS, 1.8))
    assert [change[0::2] for change in changes] == [
        ("spike", False),
        ("spike", True),
        ("divergence", False),
    ]
    assert changes[2][1] <= 225


def test_a_creeping_rise_is_a_divergence() -> None:
    block = run(600)
    assert block.loss is not None
    creeping = replace(block, loss=block.loss * np.exp(np.maximum(0, block.step - 300) * 0.003))
    assert ("divergence", False) in [change[0::2] for change in found(creeping)]


def test_one_outlier_is_noise_unless_the_gradients_agree() -> None:
    outlier = changed(run(), "loss", 200, 200, 1.6)
    assert found(outlier) == []
    assert kinds(changed(outlier, "grad_norm", 200, 200, 30.0)) == {"spike"}
    assert found(changed(run(), "grad_norm", 200, 200, 100.0)) == []


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_loss_that_is_not_finite_is_found_and_over_after_some_that_are(value: float) -> None:
    block = run()
    assert block.loss is not None
    losses = block.loss.copy()
    losses[99:102] = value
    assert found(replace(block, loss=losses)) == [("nan", 100, False), ("nan", 107, True)]


def test_a_zero_loss_with_a_gradient_norm_that_is_not_finite_hides_nan() -> None:
    block = run()
    assert block.loss is not None
    assert block.grad_norm is not None
    losses, norms = block.loss.copy(), block.grad_norm.copy()
    losses[150:] = 0.0
    assert "nan" not in kinds(replace(block, loss=losses))
    norms[150:] = np.nan
    assert found(replace(block, loss=losses, grad_norm=norms)) == [("nan", 151, False)]


def test_a_loss_that_rests_is_a_plateau_only_while_the_rate_is_high() -> None:
    points = 2_000
    block = run(points)
    flat = np.where(block.step > 100, 1.5, 2.5) * np.exp(0.01 * np.sin(block.step * 7.0))
    rate = np.full(points, 1e-4)
    assert kinds(replace(block, loss=flat, learning_rate=rate)) == {"plateau"}
    falling = 1e-4 * (1 - block.step / points)
    resting = np.where(block.step > 1_200, 1.5, 3 - block.step * 0.00125)
    assert kinds(replace(block, loss=resting, learning_rate=falling**3)) == set()


def test_an_eval_loss_that_rises_while_training_falls_is_overfitting() -> None:
    block = run()
    evaluated = np.full(POINTS, np.nan)
    evaluated[49::50] = [1.6, 1.5, 1.45, 1.50, 1.56, 1.4]
    assert found(replace(block, eval_loss=evaluated)) == [
        ("eval_rising", 250, False),
        ("eval_rising", 300, True),
    ]
    evaluated[49::50] = [1.6, 1.5, 1.45, 1.46, 1.47, 1.46]
    assert found(replace(block, eval_loss=evaluated)) == []


def test_throughput_that_drops_is_noticed_but_one_slow_step_is_not() -> None:
    assert found(changed(run(), "tokens_per_second", 100, 101, 0.01)) == []
    slow = found(changed(run(), "tokens_per_second", 100, 200, 0.4))
    assert [change[0::2] for change in slow] == [("slow", False), ("slow", True)]


def test_what_is_switched_off_is_not_found() -> None:
    spiked = changed(run(), "loss", 200, 206, 2.0)
    assert found(spiked, HealthSettings(divergence=False)) == []
    assert found(spiked, HealthSettings(enabled=False)) == []
    assert found(spiked, HealthSettings(divergence_rise=5.0)) == []


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, POINTS), max_size=12), st.integers(0, 3))
def test_findings_do_not_depend_on_how_a_run_is_cut_into_blocks(cuts: list[int], seed: int) -> None:
    whole = changed(run(250, seed=seed), "loss", 150, 158, 2.2)
    watch, at_once = HealthWatch(), HealthWatch().feed(whole)
    ends = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    assert [c for a, b in pairwise(ends) for c in watch.feed(part(whole, a, b))] == at_once
    assert at_once


def test_a_fault_in_a_very_long_block_is_not_passed_over() -> None:
    block = run(8_192)
    changes = HealthWatch().feed(changed(block, "loss", 5_001, 5_010, 2.0))
    assert [_told(change)[0::2] for change in changes] == [("spike", False), ("spike", True)]
    assert block.loss is not None
    losses = block.loss.copy()
    losses[7_001] = np.nan
    [nan, *_] = HealthWatch().feed(replace(block, loss=losses))
    assert _told(nan) == ("nan", 7_002, False)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(allow_nan=True, allow_infinity=True),
            st.floats(allow_nan=True, allow_infinity=True),
            st.floats(allow_nan=True, allow_infinity=True),
        ),
        min_size=1,
        max_size=400,
    )
)
def test_no_values_break_the_watch(rows: list[tuple[float, float, float]]) -> None:
    loss, norm, other = (np.array(column) for column in zip(*rows, strict=True))
    steps = np.arange(1, len(rows) + 1)
    block = MetricsBlock(
        steps, steps * 1.0, loss, None, other, norm, eval_loss=other, tokens_per_second=norm
    )
    watch = HealthWatch()
    changes = watch.feed(block)
    assert standing(changes) == {k: watch.active[k] for k in HealthKind if k in watch.active}


def test_a_watch_that_is_rebuilt_finds_nothing_twice() -> None:
    whole = changed(run(), "loss", 200, 230, 2.0)
    first = HealthWatch()
    before = first.feed(part(whole, 0, 210))
    assert [c.finding.kind for c in before] == [HealthKind.SPIKE]
    second = HealthWatch()
    assert second.resume(part(whole, 0, 210), standing(before)) == []
    after = second.feed(part(whole, 210, POINTS))
    assert [c.is_over for c in after if c.finding.kind is HealthKind.SPIKE] == [True]
    assert after == first.feed(part(whole, 210, POINTS))


def test_what_is_over_while_nobody_watched_is_said_to_be() -> None:
    spike = Finding(HealthKind.SPIKE, 50, "The loss has jumped from 1 to 2")
    nan = Finding(HealthKind.NAN, 60, "The loss is NaN")
    watch = HealthWatch()
    over = watch.resume(run(), {HealthKind.SPIKE: spike, HealthKind.NAN: nan})
    assert {c.finding.kind for c in over if c.is_over} == {HealthKind.SPIKE, HealthKind.NAN}
    assert watch.active == {}


def test_a_stall_is_noticed_without_a_step_and_over_with_one() -> None:
    watch, clock = HealthWatch(), 0.0
    watch.training(clock)
    for _ in range(20):
        clock += 5.0
        for late in (4.0, 3.0, 2.0, 1.0, 0.0):
            assert watch.look(clock - late) == []
        assert watch.steps_came(clock) == []
    noticed = [clock + s for s in range(1, 200) if watch.look(clock + s)]
    assert [round(at - clock) for at in noticed] == [60]
    over = watch.steps_came(clock + 200)
    assert [(c.finding.kind, c.is_over) for c in over] == [(HealthKind.STALLED, True)]


def test_a_pause_or_a_suspended_watcher_is_no_stall() -> None:
    watch, clock = HealthWatch(), 0.0
    watch.training(clock)
    for _ in range(10):
        clock += 1.0
        watch.steps_came(clock)
    assert watch.interrupted(clock) == []
    assert [s for s in range(1, 600) if watch.look(clock + s)] == []
    clock += 600
    watch.training(clock)
    watch.steps_came(clock + 1)
    assert watch.look(clock + 3_600) == [], "one look after an hour saw no hour pass"
    again = clock + 3_600
    assert [s for s in range(1, 1_500) if watch.look(again + s)] == []
    assert watch.look(again + 1_900) == []
    assert any(watch.look(again + 1_900 + s) for s in range(1, 500)), "three such pauses at most"


def test_a_fast_simulated_clock_shortens_the_least_wait() -> None:
    watch = HealthWatch()
    watch.training(0.0)
    for at in range(1, 6):
        watch.steps_came(at * 0.25, pace=10.0)
    assert [s for s in range(2, 20) if watch.look(float(s))] == [8]


@given(st.sampled_from(list(HealthKind)), st.integers(0, 10**12), st.text(), st.booleans())
def test_a_change_is_read_back_from_the_history(
    kind: HealthKind, step: int, what: str, is_over: bool
) -> None:
    change = HealthChange(Finding(kind, step, what), is_over)
    assert HealthChange.parse(kind.value, change.note, is_over=is_over) == change


@given(st.text(), st.text())
def test_foreign_lines_of_the_history_are_passed_over(kind: str, note: str) -> None:
    assert HealthChange.parse(f"x{kind}", note, is_over=False) is None
    assert HealthChange.parse("nan", note.replace(":", ""), is_over=False) is None


def _change(kind: HealthKind, step: int = 1, *, is_over: bool = False) -> HealthChange:
    return HealthChange(Finding(kind, step, "It is so"), is_over)


def test_each_kind_is_told_once_and_a_blow_up_only_when_it_gets_worse() -> None:
    spike, nan, stalled = HealthKind.SPIKE, HealthKind.NAN, HealthKind.STALLED
    told = [f.kind for f in worth_telling([_change(spike), _change(nan), _change(stalled)], [])]
    assert told == [nan, stalled]
    assert [f.kind for f in worth_telling([_change(nan)], [spike])] == [nan]
    assert list(worth_telling([_change(spike), _change(stalled)], [nan, stalled])) == []
    assert list(worth_telling([_change(HealthKind.PLATEAU), _change(HealthKind.SLOW)], [])) == []
    assert list(worth_telling([_change(nan, is_over=True)], [])) == []


def test_notices_name_the_job_the_step_and_what_to_do() -> None:
    finding = Finding(HealthKind.DIVERGENCE, 1_200, "The loss has risen")
    notice = health_notice("bot", finding)
    assert notice.kind is Kind.DIVERGENCE
    assert notice.message == f'"bot", step 1,200: The loss has risen. {finding.advice}'
    assert health_notice("bot", replace(finding, kind=HealthKind.STALLED)).kind is Kind.STALLED


def test_departures_are_the_stretches_that_say_nothing_about_the_rest() -> None:
    spike = HealthKind.SPIKE
    changes = [_change(spike, 10), _change(spike, 20, is_over=True), _change(HealthKind.NAN, 40)]
    assert departures(changes, 50) == [(10, 20), (40, 50)]


def with_gaps(block: MetricsBlock, **gaps: np.ndarray) -> MetricsBlock:
    """Return a block with NaN and a gap where the flags of a column say so."""
    flags = np.zeros((len(VALUE_COLUMNS), len(block)), dtype=np.bool_)
    columns = {}
    for name, missing in gaps.items():
        flags[VALUE_COLUMNS.index(name)] = missing
        columns[name] = np.where(missing, np.nan, block.column(name))
    return replace(block, gaps=flags, **columns)


@pytest.mark.parametrize("points", [200, 2_000])
def test_a_loss_that_was_not_logged_is_no_nan(points: int) -> None:
    block = run(points)
    sparse = with_gaps(block, loss=block.step % 2 == 1)
    watch = HealthWatch()
    assert watch.feed(sparse) == []
    later = run(points + 10)
    spoilt = changed(part(later, points, points + 10), "loss", 0, 10**6, np.nan)
    assert [_told(change)[0] for change in watch.feed(spoilt)] == ["nan"]


def test_losses_that_come_again_or_late_are_not_judged_again() -> None:
    block = run()
    watch = HealthWatch()
    assert watch.feed(block) == []
    for start in range(0, 40, 5):
        assert watch.feed(part(block, start, start + 5)) == []


def test_an_evaluation_counts_though_it_comes_behind_its_step() -> None:
    falling = np.linspace(2.0, 0.5, POINTS)
    block = replace(run(), loss=falling)
    watch, told = HealthWatch(), []
    for start in range(0, POINTS, 10):
        watch.feed(part(block, start, start + 10))
        step = block.step[start + 9 : start + 10]
        late = MetricsBlock(step, step / POINTS, eval_loss=1 + abs(step - 100) / 100)
        told += [change.finding.kind for change in watch.feed(late)]
    assert told == [HealthKind.EVAL_RISING]


def test_what_was_found_at_points_that_are_void_does_not_count() -> None:
    spike, over = _change(HealthKind.SPIKE, 50), _change(HealthKind.SPIKE, 60, is_over=True)
    nan = _change(HealthKind.NAN, 200)
    assert still_true([spike, over, nan, Withdrawn(100)]) == [spike, over]
    assert still_true([spike, over, nan, Withdrawn(1), nan]) == [nan]
    assert Withdrawn.parse(Withdrawn(100).note) == Withdrawn(100)
    assert Withdrawn.parse("from the beginning") is None


def test_what_was_found_before_a_run_is_started_again_from_a_later_step_is_over() -> None:
    watch = HealthWatch()
    watch.feed(changed(run(), "loss", 100, 10**6, np.nan))
    assert watch.withdrawn(100) == []
    assert [_told(change) for change in watch.withdrawn(200)] == [("nan", 199, True)]
