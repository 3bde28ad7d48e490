"""What goes wrong in a run, and when: it follows from the configuration and the injection."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from vapor_tui.domain.formats import plain_number
from vapor_tui.simulation.hazard import SAFE_SHARE, critical_rate, step_of_break
from vapor_tui.simulation.injection import InjectionKind
from vapor_tui.simulation.randomness import Stream, run_uniforms
from vapor_tui.simulation.schedule import Schedule
from vapor_tui.simulation.spec import SimulationMode, SimulationSpec

_NAN_AT_TWICE_CRITICAL = 8.0
"""A break is NaN with probability r^3 / (r^3 + 8), r = lr / lr_crit at that step."""
_SPIKE_SHARE = 0.6
"""Of the breaks that are not NaN, those that recover."""


class FailureKind(StrEnum):
    """What ends a run before its time."""

    NAN = "nan"
    OUT_OF_MEMORY = "out_of_memory"


@dataclass(frozen=True, slots=True)
class Failure:
    """The end of a run that fails.

    `step` is the step that fails, whose point is still logged (its loss is NaN), and 0 for a
    run that fails while it initializes. `injected` says that a person asked for it.
    """

    step: int
    kind: FailureKind
    message: str
    injected: bool


class DisturbanceKind(StrEnum):
    """What a break does to the loss."""

    SPIKE = "spike"
    RISE = "rise"
    NAN = "nan"


@dataclass(frozen=True, slots=True)
class Disturbance:
    """A break at a step; `size` in 0 .. 1 says how large its spike or rise is of its kind."""

    kind: DisturbanceKind
    step: int
    size: float
    injected: bool


@lru_cache(maxsize=2048)
def disturbances_of(spec: SimulationSpec) -> tuple[Disturbance, ...]:
    """Return what disturbs a run, in the order of steps."""
    found = [_injected(spec), _of_configuration(spec)]
    return tuple(sorted((d for d in found if d is not None), key=lambda d: d.step))


def failure_of(spec: SimulationSpec) -> Failure | None:
    """Return how and where a run fails, or None for one that comes to its end."""
    fault = spec.injected
    if fault is not None and fault.kind is InjectionKind.OUT_OF_MEMORY:
        message = "Out of memory while the model was loaded, as the injection oom asked for"
        return Failure(0, FailureKind.OUT_OF_MEMORY, message, injected=True)
    if not spec.fits_memory:
        message = (
            "Out of memory while the model was loaded. Try 4-bit quantization, a shorter "
            "sequence length, a smaller batch, or more or larger GPUs"
        )
        return Failure(0, FailureKind.OUT_OF_MEMORY, message, injected=False)
    for disturbance in disturbances_of(spec):
        if disturbance.kind is DisturbanceKind.NAN:
            message = _nan_message(spec, disturbance)
            return Failure(disturbance.step, FailureKind.NAN, message, disturbance.injected)
    return None


def last_step(spec: SimulationSpec) -> int:
    """Return the last step that a run computes: the failing one, or that of its schedule."""
    failure = failure_of(spec)
    return spec.total_steps if failure is None else failure.step


def _injected(spec: SimulationSpec) -> Disturbance | None:
    fault = spec.injected
    kinds = {
        InjectionKind.NAN: DisturbanceKind.NAN,
        InjectionKind.SPIKE: DisturbanceKind.SPIKE,
    }
    if fault is None or fault.kind not in kinds or fault.step > spec.total_steps:
        return None
    return Disturbance(kinds[fault.kind], fault.step, 0.5, injected=True)


def _of_configuration(spec: SimulationSpec) -> Disturbance | None:
    if spec.mode is not SimulationMode.REALISTIC:
        return None
    endurance, kind, recovers, size = run_uniforms(spec.seed, Stream.FAILURE, 1)
    batch = spec.hyperparameters.batch_size
    schedule = Schedule.of(spec.hyperparameters, spec.total_steps)
    step = step_of_break(schedule, batch, -math.log1p(-endurance))
    if step is None:
        return None
    severity = (schedule.rate_at(step) / critical_rate(batch)) ** 3
    if kind < severity / (severity + _NAN_AT_TWICE_CRITICAL):
        return Disturbance(DisturbanceKind.NAN, step, size, injected=False)
    recovered = recovers < _SPIKE_SHARE
    return Disturbance(
        DisturbanceKind.SPIKE if recovered else DisturbanceKind.RISE, step, size, injected=False
    )


def _nan_message(spec: SimulationSpec, disturbance: Disturbance) -> str:
    begun = f"Loss became NaN at step {disturbance.step:,}"
    if disturbance.injected:
        return f"{begun}, as the injection {spec.injected} asked for"
    hyper = spec.hyperparameters
    safe = plain_number(safe_rate(hyper.batch_size))
    tried = plain_number(hyper.learning_rate)
    return (
        f"{begun}: a learning rate of {tried} is too high for batches of {hyper.batch_size}. "
        f"Try {safe} or lower"
    )


def safe_rate(batch_size: int) -> float:
    """Return the largest of 1, 2 and 5 times a power of ten that never breaks a run."""
    limit = SAFE_SHARE * critical_rate(batch_size)
    power = 10.0 ** math.floor(math.log10(limit))
    return max(round(m * power, 12) for m in (1, 2, 5) if m * power <= limit)
