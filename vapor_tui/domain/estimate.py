"""The list estimate: how long a fine-tune takes and what it costs, before it is started."""

from __future__ import annotations

import math

from pydantic import BaseModel, ConfigDict

from vapor_tui.domain.catalogue import Gpu
from vapor_tui.domain.hyperparameters import Hyperparameters

INITIALIZATION_SECONDS = 600.0
VALIDATION_SECONDS = 300.0
"""After each epoch."""
SAVING_SECONDS = 300.0
STORAGE_USD = 0.50

DEFAULT_PAIRS = 1000
"""Taken for a dataset that is not known yet."""
DEFAULT_TOKENS_PER_PAIR = 200

_CENTS = 2
_HOUR_DIGITS = 4


class Workload(BaseModel):
    """What an estimate needs to know of a dataset."""

    model_config = ConfigDict(frozen=True)

    pairs: int
    tokens: int
    name: str | None = None

    @classmethod
    def of(cls, pairs: int | None, tokens: int | None, name: str | None = None) -> Workload:
        """Fill what is unknown or zero with the usual figures."""
        known_pairs = pairs or DEFAULT_PAIRS
        return cls(
            pairs=known_pairs, tokens=tokens or known_pairs * DEFAULT_TOKENS_PER_PAIR, name=name
        )


class CostBreakdown(BaseModel):
    """USD, in cents."""

    compute: float
    storage: float


class TrainingDetails(BaseModel):
    """How long the training is, and the tokens per second of all GPUs together."""

    total_steps: int
    steps_per_epoch: int
    estimated_throughput_tokens_per_sec: float
    dataset_name: str | None


class EstimateDocument(BaseModel):
    """The estimate as a JSON document, money rounded to cents."""

    estimated_cost: float
    cost_breakdown: CostBreakdown
    estimated_duration_hours: float
    hourly_rate: float
    training_details: TrainingDetails


class Estimate(BaseModel):
    """Exact figures; rounding is left to whoever shows them."""

    model_config = ConfigDict(frozen=True)

    workload: Workload
    steps_per_epoch: int
    total_steps: int
    tokens_per_second: float
    """Of all GPUs together."""
    seconds_per_step: float
    training_seconds: float
    overhead_seconds: float
    hourly_rate: float
    """USD per hour for all GPUs."""
    compute_cost: float
    storage_cost: float

    @property
    def seconds(self) -> float:
        """Of the whole job, with initialisation, validations and saving."""
        return self.training_seconds + self.overhead_seconds

    @property
    def hours(self) -> float:
        """The same in hours, which the GPUs are paid for."""
        return self.seconds / 3600

    @property
    def total_cost(self) -> float:
        """USD, storage included."""
        return self.compute_cost + self.storage_cost

    def epoch_end(self, epoch: int) -> int:
        """Return the last step of an epoch, which counts from 1."""
        return min(epoch * self.steps_per_epoch, self.total_steps)

    def cost_at(self, seconds: float) -> float:
        """Return the compute cost in USD after so many billed seconds."""
        return self.hourly_rate * seconds / 3600

    def document(self) -> EstimateDocument:
        """Return the estimate as it is given out, rounded."""
        return EstimateDocument(
            estimated_cost=round(self.total_cost, _CENTS),
            cost_breakdown=CostBreakdown(
                compute=round(self.compute_cost, _CENTS), storage=round(self.storage_cost, _CENTS)
            ),
            estimated_duration_hours=round(self.hours, _HOUR_DIGITS),
            hourly_rate=round(self.hourly_rate, _CENTS),
            training_details=TrainingDetails(
                total_steps=self.total_steps,
                steps_per_epoch=self.steps_per_epoch,
                estimated_throughput_tokens_per_sec=self.tokens_per_second,
                dataset_name=self.workload.name,
            ),
        )


def final_cost(compute: float) -> float:
    """Return what a job has cost in the end, in USD: storage is paid once anything was used."""
    return compute + STORAGE_USD if compute > 0 else 0.0


def estimate(workload: Workload, values: Hyperparameters, gpu: Gpu, gpu_count: int) -> Estimate:
    """Return the list estimate.

    It takes the batch size as the global batch of a step and knows neither the model's size
    nor gradient accumulation.
    """
    steps_per_epoch = math.ceil(workload.pairs / values.batch_size)
    total_steps = steps_per_epoch * values.epochs
    throughput = gpu.tokens_per_second * gpu_count
    seconds_per_step = workload.tokens / workload.pairs * values.batch_size / throughput
    training = total_steps * seconds_per_step
    overhead = INITIALIZATION_SECONDS + VALIDATION_SECONDS * values.epochs + SAVING_SECONDS
    rate = gpu.price * gpu_count
    return Estimate(
        workload=workload,
        steps_per_epoch=steps_per_epoch,
        total_steps=total_steps,
        tokens_per_second=throughput,
        seconds_per_step=seconds_per_step,
        training_seconds=training,
        overhead_seconds=overhead,
        hourly_rate=rate,
        compute_cost=rate * (training + overhead) / 3600,
        storage_cost=STORAGE_USD,
    )
