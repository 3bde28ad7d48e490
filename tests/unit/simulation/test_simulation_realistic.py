"""The realistic law: its parts one by one, and summary statistics of many runs."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from vapor_tui.simulation import SimulationSpec, evaluate, simulate
from vapor_tui.simulation.population import RunLaw, draw_law
from vapor_tui.simulation.randomness import Stream, raw_words
from vapor_tui.simulation.realistic import RealisticModel

MakeSpec = Callable[..., SimulationSpec]
RUNS = 600


@pytest.fixture
def laws(make_spec: MakeSpec) -> list[RunLaw]:
    return [draw_law(make_spec(seed=s)) for s in range(2000)]


def quantiles(values: list[float]) -> list[float]:
    return [float(q) for q in np.quantile(values, [0.05, 0.5, 0.95])]


def log_noise(make_spec: MakeSpec, **values: object) -> np.ndarray:
    """Log-loss around the run's own mean, without the constant that keeps averages level."""
    spec = make_spec(**values)
    loss = simulate(spec, 0, spec.total_steps).loss
    assert loss is not None
    return np.asarray(np.log(loss / RealisticModel(spec).mean_loss(1, spec.total_steps)))


def test_a_step_is_what_its_formulas_say(make_spec: MakeSpec) -> None:
    """Recompute one step in plain arithmetic, from bits to loss."""
    spec = make_spec(seed=3, data_seed=4, batch_size=8, learning_rate=2e-4)
    law, step = draw_law(spec), 600
    model = RealisticModel(spec)

    def uniform(word: int) -> float:
        return (word >> 11) / 2**53

    data = [uniform(int(w)) for w in raw_words(4, Stream.BATCH, step, 1)[0]]
    own = [uniform(int(w)) for w in raw_words(3, Stream.STEP, step, 1)[0]]
    radius, angle = math.sqrt(-2 * math.log(1 - data[0])), 2 * math.pi * data[1]
    z = math.sqrt(0.95) * radius * math.cos(angle)
    z += math.sqrt(0.05) * math.sqrt(6) * (own[0] + own[1] - 1)
    scale = 1 / math.sqrt(1 + 2 * law.skew**2 + 6 * law.tail**2)
    x = scale * (z + law.skew * (z * z - 1) + law.tail * (z**3 - 3 * z))

    rates = [2e-4 * k / 23 for k in range(1, 23)]
    rates += [1e-4 * (1 + math.cos(math.pi * (k - 23) / 727)) for k in range(23, 751)]
    s = sum(rates[: step - 1])
    fresh = law.final + (law.initial - law.final) * (
        law.fast_share * math.exp(-s / law.tau) + (1 - law.fast_share) * (1 + s / law.s0) ** -law.b
    )
    drops = [law.epoch_drop * e * sum(rates[(e - 1) * 250 : e * 250]) / 250 / 2e-4 for e in (1, 2)]
    memorised = 5 * (1 - math.exp(-sum(drops) / 5))
    floor = min(0.02, 0.05 * law.final)
    mean = floor + (fresh - floor) * math.exp(-memorised)
    sd = 0.286 * 8**-0.47 * mean**-0.28 * law.noise_factor
    sd *= math.exp(law.noise_drift * (step / 750 - 0.5))
    loss = mean * math.exp(sd * x - sd * sd / 2)

    row = simulate(spec, step - 1, step)
    assert row.loss is not None
    assert row.accuracy is not None
    assert float(model.mean_loss(step, 1)[0]) == pytest.approx(mean, rel=1e-12)
    assert row.loss[0] == pytest.approx(loss, rel=1e-12)
    assert row.accuracy[0] == pytest.approx(math.exp(-0.27 * loss), rel=1e-12)


def test_initial_loss_spreads_as_in_public_runs(laws: list[RunLaw]) -> None:
    low, median, high = quantiles([law.initial for law in laws])
    assert 0.7 < low < 1.0
    assert 2.0 < median < 2.5
    assert 4.8 < high < 6.2


