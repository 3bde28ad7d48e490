"""A loss law with a break in it: a spike that recovers, a lasting rise, or NaN."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vapor_tui.simulation.failures import Disturbance, DisturbanceKind
from vapor_tui.simulation.model import LossModel, StepRows, step_numbers

Floats: TypeAlias = NDArray[np.float64]

_SPIKE, _SPIKE_MORE = 0.7, 0.9
_RISE, _RISE_MORE = 0.6, 0.8
"""Log of the factor by which a break raises the loss, least and what its size adds."""
_FADING_SHARE, _FADING_LEAST = 0.01, 4.0
"""Steps, as a share of the run and at least, in which a spike fades or a rise is climbed."""
_OMEN, _OMEN_STEPS, _OMEN_SHOWN = 1.5, 4.0, 40
"""Before NaN the loss climbs: log of the factor, steps per e-fold, steps in which it shows."""
_GRAD_NORM_POWER = 2.0
"""The gradient norm rises with this power of the loss's factor."""
_ACCURACY_PER_LOSS = -0.27


class DisturbedModel:
    """Another law's rows, changed from a disturbance on."""

    def __init__(self, law: LossModel, disturbance: Disturbance, total_steps: int) -> None:
        self._law = law
        self._disturbance = disturbance
        self._fading = max(_FADING_LEAST, _FADING_SHARE * total_steps)
        self._begins = disturbance.step
        if disturbance.kind is DisturbanceKind.NAN:
            self._begins -= _OMEN_SHOWN

    def _log_factor(self, steps: Floats) -> Floats:
        """Return what is added to log-loss at steps from the first one that is changed."""
        since = steps - self._disturbance.step
        size = self._disturbance.size
        match self._disturbance.kind:
            case DisturbanceKind.SPIKE:
                return (_SPIKE + _SPIKE_MORE * size) * np.exp(since / -self._fading)
            case DisturbanceKind.RISE:
                return (_RISE + _RISE_MORE * size) * -np.expm1((since + 1.0) / -self._fading)
            case DisturbanceKind.NAN:
                omen = _OMEN * np.exp(np.minimum(since, 0.0) / _OMEN_STEPS)
                return np.where(since < 0.0, omen, math.nan)

    def rows(self, first: int, count: int) -> StepRows:
        """Return the metrics of steps first .. first + count - 1."""
        rows = self._law.rows(first, count)
        if first + count <= self._begins:
            return rows
        part = slice(max(0, self._begins - first), None)
        added = self._log_factor(step_numbers(first, count)[part])
        loss, accuracy, grad_norm = rows.loss.copy(), rows.accuracy.copy(), rows.grad_norm.copy()
        loss[part] *= np.exp(added)
        accuracy[part] *= np.exp(_ACCURACY_PER_LOSS * (loss[part] - rows.loss[part]))
        grad_norm[part] *= np.exp(_GRAD_NORM_POWER * added)
        return StepRows(loss, accuracy, grad_norm)

    def eval_loss(self, epoch: int, step: int) -> float:
        """Return the loss on the held-out part after an epoch that ends at a step."""
        plain = self._law.eval_loss(epoch, step)
        if step < self._begins:
            return plain
        return plain * float(np.exp(self._log_factor(np.array([float(step)])))[0])
