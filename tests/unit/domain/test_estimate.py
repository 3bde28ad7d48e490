"""The list estimate, against its worked example and an independent computation."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import pytest

from vapor_tui.domain.catalogue import Catalogue
from vapor_tui.domain.estimate import Workload, estimate
from vapor_tui.domain.hyperparameters import Hyperparameters
from vapor_tui.services.catalogue import load_catalogue


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def test_worked_example(catalogue: Catalogue) -> None:
    gpu = catalogue.gpu("A100-80GB")
    assert gpu is not None
    found = estimate(
        Workload.of(1000, 200_000, "support-chats"),
        Hyperparameters(batch_size=4, epochs=3),
        gpu,
        2,
    )

    assert (found.steps_per_epoch, found.total_steps) == (250, 750)
    assert found.tokens_per_second == 3600
    assert round(found.hours, 2) == 0.55
    assert found.document().model_dump(mode="json") == {
        "estimated_cost": 4.32,
        "cost_breakdown": {"compute": 3.82, "storage": 0.5},
        "estimated_duration_hours": 0.5463,
        "hourly_rate": 7.0,
        "training_details": {
            "total_steps": 750,
            "steps_per_epoch": 250,
            "estimated_throughput_tokens_per_sec": 3600.0,
            "dataset_name": "support-chats",
        },
    }


def test_unknown_data_are_a_thousand_pairs_of_two_hundred_tokens() -> None:
    assert Workload.of(None, None) == Workload(pairs=1000, tokens=200_000)
    assert Workload.of(50, 0) == Workload(pairs=50, tokens=10_000)


def test_ten_thousand_configurations_equal_exact_arithmetic(catalogue: Catalogue) -> None:
    draw = random.Random(2026)
    for _ in range(10_000):
        gpu = draw.choice(catalogue.gpus)
        pairs, tokens = draw.randint(1, 10**6), draw.randint(1, 10**9)
        batch, epochs, gpus = 2 ** draw.randint(0, 7), draw.randint(1, 100), draw.randint(1, 8)
        found = estimate(
            Workload(pairs=pairs, tokens=tokens),
            Hyperparameters(batch_size=batch, epochs=epochs),
            gpu,
            gpus,
        )

        steps = -(-pairs // batch) * epochs
        per_step = Fraction(tokens * batch, pairs) / (Fraction(gpu.tokens_per_second) * gpus)
        hours = (steps * per_step + 600 + 300 * epochs + 300) / 3600
        cost = Fraction(gpu.price) * gpus * hours + Fraction(1, 2)
        assert found.total_steps == steps
        assert math.isclose(found.hours, hours, rel_tol=1e-12)
        assert math.isclose(found.total_cost, cost, rel_tol=1e-12)