def test_last_loss_spreads_as_in_public_runs(make_spec: MakeSpec) -> None:
    lasts, firsts = [], []
    for seed in range(RUNS):
        model = RealisticModel(make_spec(seed=seed, learning_rate=5e-5, batch_size=4))
        lasts.append(float(model.mean_loss(750, 1)[0]))
        firsts.append(float(model.mean_loss(1, 1)[0]))
    low, median, high = quantiles(lasts)
    assert 0.05 < low < 0.2
    assert 0.75 < median < 1.15
    assert 2.1 < high < 3.2
    assert 0.15 < np.corrcoef(np.log(firsts), np.log(lasts))[0, 1] < 0.55


def test_half_of_the_fall_is_over_after_a_tenth_of_the_steps(make_spec: MakeSpec) -> None:
    shares = []
    for seed in range(RUNS):
        model = RealisticModel(make_spec(seed=seed, learning_rate=5e-5))
        first, tenth, last = (math.log(model.mean_loss(k, 1)[0]) for k in (1, 75, 750))
        shares.append((first - tenth) / (first - last))
    assert 0.45 < float(np.median(shares)) < 0.7


def test_noise_has_the_size_of_the_law(make_spec: MakeSpec) -> None:
    gaps = []
    for seed in range(RUNS):
        spec = make_spec(seed=seed, data_seed=seed, batch_size=16)
        noise = log_noise(make_spec, seed=seed, data_seed=seed, batch_size=16)
        last = RealisticModel(spec).mean_loss(750, 1)[0]
        gaps.append(math.log(noise[40:].std()) - math.log(0.286 * 16**-0.47 * last**-0.28))
    assert abs(float(np.mean(gaps))) < 0.1
    assert 0.4 < float(np.std(gaps)) < 0.56


def test_noise_falls_with_the_batch_and_the_interval(make_spec: MakeSpec) -> None:
    one = log_noise(make_spec, batch_size=8)[300:].std()
    larger = log_noise(make_spec, batch_size=128)[300:].std()
    assert larger / one == pytest.approx(16**-0.47, rel=0.02)
    # Of logged points: 4 steps of a batch make as much noise as one step of 4 batches.
    long = {"total_steps": 16_000, "steps_per_epoch": 16_000, "batch_size": 32}
    spec = make_spec(logging_steps=4, **long)
    logged = simulate(spec, 8_000, 16_000).loss
    assert logged is not None
    trend = RealisticModel(spec).mean_loss(8_001, 8_000).reshape(-1, 4).mean(axis=1)
    wide = log_noise(make_spec, **(long | {"batch_size": 128}))[8_000:].std()
    assert np.log(logged / trend).std() == pytest.approx(wide, rel=0.06)


def test_noise_is_white_and_slightly_skewed(make_spec: MakeSpec) -> None:
    lags, skews, growth = [], [], []
    for seed in range(300):
        noise = log_noise(make_spec, seed=seed, data_seed=seed)[40:]
        z = (noise - noise.mean()) / noise.std()
        lags.append(float((z[1:] * z[:-1]).mean()))
        skews.append(float((z**3).mean()))
        half = len(z) // 2
        growth.append(math.log(z[half:].std() / z[:half].std()))
    assert abs(float(np.median(lags))) < 0.01
    assert -0.35 < float(np.median(skews)) < 0.0
    assert abs(float(np.mean(growth))) < 0.1


def test_runs_on_the_same_data_share_their_noise(make_spec: MakeSpec) -> None:
    noises = [log_noise(make_spec, seed=s, data_seed=1)[300:] for s in range(2)]
    stranger = log_noise(make_spec, seed=2, data_seed=2)[300:]
    assert np.corrcoef(*noises)[0, 1] == pytest.approx(0.95, abs=0.03)
    assert abs(np.corrcoef(noises[0], stranger)[0, 1]) < 0.12


