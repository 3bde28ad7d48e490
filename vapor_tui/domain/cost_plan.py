"""Where the estimate expects a job to be at its present position, in time and money."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vapor_tui.domain.estimate import INITIALIZATION_SECONDS, SAVING_SECONDS, VALIDATION_SECONDS
from vapor_tui.domain.formats import ABSENT
from vapor_tui.domain.lifecycle import Stage

if TYPE_CHECKING:
    from vapor_tui.domain.estimate import Estimate
    from vapor_tui.domain.jobs import Job

_MOST_DRIFT = 3.0
"""A drift beyond this factor comes from too little to go by."""


def planned_seconds(job: Job) -> float | None:
    """Return the billed seconds that the estimate allows up to the present position."""
    plan = job.estimate
    if plan is None:
        return None
    trained = job.current_step * plan.seconds_per_step
    evaluated = VALIDATION_SECONDS * max(job.current_epoch - 1, 0)
    begun = INITIALIZATION_SECONDS + trained + evaluated
    match job.current_stage:
        case Stage.QUEUED:
            return 0.0
        case Stage.INITIALIZING:
            return min(job.stage_seconds, INITIALIZATION_SECONDS)
        case Stage.TRAINING:
            return begun
        case Stage.VALIDATING:
            return begun + min(job.stage_seconds, VALIDATION_SECONDS)
        case Stage.SAVING:
            return plan.seconds - SAVING_SECONDS + min(job.stage_seconds, SAVING_SECONDS)
        case Stage.COMPLETED:
            return plan.seconds


def planned_cost(job: Job) -> float | None:
    """Return the USD, without storage, that should be spent by now."""
    seconds = planned_seconds(job)
    return None if seconds is None or job.estimate is None else job.estimate.cost_at(seconds)


def projected_cost(job: Job) -> float | None:
    """Return the USD, with storage, that the job will have cost if it goes on drifting so."""
    planned = planned_cost(job)
    if planned is None or job.estimate is None:
        return None
    factor = job.current_cost / planned if planned > 0 else 1.0
    factor = min(max(factor, 1 / _MOST_DRIFT), _MOST_DRIFT)
    rest = job.estimate.cost_at(_seconds_at_end(job, job.estimate)) - planned
    return job.current_cost + rest * factor + job.estimate.storage_cost


def billed_seconds(job: Job) -> float | None:
    """Return the seconds that have been paid for, on the job's own clock."""
    if job.estimate is None or not job.estimate.hourly_rate:
        return None
    return job.current_cost / job.estimate.hourly_rate * 3600


def planned_seconds_left(job: Job) -> float | None:
    """Return the billed seconds that the estimate still allows."""
    seconds = planned_seconds(job)
    if seconds is None or job.estimate is None:
        return None
    return _seconds_at_end(job, job.estimate) - seconds


def _seconds_at_end(job: Job, plan: Estimate) -> float:
    """Return the billed seconds that the estimate allows; nothing is saved after an early stop."""
    epochs = job.last_epoch
    if epochs is None:
        return plan.seconds
    trained = job.ends_at_step * plan.seconds_per_step
    return INITIALIZATION_SECONDS + trained + VALIDATION_SECONDS * epochs


def drift(spent: float, planned: float | None) -> str:
    """Return by how much the spending is off its plan, as "+2 %"; nothing to go by is "-"."""
    if not planned or planned < 0.01:
        return ABSENT
    value = round(100 * (spent / planned - 1))
    return f"{value:+d} %" if value else "±0 %"
