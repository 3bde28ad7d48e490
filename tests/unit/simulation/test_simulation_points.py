"""Logged points: any stretch of a run equals the same steps taken one by one."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vapor_tui.domain.metrics import VALUE_COLUMNS, MetricsBlock
from vapor_tui.simulation import SimulationMode, SimulationSpec, evaluate, last_step, simulate

MakeSpec = Callable[..., SimulationSpec]
MODES = list(SimulationMode)


def same(one: MetricsBlock, other: MetricsBlock) -> bool:
    """Say whether two blocks are equal bit for bit."""
    pairs = [(one.step, other.step), (one.epoch, other.epoch)]
    pairs += [(one.column(name), other.column(name)) for name in VALUE_COLUMNS]
    return all(
        (a is None and b is None)
        or (a is not None and b is not None and a.tobytes() == b.tobytes())
        for a, b in pairs
    )


def cut(block: MetricsBlock, part: slice) -> MetricsBlock:
    values = {name: block.column(name) for name in VALUE_COLUMNS}
    return MetricsBlock(
        step=block.step[part],
        epoch=block.epoch[part],
        **{name: v[part] for name, v in values.items() if v is not None},
    )


@given(
    mode=st.sampled_from(MODES),
    interval=st.sampled_from([1, 2, 7, 64, 1000]),
    injection=st.sampled_from([None, "spike@700", "nan@1200", "stall@30"]),
    cuts=st.lists(st.integers(0, 1500), min_size=1, max_size=6),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_blocks_however_cut_equal_the_whole(
    make_spec: MakeSpec, mode: SimulationMode, interval: int, injection: str | None, cuts: list[int]
) -> None:
    spec = make_spec(
        mode=mode,
        total_steps=1500,
        steps_per_epoch=300,
        logging_steps=interval,
        injection=injection,
    )
    whole = simulate(spec, 0, 1500)
    edges = sorted({0, *cuts, 1500})
    at = 0
    for start, stop in pairwise(edges):
        block = simulate(spec, start, stop)
        assert same(block, cut(whole, slice(at, at + len(block))))
        at += len(block)
    assert at == len(whole)


@pytest.mark.parametrize("mode", MODES)
def test_single_steps_of_a_long_run_equal_its_blocks(
    make_spec: MakeSpec, mode: SimulationMode
) -> None:
    spec = make_spec(mode=mode, total_steps=10**7, steps_per_epoch=10**6)
    block = simulate(spec, 9_000_000, 9_040_000)
    for at in (0, 1, 16_383, 16_384, 39_999):
        assert same(simulate(spec, 9_000_000 + at, 9_000_001 + at), cut(block, slice(at, at + 1)))


def test_a_point_is_logged_each_interval_and_at_the_end(make_spec: MakeSpec) -> None:
    spec = make_spec(logging_steps=100)
    assert simulate(spec, 0, 750).step.tolist() == [100, 200, 300, 400, 500, 600, 700, 750]
    assert simulate(spec, 100, 199).step.tolist() == []
    assert simulate(spec, 199, 200).step.tolist() == [200]
    assert simulate(spec, 700, 750).step.tolist() == [750]
    assert simulate(make_spec(logging_steps=10_000), 0, 750).step.tolist() == [750]


def test_a_point_is_the_mean_over_its_steps(make_spec: MakeSpec) -> None:
    # The noise of a step depends on the interval by a hair (N^-0.47 is not N^-0.5), so the
    # law without that dependence is taken.
    every = simulate(make_spec(mode=SimulationMode.EXPONENTIAL), 0, 750)
    some = simulate(make_spec(mode=SimulationMode.EXPONENTIAL, logging_steps=100), 0, 750)
    for name in ("loss", "accuracy", "grad_norm", "tokens_per_second"):
        values, means = every.column(name), some.column(name)
        assert values is not None
        assert means is not None
        assert means[0] == pytest.approx(values[:100].mean(), rel=1e-12)
        assert means[-1] == pytest.approx(values[700:].mean(), rel=1e-12)
    assert every.learning_rate is not None
    assert some.learning_rate is not None
    assert some.learning_rate.tolist() == every.learning_rate[some.step - 1].tolist()
    assert some.epoch.tolist() == (some.step / 250).tolist()


def test_steps_outside_the_run_are_ignored(make_spec: MakeSpec) -> None:
    spec = make_spec()
    assert len(simulate(spec, -5, 3)) == 3
    assert len(simulate(spec, 740, 10_000)) == 10
    for start, stop in ((750, 750), (900, 1000), (5, 5), (8, 3)):
        assert len(simulate(spec, start, stop)) == 0


def test_shortest_run_has_its_one_point(make_spec: MakeSpec) -> None:
    for mode in MODES:
        for shape in ("constant", "linear", "cosine"):
            spec = make_spec(mode=mode, total_steps=1, steps_per_epoch=1, lr_scheduler_type=shape)
            block = simulate(spec, 0, 1)
            assert block.loss is not None
            assert len(block) == 1
            assert np.isfinite(block.loss).all()
            assert np.isfinite(evaluate(spec, 1).eval_loss).all()


def test_throughput_is_unmeasured_where_none_is_known(make_spec: MakeSpec) -> None:
    assert simulate(make_spec(tokens_per_second=0.0), 0, 5).tokens_per_second is None


@pytest.mark.parametrize("mode", MODES)
def test_evaluation_is_one_point_at_the_end_of_its_epoch(
    make_spec: MakeSpec, mode: SimulationMode
) -> None:
    block = evaluate(make_spec(mode=mode), 2)
    assert block.step.tolist() == [500]
    assert block.epoch.tolist() == [2.0]
    assert block.loss is None
    assert block.eval_loss is not None
    assert block.eval_loss[0] > 0


def test_run_that_fails_ends_with_its_failing_point(make_spec: MakeSpec) -> None:
    spec = make_spec(injection="nan@123", logging_steps=50)
    assert last_step(spec) == 123
    block = simulate(spec, 0, 750)
    assert block.step.tolist() == [50, 100, 123]
    assert block.loss is not None
    assert np.isnan(block.loss).tolist() == [False, False, True]


def test_callers_may_write_into_a_block(make_spec: MakeSpec) -> None:
    spec = make_spec()
    block = simulate(spec, 0, 10)
    assert block.loss is not None
    before = block.loss.copy()
    block.loss[:] = 0
    again = simulate(spec, 0, 10).loss
    assert again is not None
    assert again.tolist() == before.tolist()


def test_equal_specs_give_equal_runs_and_seeds_differ(make_spec: MakeSpec) -> None:
    one, same_again, other = (make_spec(seed=s) for s in (1, 1, 2))
    assert same(simulate(one, 0, 750), simulate(same_again, 0, 750))
    assert not same(simulate(one, 0, 750), simulate(other, 0, 750))


@pytest.mark.parametrize(
    ("mode", "step", "loss", "accuracy", "grad_norm", "tokens_per_second"),
    [
        (
            "exponential",
            1,
            2.33270428171349,
            0.02251621237742006,
            1.6718172020327366,
            3647.9646925830207,
        ),
        (
            "exponential",
            750,
            0.31741344295699414,
            0.8597397015859827,
            0.4694288061512031,
            3605.290212276613,
        ),
        (
            "power",
            300,
            0.345978735305232,
            0.858224977181986,
            0.7101010574632507,
            3622.0373682213663,
        ),
        (
            "realistic",
            1,
            0.9414833776608688,
            0.7755362821486707,
            3.238626039693592,
            3647.9646925830207,
        ),
        (
            "realistic",
            300,
            0.08937808883853829,
            0.9761567665653468,
            1.4192383392902352,
            3622.0373682213663,
        ),
    ],
)
def test_known_answers(
    make_spec: MakeSpec,
    mode: str,
    step: int,
    loss: float,
    accuracy: float,
    grad_norm: float,
    tokens_per_second: float,
) -> None:
    """A stored job goes on as it began, on any machine and with any version of NumPy."""
    spec = make_spec(mode=SimulationMode(mode), model_parameters=7e9)
    block = simulate(spec, step - 1, step)
    expected = {
        "loss": loss,
        "accuracy": accuracy,
        "grad_norm": grad_norm,
        "tokens_per_second": tokens_per_second,
    }
    for name, value in expected.items():
        assert block.column(name) == pytest.approx(value, rel=1e-12)
