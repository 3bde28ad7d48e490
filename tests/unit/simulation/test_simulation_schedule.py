"""Learning rates and their sums in closed form, against sums made step by step."""

from __future__ import annotations

import numpy as np
import pytest

from vapor_tui.domain.hyperparameters import Hyperparameters
from vapor_tui.simulation.schedule import Schedule

SHAPES = ["constant", "linear", "cosine"]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("warmup", [0, 1, 3, 30, 100])
@pytest.mark.parametrize("total", [1, 2, 3, 100, 101])
def test_cumulative_rate_is_the_sum_of_the_rates(shape: str, warmup: int, total: int) -> None:
    schedule = Schedule(2e-4, shape, min(warmup, total), total)
    steps = np.arange(1.0, total + 1)
    sums = np.cumsum(schedule.rate(steps))
    assert schedule.cumulative(steps) == pytest.approx(sums, rel=1e-11, abs=1e-16)
    assert schedule.cumulative_at(0) == pytest.approx(0, abs=1e-18)


@pytest.mark.parametrize("shape", SHAPES)
def test_sum_stays_exact_in_a_very_long_run(shape: str) -> None:
    schedule = Schedule(1.0, shape, 300_000, 10_000_000)
    expected = 150_000.5 + 9_700_000 * (1.0 if shape == "constant" else 0.5)
    slack = 1.0 if shape == "constant" else 0.6
    assert schedule.cumulative_at(10_000_000) == pytest.approx(expected, abs=slack)


@pytest.mark.parametrize("shape", SHAPES)
def test_rate_rises_to_its_peak_and_falls_to_zero(shape: str) -> None:
    hyperparameters = Hyperparameters(learning_rate=1e-3, warmup_ratio=0.1, lr_scheduler_type=shape)
    rates = Schedule.of(hyperparameters, 1000).rate(np.arange(1.0, 1001))
    assert rates[0] == pytest.approx(1e-5)
    assert (np.diff(rates[:100]) > 0).all()
    assert rates[99] == rates.max() == 1e-3
    assert (np.diff(rates[99:]) <= 0).all()
    assert rates[-1] == pytest.approx(1e-3 if shape == "constant" else 0, abs=1e-12)


def test_rate_at_a_step_does_not_depend_on_the_block() -> None:
    schedule = Schedule(2e-4, "cosine", 23, 750)
    whole = schedule.rate(np.arange(1.0, 751))
    assert [schedule.rate_at(k) for k in range(1, 751)] == whole.tolist()
