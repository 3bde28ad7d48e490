"""Where a training loss will end, with a band, from its curve so far.

In the logarithm u of the cumulative learning rate S, log-loss is nearly a line whose slope
changes slowly and tends towards that of other runs; each finished epoch lowers it besides, by an
amount that grows with the epoch's number and its learning rate. So

    log loss(u) = level + integral of slope(u) - m R + wander(u) + noise

with slope an Ornstein-Uhlenbeck process, wander a random walk and R the repetitions: a Gaussian
process, whose forecast at the last S is one linear solve for at most sixty medians of the curve.
The constants were set on public fine-tuning runs and on simulated ones by the cover of the band.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST_POINTS = 20
LEAST_PROGRESS = 0.1
"""Of the whole cumulative learning rate, what must be behind before anything is said."""
LAST_SHARE = 0.05
"""Of a run's points, those whose mean is the final loss; three at least."""

_SLOPE, _SLOPE_SPREAD, _SLOPE_SHARED_SPREAD, _SLOPE_LENGTH = 0.06, 0.2, 0.05, 1.0
"""Fall of log-loss per unit of u: its mean over runs, how far it strays and for how long."""
_WANDER = 0.05
_REPETITION, _REPETITION_SPREAD = 0.04, 0.08
"""m: log-drop of the training loss at the end of the first epoch, and its spread over runs."""
_LEVEL_SPREAD = 5.0
_LEAST_ERROR = 0.01
_MEDIAN_VARIANCE = 1.3
"""Of a median of points, over that of their mean; a little less than for Gaussian ones."""
_EARLY = 0.03
"""u = log(S + this share of the present S): the first steps do not run off to minus infinity."""
_FIRST_SHARE = 0.05
"""Of the present S, where the curve begins to count."""
_BINS, _MOST_IN_A_BIN, _NOISE_POINTS = 40, 200, 2_000
_MOST_LOG = 700.0
_MOST_EPOCHS = 100_000
"""More of them than any run has: they are left out rather than counted one by one."""
_QUANTILE = 1.2816
"""Of the normal distribution: four fifths lie within so many standard deviations."""


class Course(Protocol):
    """The learning rates of a whole run: a `Schedule` is one."""

    @property
    def peak(self) -> float:
        """The highest rate."""
        ...

    @property
    def total_steps(self) -> int:
        """Steps of the whole run."""
        ...

    def cumulative(self, steps: Floats) -> Floats:
        """Return the sum of the rates of steps 1 .. k, at rising steps."""
        ...


@dataclass(frozen=True, slots=True)
class Forecast:
    """The final training loss: with a chance of four fifths between `low` and `high`."""

    low: float
    mid: float
    high: float

    @property
    def of(self) -> str:
        """What is forecast, in words."""
        return f"training loss, mean of the last {LAST_SHARE:.0%} of the points, 80 % band"


@dataclass(frozen=True, slots=True)
class Silence:
    """There is no forecast."""

    reason: str
    """Why, as half a sentence."""


def forecast(
    steps: NDArray[np.int64],
    losses: Floats,
    course: Course,
    steps_per_epoch: float = 0.0,
    left_out: Sequence[tuple[int, int]] = (),
) -> Forecast | Silence:
    """Return where the loss will end, from all points so far, shape (n,); a loss may be NaN.

    `steps_per_epoch` is 0 when it is not known, and counts as unknown when it is less than one
    step; `left_out` are first and last steps of stretches that say nothing about the rest, as
    spikes do. A few milliseconds for any n.
    """
    known = np.isfinite(losses) & (losses > 0)
    for first, after in left_out:
        known[np.searchsorted(steps, first) : np.searchsorted(steps, after, side="right")] = False
    if not known.all():
        if len(known) and not known[-1]:
            return Silence("the loss is not in its band at present")
        steps, losses = steps[known], losses[known]
    if len(losses) < LEAST_POINTS:
        return Silence(f"it needs {LEAST_POINTS} logged points, there are {len(losses)}")
    last = int(steps[-1])
    ends = np.array([last, course.total_steps], dtype=np.float64)
    if course.total_steps <= last:
        return Silence("all steps are done")
    present, final = course.cumulative(ends).tolist()
    if present < LEAST_PROGRESS * final:
        needed = f"{LEAST_PROGRESS:.0%} of the cumulative learning rate"
        return Silence(f"it needs {needed}, {present / final:.0%} are behind")

    knows_epochs = steps_per_epoch >= 1  # and is a number
    if not knows_epochs or course.total_steps > _MOST_EPOCHS * steps_per_epoch:
        steps_per_epoch = 0.0
    shift = _EARLY * present
    edges = _edges(course, shift, present, last, steps_per_epoch)
    at, height, size = _medians(steps, losses, edges)
    repeated = _repetitions(course, np.append(at, course.total_steps), steps_per_epoch)
    s = course.cumulative(np.append(at, course.total_steps))
    u = np.log((s + shift) / (present + shift))
    noise = _noise(losses)
    errors = _MEDIAN_VARIANCE * noise**2 / size + _LEAST_ERROR**2
    middle, variance = _extrapolated(u, height, errors, repeated)
    whole = len(losses) * course.total_steps / last
    variance += _MEDIAN_VARIANCE * noise**2 / max(3.0, LAST_SHARE * whole) + _LEAST_ERROR**2
    middle += 0.5 * noise**2  # the mean of a lognormal lies above its median
    reach = _QUANTILE * math.sqrt(variance)
    low, mid, high = (min(middle + off, _MOST_LOG) for off in (-reach, 0.0, reach))
    return Forecast(math.exp(low), math.exp(mid), math.exp(high))


