"""Several jobs side by side: the settings in which they differ, and what came of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

import numpy as np

from vapor_tui.domain.estimate import INITIALIZATION_SECONDS, VALIDATION_SECONDS, Estimate
from vapor_tui.domain.formats import ABSENT, plain_number
from vapor_tui.domain.history import History
from vapor_tui.domain.hyperparameters import settings
from vapor_tui.domain.job_drafts import job_setting
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.traces import Floats, Trace

FEWEST, MOST = 2, 6
"""Jobs that can be compared at once: more curves cannot be told apart."""
_SMALLEST_DROP = 1e-6


class Axis(StrEnum):
    """What the curves are laid over each other by."""

    STEP = "step"
    EPOCH = "epoch"
    TIME = "time"
    """Of the wall clock."""
    SIMULATED = "simulated"
    """What a job is billed for: simulated time, and the wall clock's for one that is real."""

    @property
    def is_in_seconds(self) -> bool:
        """Whether positions along the axis are seconds since the start."""
        return self in (Axis.TIME, Axis.SIMULATED)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job so far; None where that is not known. Costs are USD."""

    first_loss: float | None
    final_loss: float | None
    """Smoothed; None too when the last loss is not a finite number."""
    last_loss: float | None
    best_loss: float | None
    best_step: int | None
    eval_loss: float | None
    best_eval_loss: float | None
    best_eval_step: int | None
    cost: float
    is_final: bool
    """Whether the job has ended, so that nothing is added to its cost."""
    seconds: float | None
    """On the wall clock."""
    simulated_seconds: float | None
    tokens_per_second: float | None
    cost_per_drop: float | None
    """USD for each 1.0 by which the loss has fallen; None where it has not."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One of the jobs with its curves."""

    job: Job
    history: History

    @property
    def trace(self) -> Trace:
        """The curves, condensed to what a chart can show."""
        return self.history.trace

    def along(self, axis: Axis) -> Floats:
        """Return where the points lie on an axis: steps, epochs, or seconds.

        NaN where that is not known, as in a log that holds no times.
        """
        match axis:
            case Axis.STEP:
                return self.trace.points.step.astype(np.float64)
            case Axis.EPOCH:
                return self.trace.points.rising_epoch
            case Axis.SIMULATED if self.job.is_simulated and self.job.estimate is not None:
                return simulated_seconds(self.trace, self.job.estimate)
            case Axis.TIME | Axis.SIMULATED:
                started = self.job.started_at or self.job.queued_at
                seconds = self.trace.seconds(started.timestamp())
                return np.where(self.trace.points.timed, seconds, np.nan)

    def end_along(self, axis: Axis) -> float:
        """Return where the last point lies on an axis, 0 where there is none."""
        found = self.along(axis)
        known = found[np.isfinite(found)]
        return float(known[-1]) if len(known) else 0.0

    def outcome(self, now: datetime | None = None) -> Outcome:
        """Return what came of the job until `now`, which a job that goes on is timed by."""
        job, trace = self.job, self.trace
        is_finite = "loss" not in job.current_metrics.non_finite
        final = trace.smoothed_last("loss") if is_finite else None
        best, best_eval = trace.lowest.get("loss"), trace.lowest.get("eval_loss")
        cost = job.current_cost if job.final_cost is None else job.final_cost
        return Outcome(
            first_loss=trace.first_loss,
            final_loss=final,
            last_loss=job.current_metrics.loss,
            best_loss=best.value if best else None,
            best_step=best.step if best else None,
            eval_loss=trace.last("eval_loss"),
            best_eval_loss=best_eval.value if best_eval else None,
            best_eval_step=best_eval.step if best_eval else None,
            cost=cost,
            is_final=job.status.has_ended,
            seconds=job.elapsed(now),
            simulated_seconds=_billed_seconds(job) if job.is_simulated else None,
            tokens_per_second=trace.average("tokens_per_second"),
            cost_per_drop=cost_per_drop(cost, trace.first_loss, final),
        )


