"""Blocks of training metrics, as runners yield them and the store keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Column: TypeAlias = NDArray[np.float64]
    Steps: TypeAlias = NDArray[np.int64]

VALUE_COLUMNS = (
    "loss",
    "accuracy",
    "learning_rate",
    "grad_norm",
    "eval_loss",
    "tokens_per_second",
)
"""The metrics a row may hold, in the order of the table."""


@dataclass(frozen=True, slots=True)
class Void:
    """Stands among blocks: what came before it, stored or not, no longer counts from a step on."""

    since: int = 1
    """The first step that no longer counts; 1 is all of them."""

    def __len__(self) -> int:
        return 0


@dataclass(frozen=True, slots=True)
class MetricsBlock:
    """Metrics of consecutive logged points; every array has shape (n,).

    `step` rises strictly and counts from 1; `epoch` is fractional. A column that was not
    measured is None. A value that is not finite was measured and is what it is.
    """

    step: Steps
    epoch: Column
    loss: Column | None = None
    accuracy: Column | None = None
    learning_rate: Column | None = None
    grad_norm: Column | None = None
    eval_loss: Column | None = None
    tokens_per_second: Column | None = None

    def __len__(self) -> int:
        return len(self.step)

    def column(self, name: str) -> Column | None:
        """Return the column of that name; raises KeyError for a name not in VALUE_COLUMNS."""
        if name not in VALUE_COLUMNS:
            raise KeyError(name)
        values: Column | None = getattr(self, name)
        return values