def _edges(
    course: Course, shift: float, present: float, last: int, steps_per_epoch: float
) -> NDArray[np.int64]:
    """Return the steps that end each stretch of the curve: even in u, none across two epochs."""
    wanted = np.geomspace(_FIRST_SHARE * present + shift, present + shift, _BINS + 1) - shift
    grid = np.unique(np.linspace(0, last, 4_096).round())
    found = grid[np.minimum(np.searchsorted(course.cumulative(grid), wanted), len(grid) - 1)]
    if steps_per_epoch > 0:
        first, count = found[0], int(last / steps_per_epoch)
        ends = steps_per_epoch * np.arange(max(1, count - _BINS // 2 + 1), count + 1)
        found = np.append(found, ends[ends > first])
    return np.unique(found.astype(np.int64))


def _medians(
    steps: NDArray[np.int64], losses: Floats, edges: NDArray[np.int64]
) -> tuple[Floats, Floats, Floats]:
    """Return the middle step, median log-loss and number of points of each stretch."""
    places = np.unique(np.searchsorted(steps, edges, side="right"))
    places[-1] = len(steps)
    if len(places) < 2 or len(steps) - places[0] < LEAST_POINTS // 2:
        places = np.linspace(0, len(steps), 6).astype(np.int64)
    at, height, size = [], [], []
    for start, stop in zip(places[:-1].tolist(), places[1:].tolist(), strict=True):
        stride = max(1, (stop - start) // _MOST_IN_A_BIN)
        at.append(0.5 * float(steps[start] + steps[stop - 1]))
        height.append(float(np.median(np.log(losses[start:stop:stride]))))
        size.append(float(-(-(stop - start) // stride)))
    return np.array(at), np.array(height), np.array(size)


def _noise(losses: Floats) -> float:
    """Return the standard deviation of one point's log-loss, from how points bend."""
    bends = np.diff(np.log(losses[-_NOISE_POINTS:]), 2)
    return max(float(np.median(np.abs(bends))) / 0.6745 / math.sqrt(6.0), 0.003)


def _repetitions(course: Course, steps: Floats, steps_per_epoch: float) -> Floats:
    """Return R: the sum over finished epochs of number x mean rate / peak, negative."""
    if steps_per_epoch <= 0 or course.peak <= 0:
        return np.zeros(len(steps))
    epochs = math.ceil(course.total_steps / steps_per_epoch)
    ends = np.minimum(np.arange(epochs + 1) * steps_per_epoch, course.total_steps)
    means = np.diff(course.cumulative(ends)) / np.maximum(np.diff(ends), 1.0)
    sums = np.concatenate(([0.0], np.cumsum(np.arange(1, epochs + 1) * means / course.peak)))
    finished = np.maximum(np.ceil(steps / steps_per_epoch) - 1, 0).astype(np.int64)
    repeated: Floats = -sums[np.minimum(finished, epochs)]
    return repeated


def _extrapolated(
    u: Floats, height: Floats, errors: Floats, repeated: Floats
) -> tuple[float, float]:
    """Return mean and variance of the curve at the last of u, given all before it."""
    since, ahead, apart = u - u[0], -u, repeated - repeated[-2]
    decay = np.exp(-since / _SLOPE_LENGTH)
    distance = np.abs(np.subtract.outer(since, since))
    shared = np.minimum.outer(since, since)
    integral = 2.0 * _SLOPE_LENGTH * shared + _SLOPE_LENGTH**2 * (
        np.add.outer(decay, decay) - 1.0 - np.exp(-distance / _SLOPE_LENGTH)
    )
    prior = (
        _LEVEL_SPREAD**2
        + _SLOPE_SPREAD**2 * integral
        + _SLOPE_SHARED_SPREAD**2 * np.outer(ahead, ahead)
        + _WANDER**2 * shared
        + _REPETITION_SPREAD**2 * np.outer(apart, apart)
    )
    mean = _SLOPE * ahead + _REPETITION * apart
    known = prior[:-1, :-1] + np.diag(errors)
    to_last = prior[:-1, -1]
    solved = np.linalg.solve(known, np.column_stack([height - mean[:-1], to_last]))
    middle = float(mean[-1] + to_last @ solved[:, 0])
    return middle, max(float(prior[-1, -1] - to_last @ solved[:, 1]), 0.0)
