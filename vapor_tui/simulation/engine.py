"""Logged points of a simulated run, computed for any stretch of it without what came before."""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vapor_tui.domain.metrics import VALUE_COLUMNS, MetricsBlock
from vapor_tui.simulation.disturbed import DisturbedModel
from vapor_tui.simulation.failures import disturbances_of, last_step
from vapor_tui.simulation.model import LossModel
from vapor_tui.simulation.realistic import RealisticModel
from vapor_tui.simulation.schedule import Schedule
from vapor_tui.simulation.smooth import SmoothModel
from vapor_tui.simulation.spec import SimulationMode, SimulationSpec
from vapor_tui.simulation.throughput import throughput_of

Floats: TypeAlias = NDArray[np.float64]

_CHUNK_STEPS = 1 << 14
"""Steps computed at a time: small enough that their arrays stay in the processor's cache and are
not mapped anew by the operating system each time, which costs more than all of the arithmetic."""
_PAGE_POINTS, _PAGE_STEPS = 64, 1 << 12
"""Computed ahead for a caller who wants a few points, at most: a short block costs as much as a
long one, and a worker with a thousand live jobs asks each for a point or two in every tick."""
_PAGES = 2048


@lru_cache(maxsize=2048)
def _model_of(spec: SimulationSpec) -> LossModel:
    realistic = spec.mode is SimulationMode.REALISTIC
    model: LossModel = RealisticModel(spec) if realistic else SmoothModel(spec)
    for disturbance in disturbances_of(spec):
        model = DisturbedModel(model, disturbance, spec.total_steps)
    return model


def simulate(spec: SimulationSpec, start: int, stop: int) -> MetricsBlock:
    """Return the points that are logged in steps start + 1 .. stop of a run.

    A point is logged every `logging_steps` steps, as the Trainer does, and at the last step (the
    one that fails, in a run that fails), so that even the shortest run shows its loss. Loss,
    accuracy, gradient norm and throughput are means over the steps since the point before; the
    learning rate is that of the step. Points do not depend on how a run is cut into blocks: they
    are equal bit for bit.
    """
    start, stop = max(0, start), max(0, min(stop, last_step(spec)))
    interval = spec.hyperparameters.logging_steps
    span = interval * max(1, min(_PAGE_POINTS, _PAGE_STEPS // interval))
    page = start // span
    if stop > (page + 1) * span:
        return _computed(spec, start, stop)
    ahead = _page(spec, page * span, (page + 1) * span)
    first, last = np.searchsorted(ahead.step, (start, stop), side="right")
    return _part(ahead, slice(int(first), int(last)))


def _part(block: MetricsBlock, part: slice) -> MetricsBlock:
    """Return some of a block's points as arrays of their own."""
    columns = {name: block.column(name) for name in VALUE_COLUMNS}
    return MetricsBlock(
        step=block.step[part].copy(),
        epoch=block.epoch[part].copy(),
        **{name: values[part].copy() for name, values in columns.items() if values is not None},
    )


@lru_cache(maxsize=_PAGES)
def _page(spec: SimulationSpec, start: int, stop: int) -> MetricsBlock:
    return _computed(spec, start, min(stop, last_step(spec)))


def _computed(spec: SimulationSpec, start: int, stop: int) -> MetricsBlock:
    interval = spec.hyperparameters.logging_steps
    first_end = (start // interval + 1) * interval
    ends = np.arange(first_end, stop + 1, interval, dtype=np.int64)
    if start < stop == last_step(spec) and stop % interval:
        ends = np.append(ends, stop)
    epoch, loss, accuracy, rate, grad_norm, speed = (np.empty(len(ends)) for _ in range(6))
    per_chunk = max(1, _CHUNK_STEPS // interval)
    model, throughput = _model_of(spec), throughput_of(spec)
    schedule = Schedule.of(spec.hyperparameters, spec.total_steps)
    for at in range(0, len(ends), per_chunk):
        part = slice(at, at + per_chunk)
        numbers = ends[part].astype(np.float64)
        rate[part] = schedule.rate(numbers)
        epoch[part] = numbers / spec.steps_per_epoch
        first = (int(ends[at]) - 1) // interval * interval + 1
        count = int(ends[part][-1]) - first + 1
        rows = model.rows(first, count)
        loss[part] = _means(rows.loss, interval)
        accuracy[part] = _means(rows.accuracy, interval)
        grad_norm[part] = _means(rows.grad_norm, interval)
        speed[part] = _means(throughput.relative_speed(first, count), interval)
    speed *= spec.tokens_per_second
    return MetricsBlock(
        step=ends,
        epoch=epoch,
        loss=loss,
        accuracy=accuracy,
        learning_rate=rate,
        grad_norm=grad_norm,
        tokens_per_second=speed if spec.tokens_per_second else None,
    )


def evaluate(spec: SimulationSpec, epoch: int) -> MetricsBlock:
    """Return the one point that validation after an epoch gives, at the epoch's last step."""
    step = spec.epoch_end(epoch)
    return MetricsBlock(
        step=np.array([step], dtype=np.int64),
        epoch=np.array([step / spec.steps_per_epoch]),
        eval_loss=np.array([_model_of(spec).eval_loss(epoch, step)]),
    )


def _means(values: Floats, interval: int) -> Floats:
    """Return the mean of every `interval` values, and of what is left over at the end."""
    if interval == 1:
        return values
    whole = len(values) // interval * interval
    means: Floats = values[:whole].reshape(-1, interval).mean(axis=1)
    if whole < len(values):
        means = np.append(means, values[whole:].mean())
    return means
