"""The learning rate of every step and its running sum, both in closed form.

As in Hugging Face transformers: linear warm-up over ceil(ratio x steps), then constant, or a
linear or cosine fall to zero. Step k has the rate that stands after k scheduler steps, which
is what the Trainer logs, so the last step of a falling schedule has rate 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vapor_tui.domain.hyperparameters import Hyperparameters
from vapor_tui.simulation.circle import sine_and_cosine

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Schedule:
    """A learning-rate schedule over `total_steps`; steps count from 1."""

    peak: float
    shape: str
    warmup_steps: int
    total_steps: int

    @classmethod
    def of(cls, hyperparameters: Hyperparameters, total_steps: int) -> Schedule:
        """Return the schedule of a configuration."""
        return cls(
            peak=hyperparameters.learning_rate,
            shape=hyperparameters.lr_scheduler_type,
            warmup_steps=math.ceil(total_steps * hyperparameters.warmup_ratio),
            total_steps=total_steps,
        )

    @property
    def _falling_steps(self) -> int:
        return max(1, self.total_steps - self.warmup_steps)

    def rate(self, steps: Floats) -> Floats:
        """Return the learning rate at these rising steps, shape (n,)."""
        after = np.maximum(steps - self.warmup_steps, 0.0)
        if self.shape == "linear":
            factor = 1.0 - after / self._falling_steps
        elif self.shape == "cosine":
            cosine = sine_and_cosine(after * (0.5 / self._falling_steps))[1]
            factor = 0.5 + 0.5 * cosine
        else:
            factor = np.ones_like(after)
        inside = int(np.searchsorted(steps, self.warmup_steps))
        factor[:inside] = steps[:inside] / max(1, self.warmup_steps)
        return self.peak * factor

    def cumulative(self, steps: Floats) -> Floats:
        """Return S(k), the sum of the rates of steps 1 .. k, at these rising steps, shape (n,)."""
        after = np.maximum(steps - self.warmup_steps, 0.0)
        total = 0.5 * after
        if self.shape == "linear":
            total += total - after * (after + 1.0) * (0.5 / self._falling_steps)
        elif self.shape == "cosine":
            # Dirichlet: sum of cos(i t), i = 1 .. j, is sin((j + 1/2) t) / (2 sin(t / 2)) - 1/2
            per_step = 0.5 / self._falling_steps
            after += 0.5
            after *= per_step
            waves = sine_and_cosine(after)[0]
            waves *= 0.25 / math.sin(math.pi * per_step)
            total += waves
            total -= 0.25
        else:
            total += total
        if self.warmup_steps:
            inside = int(np.searchsorted(steps, self.warmup_steps))
            warm = steps[:inside]
            total[:inside] += warm * (warm + 1.0) / (2.0 * self.warmup_steps)
            total[inside:] += 0.5 * (self.warmup_steps + 1.0)
        total *= self.peak
        return total

    def rate_at(self, step: float) -> float:
        """Return the learning rate at one step."""
        return float(self.rate(np.array([step], dtype=np.float64))[0])

    def cumulative_at(self, step: float) -> float:
        """Return S at one step."""
        return float(self.cumulative(np.array([step], dtype=np.float64))[0])
