"""What finished runs teach about the real rate of tokens."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

LEAST_RUNS = 3
"""Fewer say too little."""


class Calibration(BaseModel):
    """The rate that runs of one model on one GPU type have had."""

    model_config = ConfigDict(frozen=True)

    tokens_per_second: float
    """Of one GPU; the median."""
    spread: float
    """Half the range of the runs over the median, as a share."""
    runs: int


def calibrate(rates: Sequence[float]) -> Calibration | None:
    """Return what rates (tokens per second and GPU) come to; None for too few of them."""
    usable = sorted(rate for rate in rates if rate > 0)
    if len(usable) < LEAST_RUNS:
        return None
    middle = statistics.median(usable)
    return Calibration(
        tokens_per_second=middle,
        spread=(usable[-1] - usable[0]) / 2 / middle,
        runs=len(usable),
    )