def test_gradient_norm_follows_its_law(make_spec: MakeSpec) -> None:
    starts, correlations, spreads = [], [], []
    for seed in range(300):
        values = {"seed": seed, "data_seed": seed}
        norms = simulate(make_spec(**values), 0, 750).grad_norm
        assert norms is not None
        late = np.log(norms[300:])
        starts.append(norms[:10].mean() / np.median(norms))
        spreads.append(late.std())
        noise = log_noise(make_spec, **values)[300:]
        correlations.append(np.corrcoef(late, noise)[0, 1])
    assert np.mean(spreads) == pytest.approx(0.2, abs=0.01)
    assert np.mean(correlations) == pytest.approx(0.25, abs=0.02)
    assert min(starts) > 0.9
    assert 2.6 < max(starts) < 3.6


def test_epoch_ends_lower_the_training_loss_and_raise_the_held_out_one(
    make_spec: MakeSpec,
) -> None:
    drops, rises = [], []
    for seed in range(RUNS):
        spec = make_spec(seed=seed, lr_scheduler_type="constant", warmup_ratio=0, epochs=3)
        model = RealisticModel(spec)
        before, after = model.mean_loss(500, 1)[0], model.mean_loss(501, 1)[0]
        drops.append(math.log(before / after))
        held_out = evaluate(spec, 2).eval_loss
        assert held_out is not None
        rises.append(held_out[0] / model.law.fresh_loss(2e-4 * 500))
    # The drop is m e with e = 2: m is near 0 in four runs of ten, and 0.055 on average of the
    # middle half.
    per_epoch = np.sort(drops) / 2
    assert 0.3 < float(np.mean(per_epoch < 0.015)) < 0.48
    assert 0.035 < float(per_epoch[RUNS // 4 : -RUNS // 4].mean()) < 0.07
    assert min(rises) > 0.98
    assert 1.0 < float(np.median(rises)) < 1.05
    assert max(rises) > 1.1


def test_many_epochs_overfit_without_bounds_being_left(make_spec: MakeSpec) -> None:
    for seed in range(50):
        spec = make_spec(
            seed=seed, total_steps=6300, steps_per_epoch=63, epochs=100, learning_rate=1e-3
        )
        model = RealisticModel(spec)
        mean = model.mean_loss(1, 6300)
        assert np.isfinite(mean).all()
        assert (mean > 0).all()
        assert 0 < model.eval_loss(100, 6300) < 100


def test_the_loss_falls_however_small_rank_and_model_are(make_spec: MakeSpec) -> None:
    small = (draw_law(make_spec(seed=s, lora_rank=4, model_parameters=1e8)) for s in range(200))
    assert max(law.final / law.initial for law in small) == pytest.approx(0.98)


def test_rank_and_size_matter_weakly(make_spec: MakeSpec) -> None:
    base = draw_law(make_spec(lora_rank=16, model_parameters=7e9)).final
    assert draw_law(make_spec()).final == pytest.approx(base)
    rank = draw_law(make_spec(lora_rank=64, model_parameters=7e9)).final
    assert rank / base == pytest.approx(4**-0.03)
    size = draw_law(make_spec(lora_rank=16, model_parameters=70e9)).final
    assert size / base == pytest.approx(10**-0.05)


def test_progress_follows_the_cumulative_learning_rate(make_spec: MakeSpec) -> None:
    slow = RealisticModel(make_spec(learning_rate=1e-6)).mean_loss(750, 1)[0]
    usual = RealisticModel(make_spec(learning_rate=1e-4)).mean_loss(750, 1)[0]
    fast = RealisticModel(make_spec(learning_rate=5e-4)).mean_loss(750, 1)[0]
    assert slow > 1.1 * usual > 1.1 * fast


def test_values_are_finite_over_the_whole_range_of_settings(make_spec: MakeSpec) -> None:
    for rate in (1e-6, 1e-3):
        for batch in (1, 128):
            for seed in range(60):
                spec = make_spec(seed=seed, learning_rate=rate, batch_size=batch, logging_steps=7)
                block = simulate(spec, 0, 750)
                for values in (block.loss, block.accuracy, block.grad_norm):
                    assert values is not None
                    if batch == 128 or rate < 1e-3:
                        assert np.isfinite(values).all()
                        assert (values > 0).all()
