"""The estimate for a model, and the comparison of all choices of GPUs."""

from __future__ import annotations

import pytest

from vapor_tui.domain.catalogue import Catalogue
from vapor_tui.domain.estimate import Workload, estimate
from vapor_tui.domain.formats import fine_duration
from vapor_tui.domain.hyperparameters import Hyperparameters
from vapor_tui.domain.model_estimate import UNCERTAINTY, at_rate, model_throughput
from vapor_tui.domain.plans import LEAST_GAIN, PlanRow, PlanSort, compare_plans
from vapor_tui.services.catalogue import load_catalogue

WORKLOAD = Workload(pairs=1000, tokens=200_000, name="support-chats")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.mark.parametrize(
    ("parameters", "is_quantized", "measured"),
    [
        (1.84e9, False, 9_640),
        (7.72e9, False, 3_150),
        (14.2e9, False, 1_950),
        (7.72e9, True, 2_340),
        (14.2e9, True, 1_390),
        (72.7e9, True, 275),
    ],
)
def test_the_rate_is_within_its_uncertainty_of_what_was_measured(
    catalogue: Catalogue, parameters: float, is_quantized: bool, measured: float
) -> None:
    gpu = catalogue.gpu("A100-80GB")
    assert gpu is not None
    rate = model_throughput(parameters, gpu, 1, is_quantized=is_quantized)
    assert abs(rate / measured - 1) <= UNCERTAINTY


def test_another_rate_changes_training_and_nothing_else(catalogue: Catalogue) -> None:
    gpu = catalogue.gpus[0]
    listed = estimate(WORKLOAD, Hyperparameters(batch_size=4, epochs=3), gpu, 2)

    same = at_rate(listed, listed.tokens_per_second, 0.0)
    assert same.total_cost == pytest.approx(listed.total_cost)
    assert same.seconds == pytest.approx(listed.seconds)

    double = at_rate(listed, listed.tokens_per_second * 2, 0.4)
    assert listed.seconds - double.seconds == pytest.approx(listed.training_seconds / 2)
    assert double.cost_low < double.total_cost < double.cost_high


def test_every_type_and_count_is_compared(catalogue: Catalogue) -> None:
    rows = compare_plans(WORKLOAD, Hyperparameters(), catalogue.model("LFM2-1.2B"), catalogue.gpus)
    assert len(rows) == len(catalogue.gpus) * 8
    assert len({(row.gpu.type, row.gpu_count) for row in rows}) == len(rows)


@pytest.mark.parametrize("model", ["LFM2-1.2B", "Llama-3.1-70B-Instruct", None])
def test_the_frontier_holds_what_is_worth_its_price(
    catalogue: Catalogue, model: str | None
) -> None:
    known = catalogue.model(model) if model else None
    rows = compare_plans(WORKLOAD, Hyperparameters(), known, catalogue.gpus)
    fitting = [row for row in rows if row.may_fit]

    marked = [row for row in fitting if row.is_on_frontier]

    def is_worth_it(row: PlanRow) -> bool:
        cheaper = [m for m in marked if m is not row and m.total_cost <= row.total_cost]
        if any(row.seconds >= m.seconds * (1 - LEAST_GAIN) for m in cheaper):
            return False
        cost = (row.total_cost, row.seconds)
        others = [m for m in fitting if (m.total_cost, m.seconds) < cost]
        return all(
            row.seconds < m.seconds and fine_duration(row.seconds) != fine_duration(m.seconds)
            for m in others
        )

    for row in fitting:
        assert row.is_on_frontier is is_worth_it(row)
    assert not any(row.is_on_frontier for row in rows if not row.may_fit)


def test_orders(catalogue: Catalogue) -> None:
    def rows(sort: PlanSort) -> list[tuple[bool, float, float]]:
        compared = compare_plans(
            WORKLOAD,
            Hyperparameters(batch_size=32),
            catalogue.model("Llama-3.1-8B-Instruct"),
            catalogue.gpus,
            sort,
        )
        return [(not row.may_fit, row.total_cost, row.seconds) for row in compared]

    by_cost, by_time = rows(PlanSort.COST), rows(PlanSort.TIME)
    assert by_cost == sorted(by_cost)
    assert [(r[0], r[2]) for r in by_time] == sorted((r[0], r[2]) for r in by_time)


def test_an_unknown_model_is_not_guessed(catalogue: Catalogue) -> None:
    [row, *_] = compare_plans(WORKLOAD, Hyperparameters(), None, catalogue.gpus)
    assert row.for_model is None
    assert row.memory is None
    assert row.total_cost == row.listed.total_cost
