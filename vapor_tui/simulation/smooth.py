"""The two simple laws: exponential and power decay with a little Gaussian noise."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vapor_tui.simulation.model import StepRows, step_numbers
from vapor_tui.simulation.randomness import (
    Stream,
    normal_pair,
    raw_words,
    run_uniforms,
    uniforms,
)
from vapor_tui.simulation.spec import SimulationMode, SimulationSpec

Floats: TypeAlias = NDArray[np.float64]

FLOOR = 0.05
_INITIAL, _INITIAL_SPREAD = 2.5, 0.15
_FINAL, _FINAL_SPREAD = 0.3, 0.05
_DECAY = 5.0
_POWER = 0.5
_NOISE, _NOISE_FALL = 0.03, 0.8
_ACCURACY_NOISE = 0.01
_GRAD_NORM, _GRAD_NORM_RISE, _GRAD_NORM_NOISE = 0.6, 1.5, 0.2
_EVAL_GAP, _EVAL_NOISE = 1.04, 0.003


class SmoothModel:
    """loss(k) = trend(k) + noise of sd 0.03 (1 - 0.8 p) at progress p = k / total_steps.

    exponential: trend = final + (initial - final) exp(-5 p).
    power: trend = a k^-b + c with b = 1/2, through `initial` at step 1 and `final` at the last.
    """

    def __init__(self, spec: SimulationSpec) -> None:
        self._seed = spec.seed
        self._total = spec.total_steps
        # Word 0 and 1 shape the throughput.
        _, _, first, last = run_uniforms(spec.seed, Stream.RUN, 1)
        self.initial = _INITIAL + _INITIAL_SPREAD * (2.0 * first - 1.0)
        self.final = _FINAL + _FINAL_SPREAD * (2.0 * last - 1.0)
        self._power = spec.mode is SimulationMode.POWER

    def _fallen(self, steps: Floats) -> Floats:
        """Return the share of the whole fall that is still ahead, 1 falling towards 0."""
        if self._power:
            end = 1.0 / math.sqrt(self._total)
            return (steps**-_POWER - end) / (1.0 - end) if end < 1.0 else np.ones_like(steps)
        return np.exp(steps * (-_DECAY / self._total))

    def _trend(self, steps: Floats) -> Floats:
        return self.final + (self.initial - self.final) * self._fallen(steps)

    def rows(self, first: int, count: int) -> StepRows:
        """Return the metrics of steps first .. first + count - 1."""
        steps = step_numbers(first, count)
        words = raw_words(self._seed, Stream.STEP, first, count)
        noise, other = normal_pair(words[:, 0], words[:, 1])
        ahead = self._fallen(steps)
        trend = self.final + (self.initial - self.final) * ahead
        sd = _NOISE * (1.0 - (_NOISE_FALL / self._total) * steps)
        loss = np.maximum(trend + sd * noise, FLOOR)
        shaken = _ACCURACY_NOISE * (2.0 * uniforms(words[:, 2]) - 1.0)
        accuracy = np.clip(1.0 - loss / self.initial + shaken, 0.0, 1.0)
        level = _GRAD_NORM * (1.0 + _GRAD_NORM_RISE * ahead)
        return StepRows(loss, accuracy, level * np.exp(_GRAD_NORM_NOISE * other))

    def eval_loss(self, epoch: int, step: int) -> float:
        """Return the loss on the held-out part after an epoch that ends at a step."""
        end = np.array([step], dtype=np.float64)
        words = raw_words(self._seed, Stream.EPOCH, epoch, 1)
        jitter = normal_pair(words[:, 0], words[:, 1])[0]
        return float((self._trend(end) * _EVAL_GAP * np.exp(_EVAL_NOISE * jitter))[0])
