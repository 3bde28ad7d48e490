"""The realistic law: what public fine-tuning runs show, as functions of the step.

Progress follows the cumulative learning rate S; each finished epoch lowers the training loss of
examples seen before; noise is multiplicative and mostly that of the batch.
"""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vapor_tui.simulation.model import StepRows, step_numbers
from vapor_tui.simulation.population import RunLaw, draw_law
from vapor_tui.simulation.randomness import (
    Stream,
    normal_pair,
    raw_words,
    rough_normal,
)
from vapor_tui.simulation.schedule import Schedule
from vapor_tui.simulation.spec import SimulationSpec

Floats: TypeAlias = NDArray[np.float64]

NOISE, NOISE_EXAMPLES_POWER, NOISE_LOSS_POWER = 0.286, -0.47, -0.28
"""sd of log-loss = 0.286 N^-0.47 L^-0.28: N examples per logged point, L the last loss."""
BATCH_SHARE = 0.95
"""Of the noise's variance, what belongs to the batch and so to the data seed."""
ACCURACY_PER_LOSS = -0.27
GRAD_NORM_NOISE, GRAD_NORM_CORRELATION = 0.2, 0.25
EVAL_JITTER = 0.003
_MOST_NOISE = 0.6
_MOST_MEMORISED = 5.0
"""Log-drops of many epochs approach this instead of growing for ever."""
_FLOOR_SHARE, _FLOOR_MOST = 0.05, 0.02
_MEAN_OF_NOISE = -0.5


class RealisticModel:
    """loss(k) = (floor + (G(S) - floor) exp(-D)) exp(sd x): see the module and `RunLaw`."""

    def __init__(self, spec: SimulationSpec) -> None:
        self._spec = spec
        self.law: RunLaw = draw_law(spec)
        self._schedule = Schedule.of(spec.hyperparameters, spec.total_steps)
        self._floor = min(_FLOOR_MOST, _FLOOR_SHARE * self.law.final)
        self._memorised = self._drops()
        self._remembered: Floats = np.exp(-self._memorised)
        hyper = spec.hyperparameters
        # Averaging over an interval takes it to the power -1/2; the rest makes it N^-0.47.
        interval = hyper.logging_steps ** (0.5 + NOISE_EXAMPLES_POWER)
        sd = NOISE * hyper.batch_size**NOISE_EXAMPLES_POWER * interval
        self._sd = sd * self.law.noise_factor * math.exp(-0.5 * self.law.noise_drift)
        # x is a cubic of a normal z with variance 1; its skewness and tails differ by run.
        skew, tail = self.law.skew, self.law.tail
        scale = 1.0 / math.sqrt(1.0 + 2.0 * skew**2 + 6.0 * tail**2)
        self._cubic = (-skew * scale, (1.0 - 3.0 * tail) * scale, skew * scale, tail * scale)

    def _drops(self) -> Floats:
        """Return D after 0, 1, 2 .. finished epochs, shape (epochs + 1,)."""
        ends = [float(self._spec.epoch_end(e)) for e in range(self._spec.epochs + 1)]
        reached = self._schedule.cumulative(np.array(ends))
        means = np.diff(reached) / np.maximum(np.diff(ends), 1.0)
        epochs = np.arange(1.0, len(ends))
        sums = np.cumsum(self.law.epoch_drop * epochs * means / self._schedule.peak)
        limited = _MOST_MEMORISED * -np.expm1(sums / -_MOST_MEMORISED)
        return np.concatenate(([0.0], limited))

    def _trend(self, first: int, count: int) -> tuple[Floats, Floats]:
        """Return the fast share of the fall still ahead, and the loss without noise.

        A step's loss is measured before its own update, hence the S of the step before.
        """
        law = self.law
        s = self._schedule.cumulative(step_numbers(first - 1, count))
        fast = np.exp(s * (-1.0 / law.tau))
        s *= 1.0 / law.s0
        slow = np.log1p(s, out=s)
        slow *= -law.b
        np.exp(slow, out=slow)
        whole = law.initial - law.final
        slow *= whole * (1.0 - law.fast_share)
        slow += (whole * law.fast_share) * fast
        slow += law.final - self._floor
        length = self._spec.steps_per_epoch
        epochs = slice((first - 1) // length, (first + count - 2) // length + 1)
        if epochs.stop - epochs.start == 1:
            slow *= self._remembered[epochs]
        else:
            slow *= self._remembered.take(np.arange(first - 1, first + count - 1) // length)
        slow += self._floor
        return fast, slow

    def mean_loss(self, first: int, count: int) -> Floats:
        """Return the loss without noise of steps first .. first + count - 1."""
        return self._trend(first, count)[1]

    def rows(self, first: int, count: int) -> StepRows:
        """Return the metrics of steps first .. first + count - 1."""
        law = self.law
        fast, mean = self._trend(first, count)
        shared = raw_words(self._spec.data_seed, Stream.BATCH, first, count)
        own = raw_words(self._spec.seed, Stream.STEP, first, count)
        z, grad_norm = normal_pair(shared[:, 0], shared[:, 1])
        z *= math.sqrt(BATCH_SHARE)
        z += math.sqrt(1.0 - BATCH_SHARE) * rough_normal(own[:, 0], own[:, 1])
        constant, linear, square, cube = self._cubic
        x = z * cube
        x += square
        x *= z
        x += linear
        x *= z
        x += constant
        sd = np.log(mean)
        sd *= NOISE_LOSS_POWER
        drift = law.noise_drift / self._spec.total_steps
        sd += drift * step_numbers(first, count)
        np.exp(sd, out=sd)
        sd *= self._sd
        np.minimum(sd, _MOST_NOISE, out=sd)
        grad_norm *= GRAD_NORM_NOISE * math.sqrt(1.0 - GRAD_NORM_CORRELATION**2)
        grad_norm += (GRAD_NORM_NOISE * GRAD_NORM_CORRELATION) * x
        np.exp(grad_norm, out=grad_norm)
        fast *= law.grad_norm * (law.grad_norm_start - 1.0)
        fast += law.grad_norm
        grad_norm *= fast
        # The mean of exp(sd x) is about exp(sd^2 / 2): taken out, so that averages keep the level.
        x += _MEAN_OF_NOISE * sd
        x *= sd
        loss = np.exp(x, out=x)
        loss *= mean
        accuracy = loss * ACCURACY_PER_LOSS
        np.exp(accuracy, out=accuracy)
        return StepRows(loss, accuracy, grad_norm)

    def eval_loss(self, epoch: int, step: int) -> float:
        """Return G exp(kappa D) with a jitter of 0.3 % after an epoch that ends at a step."""
        reached = self._schedule.cumulative_at(step)
        words = raw_words(self._spec.seed, Stream.EPOCH, epoch, 1)
        jitter = EVAL_JITTER * float(normal_pair(words[:, 0], words[:, 1])[0][0])
        overfitted = self.law.overfitting * float(self._memorised[epoch])
        return self.law.fresh_loss(reached) * math.exp(overfitted + jitter)
