"""How simulated time runs against the wall clock: real time, faster, or squeezed to two minutes."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from vapor_tui.domain.lifecycle import Position, Stage
from vapor_tui.simulation.clock import Timeline

AUTO_SECONDS = 120.0
"""Wall seconds that a whole job takes at the automatic pace."""
AUTO_OVERHEAD_SECONDS = 2.0
"""Wall seconds of one stage other than training, at most."""
AUTO_OVERHEAD_SHARE = 0.2
"""Of the whole, what all of those stages take together, at most."""

_HELP = 'A speed is "auto", "max", a number above 0 (1 is real time) or seconds for all, as "30s"'


@dataclass(frozen=True, slots=True)
class Pace:
    """A speed: simulated seconds per wall second, infinity for no waiting, None for automatic."""

    speed: float | None = None
    seconds: float = AUTO_SECONDS
    """Wall seconds of a whole job at the automatic pace."""

    @classmethod
    def parse(cls, text: str) -> Pace:
        """Return the pace that a text names; raises ValueError with a sentence."""
        word = text.strip().lower()
        if word == "auto":
            return cls(None)
        if word == "max":
            return cls(math.inf)
        try:
            number = float(word.removesuffix("s"))
        except ValueError:
            raise ValueError(f'{_HELP}; not "{text}"') from None
        if not (math.isfinite(number) and number > 0):
            raise ValueError(f'{_HELP}; not "{text}"')
        return cls(None, number) if word.endswith("s") else cls(number)

    def __str__(self) -> str:
        if self.speed is None:
            return "auto" if self.seconds == AUTO_SECONDS else f"{self.seconds:g}s"
        return "max" if math.isinf(self.speed) else f"{self.speed:g}"

    def clock(self, timeline: Timeline) -> WallClock:
        """Return the map between a job's simulated seconds and wall seconds."""
        if self.speed is None:
            return _automatic(timeline, self.seconds)
        total = timeline.total_seconds
        return WallClock((0.0, total), (0.0, total / self.speed))

    def wall_at(self, timeline: Timeline, simulated_seconds: float) -> float:
        """Return the wall second, of an undisturbed run, at which a simulated second comes."""
        return self.clock(timeline).wall_at(simulated_seconds)

    def simulated_at(self, timeline: Timeline, wall_seconds: float) -> float:
        """Return the simulated second that an undisturbed run has reached by a wall second."""
        return self.clock(timeline).simulated_at(wall_seconds)


@dataclass(frozen=True, slots=True)
class WallClock:
    """A piecewise linear map between simulated and wall seconds, both counted from a job's start.

    A run that resumes at simulated second s begins at wall second wall_at(s); after w more wall
    seconds it has reached simulated_at(wall_at(s) + w). Both maps stop at the job's end.
    """

    simulated: Sequence[float]
    wall: Sequence[float]

    @property
    def total(self) -> float:
        """Wall seconds of the whole job."""
        return self.wall[-1]

    def wall_at(self, simulated_seconds: float) -> float:
        """Return the wall second at which a simulated second comes."""
        return _interpolated(simulated_seconds, self.simulated, self.wall)

    def simulated_at(self, wall_seconds: float) -> float:
        """Return the simulated second reached by a wall second."""
        return _interpolated(wall_seconds, self.wall, self.simulated)


def _interpolated(x: float, xs: Sequence[float], ys: Sequence[float]) -> float:
    """Follow a rising polyline; where it jumps, take the far side, since nothing waits there."""
    right = bisect_right(xs, x)
    if right == 0:
        return ys[0]
    if right == len(xs):
        return ys[-1]
    share = (x - xs[right - 1]) / (xs[right] - xs[right - 1])
    return ys[right - 1] + share * (ys[right] - ys[right - 1])


def _automatic(timeline: Timeline, seconds: float) -> WallClock:
    """Give every overhead stage a little time and training the rest, in proportion."""
    stages = _stages(timeline)
    whole = min(seconds, timeline.total_seconds)
    lengths = [end - begun for _, begun, end in stages]
    overheads = [length for (trains, *_), length in zip(stages, lengths, strict=True) if not trains]
    most = min(AUTO_OVERHEAD_SECONDS, AUTO_OVERHEAD_SHARE * whole / len(overheads))
    left = whole - sum(min(most, length) for length in overheads)
    training = sum(lengths) - sum(overheads)
    wall = [0.0]
    for (trains, *_), length in zip(stages, lengths, strict=True):
        share = left * length / training if trains and length else min(most, length)
        wall.append(wall[-1] + share)
    # The knots are the timeline's own numbers, so that the last one is reached exactly.
    return WallClock([0.0, *(end for *_, end in stages)], wall)


def _stages(timeline: Timeline) -> list[tuple[bool, float, float]]:
    """Return (whether it is training, first and last simulated second) of every stage."""
    found = []
    position = timeline.next_stage(Position())
    while position.stage is not Stage.COMPLETED:
        training = position.stage is Stage.TRAINING
        found.append((training, timeline.seconds_at(position), timeline.stage_end(position)))
        position = timeline.next_stage(position)
    return found