@dataclass(frozen=True, slots=True)
class SettingRow:
    """A setting in which the jobs differ; a value for each of them, "-" where there is none."""

    name: str
    label: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The jobs in the order they were asked for."""

    jobs: tuple[Compared, ...]
    differing: tuple[SettingRow, ...]
    version: int | None = None
    """The data version it was read at."""

    @property
    def ids(self) -> tuple[int, ...]:
        """The numbers of the jobs, in the order in which they are compared."""
        return tuple(compared.job.id for compared in self.jobs)

    @property
    def has_ended(self) -> bool:
        """Whether nothing can come any more."""
        return all(compared.job.status.has_ended for compared in self.jobs)

    @property
    def axes(self) -> tuple[Axis, ...]:
        """What the curves can be laid along."""
        simulated = any(compared.job.is_simulated for compared in self.jobs)
        return tuple(axis for axis in Axis if simulated or axis is not Axis.SIMULATED)

    @property
    def mixes_money(self) -> bool:
        """Whether some dollars are simulated and some are real."""
        return len({compared.job.is_simulated for compared in self.jobs}) > 1


def cost_per_drop(cost: float, first: float | None, final: float | None) -> float | None:
    """Return the USD for each 1.0 that the loss fell; None where it did not, or nothing is paid."""
    if not cost or first is None or final is None or first - final < _SMALLEST_DROP:
        return None
    return cost / (first - final)


def simulated_seconds(trace: Trace, plan: Estimate) -> Floats:
    """Return the simulated seconds after which each point was logged.

    Steps take what their measured tokens per second say; the stages around them what the
    estimate allows.
    """
    steps, rates = trace.points.step, trace.mean("tokens_per_second")
    rates = np.where(rates > 0, rates, plan.tokens_per_second)
    each = np.diff(steps, prepend=0) * plan.seconds_per_step * plan.tokens_per_second / rates
    validated = (steps - 1) // max(plan.steps_per_epoch, 1)
    seconds: Floats = INITIALIZATION_SECONDS + np.cumsum(each) + VALIDATION_SECONDS * validated
    return seconds


def differing_settings(jobs: Sequence[Job]) -> tuple[SettingRow, ...]:
    """Return the settings that are not the same in all jobs, in the order of the form."""
    columns = [job_settings(job) for job in jobs]
    rows = []
    labels = _labels()
    # What was found beside the log of an attached run may have names of its own.
    others = {name: name for column in columns for name in column if name not in labels}
    for name, label in (labels | others).items():
        values = tuple(column.get(name) or ABSENT for column in columns)
        if len(set(values)) > 1:
            rows.append(SettingRow(name, label, values))
    return tuple(rows)


def job_settings(job: Job) -> Mapping[str, str | None]:
    """Return all settings of a job but its name, as a person would type them."""
    gpu = job.gpu_config
    found: dict[str, str | None] = {
        "preset": job.preset_id,
        "base_model": job.base_model,
        # By number too: two datasets may have one name.
        "dataset": _dataset(job),
        "gpu_type": gpu.type if gpu else None,
        "gpu_count": str(gpu.count) if gpu else None,
        "budget": job_setting("budget").show(job.budget),
        "seed": None if job.is_attached else str(job.seed),
        "engine": job.engine.value,
        "placement": job.placement.value,
        "mode": job.mode,
        "speed": job.speed,
        "injection": job.injection,
    }
    if values := job.hyperparameters:
        found |= {name: kind.show(getattr(values, name)) for name, kind in settings()}
    for name, value in (job.run_settings or {}).items():
        found[name] = plain_number(value) if isinstance(value, float) else str(value)
    return found


def means_until(compared: Compared, metric: str, axis: Axis, places: Floats) -> list[float | None]:
    """Return the mean of a metric over each stretch of an axis that ends at one of these places.

    The first stretch begins at 0; None for a stretch in which nothing was measured.
    """
    values, along = compared.trace.mean(metric), compared.along(axis)
    finite = np.isfinite(values) & np.isfinite(along)
    x, y, counts = along[finite], values[finite], compared.trace.points.count[finite]
    ends = np.searchsorted(x, places, side="right")
    means: list[float | None] = []
    for begin, end in pairwise([0, *ends.tolist()]):
        mean = np.average(y[begin:end], weights=counts[begin:end]) if end > begin else None
        means.append(None if mean is None else float(mean))
    return means


def common_places(jobs: Sequence[Compared], axis: Axis, count: int) -> Floats:
    """Return `count` evenly spaced places of an axis, up to where the longest curve ends."""
    end = max((job.end_along(axis) for job in jobs), default=0.0)
    if end <= 0:
        return np.zeros(0)
    places = end * np.arange(1, count + 1) / count
    return np.unique(np.round(places)) if axis is Axis.STEP else places


def _labels() -> dict[str, str]:
    own = ("base_model", "dataset", "gpu_type", "gpu_count", "budget")
    words = {name: "Dataset" if name == "dataset" else job_setting(name).label for name in own}
    described = list(settings())
    plain = {name: kind.label for name, kind in described if not kind.advanced}
    advanced = {name: kind.label for name, kind in described if kind.advanced}
    return {
        "preset": "Preset",
        **words,
        **plain,
        "seed": job_setting("seed").label,
        **advanced,
        "engine": "Engine",
        "placement": "Placement",
        "mode": "Simulation mode",
        "speed": "Simulation speed",
        "injection": "Injected fault",
    }


def _dataset(job: Job) -> str | None:
    if job.dataset_id is None:
        return job.dataset_name
    return f"{job.dataset_name or ABSENT} (#{job.dataset_id})"


def _billed_seconds(job: Job) -> float | None:
    if job.estimate is None or job.estimate.hourly_rate <= 0:
        return None
    return job.current_cost / job.estimate.hourly_rate * 3600
