"""Watches the GPUs of this machine while a run trains on it."""

from __future__ import annotations

import time
from asyncio import Future
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vapor_tui.domain.jobs import Placement
from vapor_tui.domain.lifecycle import HELD
from vapor_tui.own_thread import in_own_thread
from vapor_tui.telemetry import GpuLoad, GpuMeter, GpuReading, Unavailable
from vapor_tui.ui.messages import GpusRead

if TYPE_CHECKING:
    from vapor_tui.domain.jobs import Job

KEPT_READINGS = 60
PATIENCE_SECONDS = 10.0
"""A driver that has not answered for so long is taken for stuck."""
STUCK = Unavailable("GPU load: the NVIDIA driver does not answer", is_lasting=False)


@dataclass(frozen=True, slots=True)
class GpuHistory:
    """The latest reading of a GPU, and the shares of those before it, the oldest first."""

    latest: GpuReading
    utilisation: tuple[float | None, ...] = ()
    memory: tuple[float | None, ...] = ()


def uses_gpus_here(job: Job) -> bool:
    """Say whether a job may train on this machine: nothing simulated does."""
    return not job.is_simulated and job.placement is not Placement.SLURM and job.status in HELD


class GpuWatch:
    """Keeps the last readings; asks for the next one only when the one before has come.

    `post` takes a message to the screen, which hands it back to `take`.
    """

    def __init__(self, post: Callable[[GpusRead], object], meter: GpuMeter | None = None) -> None:
        self._post = post
        self._meter = meter or GpuMeter()
        self._reading: Future[GpuLoad] | None = None
        self._asked_at = 0.0
        self._load: GpuLoad | None = None
        self._kept: dict[int, deque[GpuReading]] = {}

    @property
    def load(self) -> tuple[GpuHistory, ...] | Unavailable | None:
        """What is known of the GPUs, or why nothing is; None before the first answer."""
        if self._reading is not None and time.monotonic() - self._asked_at > PATIENCE_SECONDS:
            return STUCK
        if self._load is None or isinstance(self._load, Unavailable):
            return self._load
        return tuple(_history(self._kept[gpu.index]) for gpu in self._load)

    def ask(self, job: Job | None) -> None:
        """Read once more, if a job may train here and there is something to be read."""
        is_hopeless = isinstance(self._load, Unavailable) and self._load.is_lasting
        if job is None or is_hopeless or self._reading is not None or not uses_gpus_here(job):
            return
        self._asked_at = time.monotonic()
        self._reading = in_own_thread(self._meter.read)
        self._reading.add_done_callback(lambda reading: self._post(GpusRead(reading.result())))

    def take(self, load: GpuLoad) -> None:
        """Keep a reading."""
        self._reading = None
        self._load = load
        if not isinstance(load, Unavailable):
            for gpu in load:
                self._kept.setdefault(gpu.index, deque(maxlen=KEPT_READINGS)).append(gpu)

    def close(self) -> None:
        """Let the driver go, without waiting for it."""
        if self._asked_at:
            in_own_thread(self._meter.close)


def _history(kept: deque[GpuReading]) -> GpuHistory:
    return GpuHistory(
        kept[-1],
        tuple(gpu.utilisation for gpu in kept),
        tuple(gpu.memory_share for gpu in kept),
    )
