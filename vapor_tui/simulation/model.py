"""What every loss law offers: whole rows for any steps, and the loss after an epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StepRows:
    """Metrics of consecutive steps, one value a step; every array has shape (n,)."""

    loss: Floats
    accuracy: Floats
    grad_norm: Floats


class LossModel(Protocol):
    """A law of training, fixed by a specification; each step is a pure function of its number."""

    def rows(self, first: int, count: int) -> StepRows:
        """Return the metrics of steps first .. first + count - 1."""
        ...

    def eval_loss(self, epoch: int, step: int) -> float:
        """Return the loss on the held-out part after an epoch that ends at a step."""
        ...


def step_numbers(first: int, count: int) -> Floats:
    """Return first .. first + count - 1 as floats; exact up to 2**53."""
    return np.arange(first, first + count, dtype=np.float64)
