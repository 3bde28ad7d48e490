"""The exponential and power laws, as the specification states them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from vapor_tui.simulation import SimulationMode, SimulationSpec, evaluate, simulate

MakeSpec = Callable[..., SimulationSpec]
EXPONENTIAL, POWER = SimulationMode.EXPONENTIAL, SimulationMode.POWER


def averaged(make_spec: MakeSpec, mode: SimulationMode, runs: int = 400) -> np.ndarray:
    """Losses of many seeds, shape (runs, 750)."""
    losses = [simulate(make_spec(mode=mode, seed=s), 0, 750).loss for s in range(runs)]
    return np.array(losses)


def test_exponential_decay_follows_its_formula(make_spec: MakeSpec) -> None:
    losses = averaged(make_spec, EXPONENTIAL)
    progress = np.arange(1, 751) / 750
    expected = 0.3 + 2.2 * np.exp(-5 * progress)
    assert losses.mean(axis=0) == pytest.approx(expected, abs=0.02)


def test_exponential_noise_shrinks_as_stated(make_spec: MakeSpec) -> None:
    # Neighbouring steps differ by noise alone, up to a fall that is small against it.
    losses = averaged(make_spec, EXPONENTIAL)
    for step in (100, 375, 740):
        differences = np.diff(losses[:, step - 5 : step + 5], axis=1)
        sd = (differences - differences.mean(axis=0)).std() / np.sqrt(2)
        assert sd == pytest.approx(0.03 * (1 - 0.8 * step / 750), rel=0.06)


@pytest.mark.parametrize("mode", [EXPONENTIAL, POWER])
def test_loss_starts_near_2_5_and_ends_near_0_3(make_spec: MakeSpec, mode: SimulationMode) -> None:
    losses = averaged(make_spec, mode, 100)
    assert np.abs(losses[:, 0] - 2.5).max() < 0.3
    assert np.abs(losses[:, -1] - 0.3).max() < 0.1
    assert losses.min() >= 0.05
    assert len(np.unique(losses[:, 0])) == 100


def test_accuracy_is_one_minus_relative_loss_within_a_hundredth(make_spec: MakeSpec) -> None:
    for seed in range(20):
        spec = make_spec(mode=EXPONENTIAL, seed=seed)
        block = simulate(spec, 0, 750)
        assert block.loss is not None
        assert block.accuracy is not None
        assert block.accuracy.min() >= 0
        assert block.accuracy.max() <= 1
        # The initial loss is what makes accuracy + loss / initial equal 1 on average.
        inner = slice(50, None)
        initial = block.loss[inner].sum() / (1 - block.accuracy[inner]).sum()
        assert initial == pytest.approx(2.5, abs=0.2)
        noise = block.accuracy[inner] - (1 - block.loss[inner] / initial)
        assert np.abs(noise).max() < 0.012


def test_power_law_is_straight_in_log_log(make_spec: MakeSpec) -> None:
    spec = make_spec(mode=POWER, total_steps=100_000, steps_per_epoch=100_000)
    loss = simulate(spec, 0, 100_000).loss
    assert loss is not None
    steps = np.array([10, 100, 1000])
    excess = [loss[k - 3 : k + 2].mean() - loss[-2000:].mean() for k in steps]
    slope = np.polyfit(np.log(steps), np.log(excess), 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.05)


@pytest.mark.parametrize("mode", [EXPONENTIAL, POWER])
def test_other_metrics_are_plausible(make_spec: MakeSpec, mode: SimulationMode) -> None:
    spec = make_spec(mode=mode)
    block = simulate(spec, 0, 750)
    assert block.grad_norm is not None
    assert block.loss is not None
    assert (block.grad_norm > 0).all()
    assert np.median(block.grad_norm[:20]) > np.median(block.grad_norm[-100:])
    for epoch in (1, 2, 3):
        held_out = evaluate(spec, epoch).eval_loss
        assert held_out is not None
        near = block.loss[epoch * 250 - 10 : epoch * 250].mean()
        assert 1.0 < held_out[0] / near < 1.15
