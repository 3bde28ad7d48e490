"""Where the forecast of a final loss lies, and when there is none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vapor_tui.domain.forecast import Forecast, Silence, forecast
from vapor_tui.domain.hyperparameters import Hyperparameters
from vapor_tui.domain.metrics import MetricsBlock
from vapor_tui.services.forecast import inferred_course
from vapor_tui.simulation import SimulationMode, SimulationSpec, simulate
from vapor_tui.simulation.schedule import Schedule

TOTAL = 1_000
COURSE = Schedule(1e-4, "cosine", 30, TOTAL)


def curve(points: int = TOTAL, noise: float = 0.02, total: int = TOTAL) -> tuple[np.ndarray, ...]:
    """Return steps and losses that follow a law in the cumulative learning rate."""
    steps = np.arange(1, points + 1)
    reached = COURSE.cumulative(steps * (TOTAL / total)) / 5e-3
    draw = np.random.default_rng(3)
    trend = 0.8 + 1.5 * (1 + reached) ** -0.6
    return steps, trend * np.exp(noise * draw.standard_normal(points))


def made(answer: Forecast | Silence) -> Forecast:
    assert isinstance(answer, Forecast), answer
    return answer


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7, 0.9])
def test_the_end_of_a_lawful_curve_lies_in_the_band(share: float) -> None:
    steps, losses = curve()
    cut = int(share * TOTAL)
    found = made(forecast(steps[:cut], losses[:cut], COURSE))
    end = float(losses[-50:].mean())
    assert found.low < end < found.high
    assert abs(found.mid / end - 1) < 0.06


def test_the_band_narrows_as_the_run_goes_on() -> None:
    steps, losses = curve()
    widths = [
        found.high / found.low
        for cut in (300, 500, 700, 900)
        for found in [made(forecast(steps[:cut], losses[:cut], COURSE))]
    ]
    assert widths == sorted(widths, reverse=True)


@pytest.mark.parametrize(
    ("points", "said"), [(0, "0"), (19, "there are 19"), (60, "are behind"), (TOTAL, "are done")]
)
def test_there_is_none_before_it_has_enough_or_after_the_end(points: int, said: str) -> None:
    steps, losses = curve()
    answer = forecast(steps[:points], losses[:points], COURSE)
    assert isinstance(answer, Silence)
    assert said in answer.reason


def test_there_is_none_while_the_loss_is_not_a_number() -> None:
    steps, losses = curve()
    losses[499] = np.nan
    assert isinstance(forecast(steps[:500], losses[:500], COURSE), Silence)
    assert isinstance(forecast(steps[:510], losses[:510], COURSE), Forecast)


def test_a_noisy_level_is_forecast_at_its_mean_and_not_at_its_median() -> None:
    steps, schedule = np.arange(1, 1_001), Schedule(1.0, "constant", 0, 2_000)
    losses = np.exp(0.5 * np.random.default_rng(3).normal(size=1_000))
    answer = made(forecast(steps, losses, schedule))
    assert answer.mid == pytest.approx(math.exp(0.5**2 / 2), rel=0.06)


def test_a_spike_that_is_left_out_changes_little() -> None:
    steps, losses = curve()
    calm = made(forecast(steps[:600], losses[:600], COURSE))
    losses[499:580] *= 5
    left = made(forecast(steps[:600], losses[:600], COURSE, left_out=[(500, 580)]))
    assert left.mid == pytest.approx(calm.mid, rel=0.05)
    assert isinstance(forecast(steps[:560], losses[:560], COURSE, left_out=[(500, 560)]), Silence)


def test_simulated_runs_are_covered_about_as_often_as_promised() -> None:
    inside, cases = 0, 0
    for seed in range(60):
        spec = SimulationSpec(
            Hyperparameters(batch_size=8, epochs=3, learning_rate=1e-4, logging_steps=5),
            total_steps=1_200,
            steps_per_epoch=400,
            seed=seed,
            data_seed=seed,
            mode=SimulationMode.REALISTIC,
        )
        block = simulate(spec, 0, 1_200)
        assert block.loss is not None
        course = Schedule.of(spec.hyperparameters, 1_200)
        end = float(block.loss[-12:].mean())
        for cut in (72, 120, 168):
            found = made(forecast(block.step[:cut], block.loss[:cut], course, 400))
            inside += found.low <= end <= found.high
            cases += 1
    assert 0.75 <= inside / cases <= 0.98


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=120),
    st.integers(1, 10_000),
    st.sampled_from(["constant", "linear", "cosine"]),
    st.floats(0.0, 500.0),
)
def test_any_curve_is_answered_with_a_band_or_a_reason(
    losses: list[float], total: int, shape: str, per_epoch: float
) -> None:
    steps = np.arange(1, len(losses) + 1)
    values = np.clip(np.array(losses), -1e300, 1e300)
    match forecast(steps, values, Schedule(1e-4, shape, 0, total), per_epoch):
        case Forecast(low, mid, high):
            assert 0 <= low <= mid <= high or math.isinf(high)
        case Silence(reason):
            assert reason


@pytest.mark.parametrize("shape", ["constant", "linear", "cosine"])
def test_a_schedule_is_inferred_from_its_logged_rates(shape: str) -> None:
    truth = Schedule(2e-4, shape, 50, TOTAL)
    steps = np.arange(10, 400, 10)
    points = MetricsBlock(steps, steps / TOTAL, learning_rate=truth.rate(steps.astype(np.float64)))
    ends = np.array([400.0, 1_000.0])
    found = inferred_course(points, TOTAL)
    assert found.shape == shape
    np.testing.assert_allclose(found.cumulative(ends), truth.cumulative(ends), rtol=0.02)


def test_without_logged_rates_the_steps_count_alike() -> None:
    steps = np.arange(1, 30)
    course = inferred_course(MetricsBlock(steps, steps / 30), 100)
    assert course.cumulative(np.array([10.0, 100.0])).tolist() == [10.0, 100.0]


@pytest.mark.parametrize("per_epoch", [1e-12, 0.5, -1.0, float("nan")])
def test_epochs_shorter_than_a_step_are_unknown(per_epoch: float) -> None:
    steps, losses = curve(500)
    assert forecast(steps, losses, COURSE, per_epoch) == forecast(steps, losses, COURSE)


def test_a_run_of_very_many_epochs_is_not_counted_through() -> None:
    total = 10**12
    steps, losses = curve(500)
    steps = steps * (total // TOTAL)
    course = Schedule(1.0, "constant", 0, total)
    assert forecast(steps, losses, course, 1.0) == forecast(steps, losses, course)
