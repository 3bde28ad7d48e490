"""The estimate for a model of a certain size, beside the list estimate that knows none."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from vapor_tui.domain.catalogue import Gpu
from vapor_tui.domain.estimate import Estimate

UTILIZATION = 0.30
"""Share of a GPU's peak that fine-tuning reaches: a fit to published rates of 1.8B to 72B."""
FLOPS_PER_PARAMETER = 4
"""Per token: forward, and backward without gradients of the base weights."""
QUANTIZED_SHARE = 0.74
"""Of the speed that is left when 4-bit weights are unpacked for every product."""
UNCERTAINTY = 0.40
"""Of the rate, up and down."""

_CENTS = 2


class ModelEstimateDocument(BaseModel):
    """The model's estimate as a JSON document, money rounded to cents."""

    estimated_cost: float
    cost_low: float
    cost_high: float
    estimated_duration_hours: float
    estimated_throughput_tokens_per_sec: float
    uncertainty: float


class ModelEstimate(BaseModel):
    """Exact figures of a run at a certain rate of tokens."""

    model_config = ConfigDict(frozen=True)

    tokens_per_second: float
    """Of all GPUs together."""
    uncertainty: float
    """Of that rate, as a share."""
    seconds: float
    total_cost: float
    cost_low: float
    cost_high: float

    @property
    def hours(self) -> float:
        """Of the whole job, which the GPUs are paid for."""
        return self.seconds / 3600

    def document(self) -> ModelEstimateDocument:
        """Return the estimate as it is given out, rounded."""
        return ModelEstimateDocument(
            estimated_cost=round(self.total_cost, _CENTS),
            cost_low=round(self.cost_low, _CENTS),
            cost_high=round(self.cost_high, _CENTS),
            estimated_duration_hours=round(self.hours, 4),
            estimated_throughput_tokens_per_sec=round(self.tokens_per_second, 1),
            uncertainty=self.uncertainty,
        )


def model_throughput(
    active_parameters: float, gpu: Gpu, gpu_count: int, *, is_quantized: bool
) -> float:
    """Return tokens per second: GPUs × peak × utilization / (4 × parameters that a token uses)."""
    rate = gpu_count * gpu.peak_flops * UTILIZATION / (FLOPS_PER_PARAMETER * active_parameters)
    return rate * QUANTIZED_SHARE if is_quantized else rate


def at_rate(listed: Estimate, tokens_per_second: float, uncertainty: float) -> ModelEstimate:
    """Return the list estimate with another rate of tokens; overhead and storage stay.

    The bounds of the cost are those of the rate times 1 ± uncertainty.
    """

    def total(rate: float) -> float:
        return listed.cost_at(_seconds(listed, rate)) + listed.storage_cost

    return ModelEstimate(
        tokens_per_second=tokens_per_second,
        uncertainty=uncertainty,
        seconds=_seconds(listed, tokens_per_second),
        total_cost=total(tokens_per_second),
        cost_low=total(tokens_per_second * (1 + uncertainty)),
        cost_high=total(tokens_per_second * (1 - uncertainty)),
    )


def _seconds(listed: Estimate, tokens_per_second: float) -> float:
    trained = listed.training_seconds * listed.tokens_per_second
    return trained / tokens_per_second + listed.overhead_seconds
