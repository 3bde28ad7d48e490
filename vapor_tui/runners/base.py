"""The contract between a worker and what trains: a stream of events with one end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from vapor_tui.domain.jobs import Job
from vapor_tui.domain.lifecycle import Desired, Position
from vapor_tui.domain.metrics import MetricsBlock, Void
from vapor_tui.domain.sources import SourceState


@dataclass(frozen=True, slots=True)
class Progress:
    """The run has come to a position; a change of stage, time in a stage, steps, or all of it."""

    position: Position
    billed_seconds: float
    """What has been used since the job began, on the clock that is paid for."""
    pauses_left: float = 0.0
    """Wall-clock seconds that evaluations and saving still take."""
    metrics: MetricsBlock | Void | None = None
    """What was measured since the event before."""
    source: SourceState | None = None
    """Of a run that is followed: what is stored up to this event, and what is known of it."""
    clock: float | None = None
    """When the position was reached, in seconds on the run's own clock; None: just now."""
    is_history: bool = False
    """Whether the position was reached before anybody watched: it says nothing of the pace."""


@dataclass(frozen=True, slots=True)
class LogText:
    """The runner printed a line."""

    text: str


@dataclass(frozen=True, slots=True)
class Completed:
    """The run is through; `artifact` is where its result lies, if it left any."""

    artifact: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """The run cannot go on."""

    reason: str
    stack: str | None = None
    repeats: bool = False
    """Whether the same configuration would fail in the same way again."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The run ended early: it was asked to, or it would have passed the budget."""

    reached_budget: bool = False
    reason: str = ""
    """Why, in a sentence, unless a person asked for it."""


End: TypeAlias = Completed | Failed | Stopped
RunnerEvent: TypeAlias = Progress | LogText | End


class RunControl:
    """What a runner is asked to do while it runs; wishes other than RUN end it, soon or later."""

    def __init__(self) -> None:
        self._wish = Desired.RUN
        self._changed = asyncio.Event()

    @property
    def wish(self) -> Desired:
        """What is wanted at present."""
        return self._wish

    def request(self, wish: Desired) -> None:
        """Tell the runner what is wanted now."""
        if wish is not self._wish:
            self._wish = wish
            self._changed.set()

    async def sleep(self, seconds: float) -> None:
        """Wait, but wake up when the wish changes."""
        self._changed.clear()
        alarm = asyncio.get_running_loop().call_later(seconds, self._changed.set)
        try:
            await self._changed.wait()
        finally:
            alarm.cancel()


class Runner(Protocol):
    """Trains one job; knows no database and no screen."""

    def run(self, job: Job, control: RunControl) -> AsyncGenerator[RunnerEvent, None]:
        """Go on after `job.position` and yield what happens, one end last.

        Closing the iterator lets go of the run without ending it where it lives elsewhere.
        """
        ...
