"""How fast a simulated run goes: a throughput that wavers by a few per cent, block by block."""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vapor_tui.simulation.injection import InjectionKind
from vapor_tui.simulation.randomness import (
    Stream,
    normal_pair,
    raw_words,
    run_normals,
)
from vapor_tui.simulation.spec import SimulationSpec

Floats: TypeAlias = NDArray[np.float64]

MAX_RUN_SHIFT = 0.02
"""A whole run is at most this much slower or faster than its estimate."""
_RUN_SHIFT = 0.008
_LARGEST_JITTER = 0.055
"""Standard deviation of the most restless run. Runs are spread evenly from none to this, so that
nine tenths of a run's steps lie within 0 to 11 % of its mean."""
_BLOCK_STEPS = 64
_MIN_BLOCKS, _MAX_BLOCKS = 32, 4096
STALLED_SHARE = 0.01
"""Of its usual throughput, what a step that stalls reports."""


class Throughput:
    """The relative time of each step, 1 being the estimate's seconds per step.

    It is constant over blocks of `block` steps (64, fewer in short runs, more in very long ones,
    so that at most 4,096 numbers are held), and its mean over a run is within 2 % of 1.
    """

    def __init__(self, spec: SimulationSpec) -> None:
        total = spec.total_steps
        self.total_steps = total
        usual = max(1, min(_BLOCK_STEPS, total // _MIN_BLOCKS))
        self.block = max(usual, -(-total // _MAX_BLOCKS))
        count = -(-total // self.block)
        lengths = np.full(count, float(self.block))
        lengths[-1] = total - self.block * (count - 1)
        shift, restlessness, *_ = run_normals(spec.seed, Stream.RUN, 1)
        words = raw_words(spec.seed, Stream.THROUGHPUT, 0, count)
        wave = np.clip(normal_pair(words[:, 0], words[:, 1])[0], -2.0, 2.0)
        wave *= _LARGEST_JITTER * min(1.0, abs(restlessness) / 2.0)
        wave -= np.dot(wave, lengths) / total
        run = 1.0 + float(np.clip(_RUN_SHIFT * shift, -MAX_RUN_SHIFT, MAX_RUN_SHIFT))
        self.factors: Floats = run * (1.0 + wave)
        self._speeds: Floats = 1.0 / self.factors
        self._before: Floats = np.concatenate(([0.0], np.cumsum(self.factors * lengths)))
        fault = spec.injected
        stalls = fault is not None and fault.kind is InjectionKind.STALL and fault.step <= total
        self.stalled_step = fault.step if fault is not None and stalls else None

    @property
    def total(self) -> float:
        """Relative time of all steps."""
        return float(self._before[-1])

    def elapsed(self, step: int) -> float:
        """Return the relative time of steps 1 .. step, a stall left out."""
        block, rest = divmod(step, self.block)
        if not rest:
            return float(self._before[block])
        return float(self._before[block] + rest * self.factors[block])

    def steps_within(self, elapsed: float) -> int:
        """Return how many whole steps are done by a relative time, give or take rounding."""
        if elapsed >= self.total:
            return self.total_steps
        # Not numpy's search, which lets other threads go first: too dear for a thousand runs.
        block = max(0, bisect_right(self._before, elapsed) - 1)
        rest = (elapsed - float(self._before[block])) / float(self.factors[block])
        return min(self.total_steps, block * self.block + max(0, int(rest)))

    def relative_speed(self, first: int, count: int) -> Floats:
        """Return throughput over its nominal value at steps first .. first + count - 1."""
        steps = np.arange(first - 1, first + count - 1)
        speed = self._speeds.take(steps // self.block)
        if self.stalled_step is not None and first <= self.stalled_step < first + count:
            speed[self.stalled_step - first] *= STALLED_SHARE
        return speed


@lru_cache(maxsize=2048)
def throughput_of(spec: SimulationSpec) -> Throughput:
    """Return the throughput of a run; one worker drives up to a thousand runs at a time."""
    return Throughput(spec)
