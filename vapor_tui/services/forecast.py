"""The forecast of a job's final loss, from its points and its schedule."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from vapor_tui.domain.forecast import Course, Forecast, Silence, forecast
from vapor_tui.domain.health.findings import HealthChange, departures
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.metrics import MetricsBlock
from vapor_tui.services.workspace import Workspace
from vapor_tui.simulation import SimulationMode
from vapor_tui.simulation.schedule import Schedule
from vapor_tui.storage.health import health_history
from vapor_tui.storage.metrics import metric_samples

Floats = NDArray[np.float64]

_ENDED = Silence("the run has ended")
_SHAPES = ("constant", "linear", "cosine")
_PLACES, _EACH = 200, 8
"""Of a long run so many places are read, so many points at each."""


def forecast_now(workspace: Workspace, job: Job) -> Forecast | Silence:
    """Return where a job's loss will end, from what is stored."""
    if job.status.has_ended:
        return _ENDED
    return forecast_of(job, *workspace.database.read(_read, job))


def read_points(connection: Connection, job: Job) -> MetricsBlock:
    """Return so many of a job's points, from all of its way, as a forecast takes."""
    return metric_samples(connection, job.id, job.current_step, _PLACES, _EACH)


def _read(connection: Connection, job: Job) -> tuple[MetricsBlock, list[HealthChange]]:
    return read_points(connection, job), health_history(connection, job.id)


def forecast_of(
    job: Job, points: MetricsBlock, health: Sequence[HealthChange]
) -> Forecast | Silence:
    """Return where a job's loss will end, from points of all of its way, in order."""
    if job.status.has_ended:
        return _ENDED
    if job.total_steps <= 0:
        return Silence("the run does not say how many steps it has")
    if job.ends_at_step < job.total_steps:
        return Silence("the run is to stop after this epoch")
    if points.loss is None or not len(points):
        return Silence("nothing is logged yet")
    has_epochs = 1 < job.total_epochs <= job.total_steps
    per_epoch = job.total_steps / job.total_epochs if has_epochs else 0.0
    if job.estimate is not None:
        per_epoch = float(job.estimate.steps_per_epoch)
    left_out = departures(health, int(points.step[-1]))
    return forecast(points.step, points.loss, course_of(job, points), per_epoch, left_out)


def course_of(job: Job, points: MetricsBlock) -> Course:
    """Return the learning rates of a whole job: as configured, else as its log lets one infer."""
    if job.is_simulated and job.mode != SimulationMode.REALISTIC:
        return steps_alone(job.total_steps)
    if job.hyperparameters is not None:
        return Schedule.of(job.hyperparameters, job.total_steps)
    return inferred_course(points, job.total_steps)


def steps_alone(total_steps: int) -> Schedule:
    """Return the course of a run of which no learning rate is known."""
    return Schedule(1.0, "constant", 0, total_steps)


def inferred_course(points: MetricsBlock, total_steps: int) -> Schedule:
    """Return the usual schedule over these steps that comes closest to the logged rates."""
    if points.learning_rate is None:
        return steps_alone(total_steps)
    known = np.isfinite(points.learning_rate)
    steps, rates = points.step[known].astype(np.float64), points.learning_rate[known]
    if not len(rates) or rates.max() <= 0:
        return steps_alone(total_steps)
    peak = float(rates.max())
    warmup = math.floor(steps[int(np.argmax(rates >= 0.995 * peak))])
    warmup = 0 if warmup <= steps[0] else warmup
    tried = [Schedule(peak, shape, warmup, total_steps) for shape in _SHAPES]
    return min(tried, key=lambda course: float(np.abs(course.rate(steps) - rates).mean()))
