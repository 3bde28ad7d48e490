"""Failures: the hazard's closed form, what a break does, and what a person asks for."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from vapor_tui.simulation import (
    Failure,
    FailureKind,
    Injection,
    InjectionKind,
    SimulationMode,
    SimulationSpec,
    evaluate,
    failure_of,
    parse_injection,
    simulate,
)
from vapor_tui.simulation.failures import DisturbanceKind, disturbances_of, safe_rate
from vapor_tui.simulation.hazard import critical_rate, step_of_break
from vapor_tui.simulation.realistic import RealisticModel
from vapor_tui.simulation.schedule import Schedule

MakeSpec = Callable[..., SimulationSpec]


@pytest.mark.parametrize("shape", ["constant", "linear", "cosine"])
@pytest.mark.parametrize(("warmup", "total"), [(0, 1), (0, 2), (0, 1000), (100, 1000), (7, 8)])
@pytest.mark.parametrize("rate", [4.9e-4, 6e-4, 1e-3, 5e-3, 1.0])
def test_hazard_fires_where_its_sum_made_step_by_step_does(
    shape: str, warmup: int, total: int, rate: float
) -> None:
    schedule = Schedule(rate, shape, warmup, total)
    rates = schedule.rate(np.arange(1.0, total + 1))
    # A step at just half of the critical rate may count or not.
    hazard = np.where(rates >= 0.5e-3 * (1 - 1e-9), (rates / 1e-3) ** 3 / 500, 0)
    sums = np.cumsum(hazard)
    for threshold in (1e-4, 0.01, 0.3, 1.0, 5.0, 1e3):
        step = step_of_break(schedule, 16, threshold)
        expected = int(np.searchsorted(sums, threshold * (1 - 1e-9))) + 1
        if step is None:
            assert sums[-1] < threshold * (1 + 1e-9)
        else:
            assert step == expected


def test_critical_rate_grows_with_the_root_of_the_batch() -> None:
    assert critical_rate(16) == 1e-3
    assert critical_rate(64) == 2e-3
    assert critical_rate(1) == pytest.approx(2.5e-4)


def test_suggested_rate_is_below_what_breaks() -> None:
    assert safe_rate(16) == 5e-4
    assert safe_rate(4) == 2e-4
    assert safe_rate(1) == 1e-4
    assert safe_rate(128) == 1e-3


@pytest.mark.parametrize(("rate", "batch"), [(1e-4, 8), (5e-5, 4), (3e-5, 2), (2e-4, 16)])
def test_presets_never_break(make_spec: MakeSpec, rate: float, batch: int) -> None:
    for seed in range(200):
        spec = make_spec(
            seed=seed,
            learning_rate=rate,
            batch_size=batch,
            total_steps=10**6,
            steps_per_epoch=10**5,
        )
        assert disturbances_of(spec) == ()


def test_breaks_grow_with_the_rate(make_spec: MakeSpec) -> None:
    shares, nans = [], []
    for rate in (5e-4, 1e-3, 2e-3, 1e-2):
        specs = [make_spec(seed=s, learning_rate=rate) for s in range(200)]
        found = [disturbances_of(spec) for spec in specs]
        shares.append(sum(map(bool, found)) / 200)
        nans.append(sum(failure_of(spec) is not None for spec in specs) / 200)
    assert shares == sorted(shares)
    assert nans == sorted(nans)
    assert shares[0] == 0
    assert 0.25 < shares[1] < 0.5
    assert nans[-1] > 0.8


def test_failure_names_the_rate_to_try(make_spec: MakeSpec) -> None:
    spec = make_spec(learning_rate=1.0)
    assert failure_of(spec) == Failure(
        1,
        FailureKind.NAN,
        "Loss became NaN at step 1: a learning rate of 1 is too high for batches of 16. "
        "Try 5e-4 or lower",
        injected=False,
    )
    assert failure_of(make_spec(learning_rate=1.0)) == failure_of(spec)


def test_only_the_realistic_law_breaks_by_itself(make_spec: MakeSpec) -> None:
    for mode in (SimulationMode.EXPONENTIAL, SimulationMode.POWER):
        assert failure_of(make_spec(learning_rate=1.0, mode=mode)) is None


def of_kind(make_spec: MakeSpec, kind: DisturbanceKind) -> SimulationSpec:
    specs = (make_spec(seed=s, learning_rate=2e-3, batch_size=64) for s in range(500))
    return next(
        spec
        for spec in specs
        if (found := disturbances_of(spec)) and found[0].kind is kind and 150 < found[0].step < 500
    )


def excess(spec: SimulationSpec) -> np.ndarray:
    loss = simulate(spec, 0, 750).loss
    assert loss is not None
    return np.asarray(np.log(loss / RealisticModel(spec).mean_loss(1, len(loss))))


def test_spike_recovers(make_spec: MakeSpec) -> None:
    spec = of_kind(make_spec, DisturbanceKind.SPIKE)
    step = disturbances_of(spec)[0].step
    added = excess(spec)
    assert failure_of(spec) is None
    assert abs(added[: step - 1].mean()) < 0.2
    assert added[step - 1] > 0.5
    assert abs(added[step + 60 :].mean()) < 0.2


def test_rise_lasts_and_reaches_the_held_out_loss(make_spec: MakeSpec) -> None:
    spec = of_kind(make_spec, DisturbanceKind.RISE)
    step = disturbances_of(spec)[0].step
    added = excess(spec)
    assert failure_of(spec) is None
    assert abs(added[: step - 1].mean()) < 0.2
    assert added[step + 60 :].mean() > 0.5
    held_out = evaluate(spec, 3).eval_loss
    assert held_out is not None
    assert math.log(held_out[0] / RealisticModel(spec).eval_loss(3, 750)) > 0.5


def test_nan_follows_a_climb_and_ends_the_run(make_spec: MakeSpec) -> None:
    spec = of_kind(make_spec, DisturbanceKind.NAN)
    failure = failure_of(spec)
    assert failure is not None
    block = simulate(spec, 0, 750)
    assert block.loss is not None
    assert block.grad_norm is not None
    assert block.step[-1] == failure.step
    assert np.isnan(block.loss[-1])
    assert np.isfinite(block.loss[:-1]).all()
    assert block.loss[-2] > 2 * np.median(block.loss[-80:-40])
    assert block.grad_norm[-2] > 4 * np.median(block.grad_norm[-80:-40])


@pytest.mark.parametrize(
    ("kind", "since", "loss", "accuracy", "grad_norm"),
    [
        (DisturbanceKind.SPIKE, 0, 3.758041924006578, 0.3625215640284054, 9.863542926346438),
        (DisturbanceKind.SPIKE, 5, 2.118980185787805, 0.564325170510705, 3.0204541021102456),
        (DisturbanceKind.RISE, 0, 5.474460640448106, 0.22806961380553925, 1.6780525403469029),
        (DisturbanceKind.RISE, 5, 9.30830824576774, 0.08100509489437259, 5.016169592951994),
        (DisturbanceKind.NAN, -3, 0.2139643922294545, 0.943866647646111, 3.9452492190466115),
    ],
)
def test_known_answers_of_what_breaks(
    make_spec: MakeSpec,
    kind: DisturbanceKind,
    since: int,
    loss: float,
    accuracy: float,
    grad_norm: float,
) -> None:
    """A stored job breaks as it began to, on any machine and with any version of NumPy."""
    spec = of_kind(make_spec, kind)
    step = disturbances_of(spec)[0].step + since
    block = simulate(spec, step - 1, step)
    for name, value in (("loss", loss), ("accuracy", accuracy), ("grad_norm", grad_norm)):
        assert block.column(name) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("mode", list(SimulationMode))
def test_injections_reach_every_law(make_spec: MakeSpec, mode: SimulationMode) -> None:
    failure = failure_of(make_spec(mode=mode, injection="nan@123"))
    assert failure == Failure(
        123,
        FailureKind.NAN,
        "Loss became NaN at step 123, as the injection nan@123 asked for",
        injected=True,
    )
    plain = simulate(make_spec(mode=mode), 0, 750).loss
    spiked = simulate(make_spec(mode=mode, injection="spike@400"), 0, 750).loss
    assert plain is not None
    assert spiked is not None
    assert spiked[:399].tolist() == plain[:399].tolist()
    assert spiked[399] / plain[399] > 2
    assert spiked[-1] / plain[-1] < 1.01
    memory = failure_of(make_spec(mode=mode, injection="oom"))
    assert memory is not None
    assert (memory.step, memory.kind, memory.injected) == (0, FailureKind.OUT_OF_MEMORY, True)
    assert len(simulate(make_spec(mode=mode, injection="oom"), 0, 750)) == 0


def test_what_does_not_fit_fails_before_training(make_spec: MakeSpec) -> None:
    failure = failure_of(make_spec(fits_memory=False))
    assert failure is not None
    assert (failure.step, failure.kind) == (0, FailureKind.OUT_OF_MEMORY)
    assert not failure.injected
    assert "4-bit" in failure.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nan@500", Injection(InjectionKind.NAN, 500)),
        (" NaN@1 ", Injection(InjectionKind.NAN, 1)),
        ("oom", Injection(InjectionKind.OUT_OF_MEMORY)),
        ("spike@20", Injection(InjectionKind.SPIKE, 20)),
        ("stall@3", Injection(InjectionKind.STALL, 3)),
    ],
)
def test_injections_are_read(text: str, expected: Injection) -> None:
    assert parse_injection(text) == expected
    assert parse_injection(str(expected)) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "An injection is nan@STEP"),
        ("boom@3", "An injection is nan@STEP"),
        ("nan", "nan needs a step, as in nan@100"),
        ("nan@", "nan needs a step"),
        ("nan@0", "nan needs a step"),
        ("nan@-4", "nan needs a step"),
        ("nan@1.5", "nan needs a step"),
        ("spike@²", "spike needs a step"),
        pytest.param("nan@" + "9" * 5000, "nan needs a step", id="5000 digits"),
        ("oom@7", "oom takes no step"),
        ("stall@800", "stall@800 comes after the last step, 750"),
    ],
)
def test_other_injections_are_answered_with_a_sentence(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_injection(text, total_steps=750)


def test_specification_refuses_a_bad_injection(make_spec: MakeSpec) -> None:
    with pytest.raises(ValueError, match="An injection is"):
        make_spec(injection="fire")
    with pytest.raises(ValueError, match="at least one step"):
        make_spec(total_steps=0)


def test_what_follows_a_failure_is_not_a_number_either(make_spec: MakeSpec) -> None:
    held_out = evaluate(make_spec(total_steps=10**6, steps_per_epoch=10**6, injection="nan@5"), 1)
    assert held_out.eval_loss is not None
    assert np.isnan(held_out.eval_loss).all()
