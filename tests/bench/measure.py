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
    """A figure and, where there is one, its floor in the same unit.

    The aim is a bound of their ratio, or of the figure itself; None where it is only shown.
    """

    name: str
    unit: str
    figure: float
    floor: float | None = None
    aim: float | None = None
    more_is_better: bool = False
    """Whether these are rates, of which the ratio must be at least the aim."""
    is_absolute: bool = False
    """Whether the aim bounds the figure and not the ratio."""

    @property
    def ratio(self) -> float | None:
        return self.figure / self.floor if self.floor else None

    @property
    def is_met(self) -> bool | None:
        return self._is_within(1)

    @property
    def is_grossly_missed(self) -> bool:
        """Whether it is twice as bad as the aim: no noise of the machine explains that."""
        return self._is_within(2) is False

    def _is_within(self, leeway: float) -> bool | None:
        value = self.figure if self.is_absolute else self.ratio
        if self.aim is None or value is None:
            return None
        return value >= self.aim / leeway if self.more_is_better else value <= self.aim * leeway


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
    lines = [f"{'what':<42}{'figure':>10}{'floor':>10}  {'unit':<8}{'ratio':>7}{'aim':>12}"]
    return "\n".join([*lines, *map(_row, measurements)])


def _row(m: Measurement) -> str:
    floor = "" if m.floor is None else f"{m.floor:.4g}"
    ratio = "" if m.ratio is None else f"{m.ratio:.2f}"
    aim = ""
    if m.aim is not None:
        sign = "≥" if m.more_is_better else "≤"
        aim = f"{sign}{m.aim:g}{m.unit if m.is_absolute else 'x'}"
    verdict = {True: "met", False: "MISSED", None: ""}[m.is_met]
    return (
        f"{m.name:<42}{m.figure:>10.4g}{floor:>10}  {m.unit:<8}{ratio:>7}{aim:>12}  {verdict}"
    ).rstrip()


def document(measurements: Sequence[Measurement]) -> str:
    """Return the measurements as one JSON document."""
    rows = [{**asdict(m), "ratio": m.ratio, "is_met": m.is_met} for m in measurements]
    return json.dumps({"measurements": rows}, indent=2)
