"""Every GPU type and count side by side: time, cost, fit, and which are worth a look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from vapor_tui.domain.catalogue import Gpu, Model
from vapor_tui.domain.estimate import Estimate, Workload, estimate
from vapor_tui.domain.formats import fine_duration
from vapor_tui.domain.hyperparameters import Hyperparameters
from vapor_tui.domain.memory import MemoryEstimate, estimate_memory
from vapor_tui.domain.model_estimate import UNCERTAINTY, ModelEstimate, at_rate, model_throughput

MOST_GPUS = 8
LEAST_GAIN = 0.01
"""Share of the time that must be saved for a dearer choice to be worth a mark."""


class PlanSort(StrEnum):
    """Orders of the comparison."""

    COST = "cost"
    TIME = "time"
    GPU = "gpu"


@dataclass(frozen=True, slots=True)
class PlanRow:
    """What one choice of GPUs brings."""

    gpu: Gpu
    gpu_count: int
    listed: Estimate
    for_model: ModelEstimate | None
    """None for a model of unknown size."""
    memory: MemoryEstimate | None
    is_on_frontier: bool = False
    """Whether every choice that may fit and is cheaper is also clearly slower."""

    @property
    def seconds(self) -> float:
        """The figure that the comparison goes by: the model's own where it is known."""
        return self.for_model.seconds if self.for_model else self.listed.seconds

    @property
    def total_cost(self) -> float:
        """USD, by the same figure as `seconds`."""
        return self.for_model.total_cost if self.for_model else self.listed.total_cost

    @property
    def may_fit(self) -> bool:
        """Whether it fits in memory, or nothing is known against it."""
        return self.memory is None or self.memory.fits

    @property
    def cost_per_million_tokens(self) -> float:
        """USD per million trained tokens, everything included."""
        trained = self.listed.training_seconds * self.listed.tokens_per_second
        return self.total_cost / trained * 1e6


def model_estimate(
    listed: Estimate, model: Model | None, values: Hyperparameters, gpu: Gpu, gpu_count: int
) -> ModelEstimate | None:
    """Return the estimate for a model of known size; None for an unknown one."""
    if model is None:
        return None
    rate = model_throughput(
        model.active_parameters or model.parameters,
        gpu,
        gpu_count,
        is_quantized=values.quantization != "none",
    )
    return at_rate(listed, rate, UNCERTAINTY)


def compare_plans(
    workload: Workload,
    values: Hyperparameters,
    model: Model | None,
    gpus: Iterable[Gpu],
    sort: PlanSort = PlanSort.COST,
) -> list[PlanRow]:
    """Return a row for every GPU type and count, those that fit first."""
    rows = [
        _row(workload, values, model, gpu, gpu_count)
        for gpu in gpus
        for gpu_count in range(1, MOST_GPUS + 1)
    ]
    return sorted(_with_frontier(rows), key=lambda row: (not row.may_fit, *_order(row, sort)))


def _order(row: PlanRow, sort: PlanSort) -> tuple[float | str, float]:
    match sort:
        case PlanSort.COST:
            return row.total_cost, row.seconds
        case PlanSort.TIME:
            return row.seconds, row.total_cost
        case PlanSort.GPU:
            return row.gpu.type, row.gpu_count


def _row(
    workload: Workload, values: Hyperparameters, model: Model | None, gpu: Gpu, gpu_count: int
) -> PlanRow:
    listed = estimate(workload, values, gpu, gpu_count)
    return PlanRow(
        gpu=gpu,
        gpu_count=gpu_count,
        listed=listed,
        for_model=model_estimate(listed, model, values, gpu, gpu_count),
        memory=estimate_memory(model, values, gpu.memory_gb, gpu_count) if model else None,
    )


def _with_frontier(rows: Sequence[PlanRow]) -> list[PlanRow]:
    """Mark the rows worth their price: walking up in cost, each that is clearly faster.

    Faster than the one marked before by a share, and than every cheaper one by what can be seen.
    """
    frontier: set[tuple[str, int]] = set()
    marked = fastest = float("inf")
    for row in sorted(rows, key=lambda row: (row.total_cost, row.seconds)):
        if not row.may_fit:
            continue
        worth = min(marked * (1 - LEAST_GAIN), fastest)
        if row.seconds < worth and fine_duration(row.seconds) != fine_duration(fastest):
            marked = row.seconds
            frontier.add((row.gpu.type, row.gpu_count))
        fastest = min(fastest, row.seconds)
    return [replace(row, is_on_frontier=(row.gpu.type, row.gpu_count) in frontier) for row in rows]
