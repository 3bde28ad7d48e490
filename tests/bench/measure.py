"""Figures against floors that are measured in the same run, and the table that shows them."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

ROUNDS = 7


@dataclass(frozen=True, slots=True)
class Measurement:
    """A figure and its floor in the same unit; the aim is a bound of their ratio."""

    name: str
    unit: str
    figure: float
    floor: float
    aim: float
    more_is_better: bool = False
    """Whether figure and floor are rates, of which the ratio must be at least the aim."""

    @property
    def ratio(self) -> float:
        return self.figure / self.floor

    @property
    def is_met(self) -> bool:
        return self.ratio >= self.aim if self.more_is_better else self.ratio <= self.aim

    @property
    def is_grossly_missed(self) -> bool:
        """Whether it is twice as bad as the aim: no noise of the machine explains that."""
        if self.more_is_better:
            return self.ratio < self.aim / 2
        return self.ratio > self.aim * 2


def paired(
    figure: Callable[[], float], floor: Callable[[], float], rounds: int = ROUNDS
) -> tuple[float, float]:
    """Return the medians of two measurements taken in turn, after one of each to warm up.

    In turn, so that a machine whose speed drifts slows both alike.
    """
    figure()
    floor()
    pairs = [(figure(), floor()) for _ in range(rounds)]
    return statistics.median(p[0] for p in pairs), statistics.median(p[1] for p in pairs)


def seconds(work: Callable[[], object]) -> float:
    """Return how long a call takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def table(measurements: Sequence[Measurement]) -> str:
    """Return the measurements as aligned lines."""
    lines = [f"{'what':<34}{'figure':>12}{'floor':>12}  {'unit':<8}{'ratio':>7}{'aim':>8}"]
    for m in measurements:
        sign = "≥" if m.more_is_better else "≤"
        lines.append(
            f"{m.name:<34}{m.figure:>12.4g}{m.floor:>12.4g}  {m.unit:<8}{m.ratio:>7.2f}"
            f"{sign + format(m.aim, 'g'):>8}  {'met' if m.is_met else 'MISSED'}"
        )
    return "\n".join(lines)


def document(measurements: Sequence[Measurement]) -> str:
    """Return the measurements as one JSON document."""
    rows = [{**asdict(m), "ratio": m.ratio, "is_met": m.is_met} for m in measurements]
    return json.dumps({"measurements": rows}, indent=2)
