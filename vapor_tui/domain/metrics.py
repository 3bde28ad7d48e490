"""Blocks of training metrics, as runners yield them and the store keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Column: TypeAlias = NDArray[np.float64]
    Steps: TypeAlias = NDArray[np.int64]
    Flags: TypeAlias = NDArray[np.bool_]

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
    measured is None. A value that is not finite was measured and is what it is, unless it is
    one of the gaps.
    """

    step: Steps
    epoch: Column
    loss: Column | None = None
    accuracy: Column | None = None
    learning_rate: Column | None = None
    grad_norm: Column | None = None
    eval_loss: Column | None = None
    tokens_per_second: Column | None = None
    at: Column | None = None
    """When each was logged, in seconds since 1970, 0 where that is not known. None: just now."""
    gaps: NDArray[Any] | None = None
    """Flags of shape (metrics, n) in the order of VALUE_COLUMNS: where one was not measured.
    None: nowhere, in the columns that there are."""

    def __len__(self) -> int:
        return len(self.step)

    def column(self, name: str) -> Column | None:
        """Return the column of that name; raises KeyError for a name not in VALUE_COLUMNS."""
        if name not in VALUE_COLUMNS:
            raise KeyError(name)
        values: Column | None = getattr(self, name)
        return values

    def gaps_of(self, name: str) -> Flags | None:
        """Return where a column was not measured, of shape (n,)."""
        return None if self.gaps is None else self.gaps[VALUE_COLUMNS.index(name)]

    def last_measured(self, name: str) -> int | None:
        """Return the place of the last value of a column; None for one without any."""
        if self.column(name) is None:
            return None
        gaps = self.gaps_of(name)
        return len(self) - 1 if gaps is None else int((~gaps).nonzero()[0][-1])

    def measured(self, name: str) -> list[float | None] | None:
        """Return the values of a column with None in its gaps; None for one without any."""
        column = self.column(name)
        if column is None:
            return None
        values: list[float | None] = column.tolist()
        if (gaps := self.gaps_of(name)) is not None:
            for place in gaps.nonzero()[0].tolist():
                values[place] = None
        return values
