"""Follows a run that somebody else started, by what it writes; nothing is ever sent to it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ParamSpec, TypeVar

from vapor_tui.domain.formats import duration
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.lifecycle import Desired, Position, Stage
from vapor_tui.domain.metrics import MetricsBlock, Void
from vapor_tui.domain.sources import FORMAT_NAMES, LogFormat, Outcome, RunFacts, SourceState
from vapor_tui.domain.text import storable
from vapor_tui.own_thread import in_own_thread
from vapor_tui.runlogs import (
    Reading,
    RunLogError,
    RunLogGoneError,
    Source,
    describe,
    find_source,
    open_source,
)
from vapor_tui.runners.base import (
    Completed,
    End,
    Failed,
    LogText,
    Progress,
    RunControl,
    RunnerEvent,
    Stopped,
)

LOOK_SECONDS = 1.0
"""Between two looks for what is new."""
SETTLING = timedelta(seconds=10)
"""A run that says it is through may still log a last evaluation."""
_SETTLING_STEPS = 5
"""An error that was printed has ended a run that takes no step for so many times its pace."""
_SETTLING_UNPACED = timedelta(minutes=1)
_LONGEST_SETTLING = timedelta(minutes=10)
SILENCE = timedelta(hours=24)
"""A run that was not heard of for so long, and did not say that it ended, is not waited for."""
_ASK_SECONDS = 0.25
"""Between two looks for what is wanted while a disk does not answer."""
GONE_SECONDS = 10.0
"""A file that is being replaced may be gone for a moment."""


P = ParamSpec("P")
T = TypeVar("T")


def utc_now() -> datetime:
    """Return the present moment, with its zone."""
    return datetime.now(UTC)


class AttachRunner:
    """Reads what there is of a run, then looks for more until the run has ended.

    `caught_up` is called once, when everything there is has been read.
    """

    def __init__(
        self,
        *,
        look_seconds: float = LOOK_SECONDS,
        gone_seconds: float = GONE_SECONDS,
        clock: Callable[[], datetime] = utc_now,
        caught_up: Callable[[], None] | None = None,
    ) -> None:
        self._look_seconds = look_seconds
        self._gone_seconds = gone_seconds
        self._clock = clock
        self._caught_up = caught_up

    async def run(self, job: Job, control: RunControl) -> AsyncGenerator[RunnerEvent, None]:
        """Follow the job's log until it ends or a person wants to stop watching."""
        watched = _Watched(job, self._gone_seconds)
        is_history = True
        while control.wish is Desired.RUN:
            try:
                reading = await watched.read(control)
            except RunLogError as error:
                yield Stopped(reason=f"{storable(str(error))}. Watching has ended")
                return
            if reading is not None:
                is_history |= reading.is_anew
                for event in watched.events(reading, is_history=is_history):
                    yield event
                if reading.has_more:
                    continue
                end = self._end_of(reading.state)
                if is_history or end is not None:
                    # What a run was is often written when it first saves, or when it ends.
                    for event in await watched.settings(control):
                        yield event
                if is_history and self._caught_up is not None:
                    self._caught_up()
                is_history = False
                if end is not None:
                    yield end
                    return
            elif (missing := watched.newly_missing()) is not None:
                yield LogText(missing)
            await control.sleep(self._look_seconds)
        yield Stopped()

    def _end_of(self, state: SourceState) -> End | None:
        """Return how the run has ended, by its word or by its silence; None while it goes on."""
        facts = state.facts
        quiet = self._clock() - state.changed_at if state.changed_at else timedelta(0)
        if facts.outcome is not None and quiet >= _settling(state):
            return _ending(facts)
        if facts.outcome is None and quiet >= SILENCE:
            return Stopped(
                reason=f"Nothing was written for {duration(quiet.total_seconds())}, and its log "
                "does not say how it ended. Attach again should it go on"
            )
        return None


class _Watched:
    """One run while it is followed: its source, and what was last read of it."""

    def __init__(self, job: Job, gone_seconds: float) -> None:
        self._job = job
        self._gone_seconds = gone_seconds
        self._source: Source | None = None
        self._state = job.source_state
        self._gone_since: float | None = None
        self._missing: str | None = None

    async def read(self, control: RunControl) -> Reading | None:
        """Return what is new; None when it is not there at present, or something else is wanted.

        Raises RunLogError when it is gone for good or cannot be read.
        """
        try:
            if self._source is None:
                self._source = await _unless_asked(control, _open, self._job)
            if self._source is None:
                return None
            reading = await _unless_asked(control, self._source.read)
        except RunLogGoneError as error:
            now = asyncio.get_running_loop().time()
            if self._gone_since is None:
                self._gone_since, self._missing = now, storable(str(error))
            if now - self._gone_since >= self._gone_seconds:
                raise
            return None
        self._gone_since = None
        return reading

    def newly_missing(self) -> str | None:
        """Return that the log is gone, once; it may be about to be replaced."""
        missing, self._missing = self._missing, None
        return missing

    def events(self, reading: Reading, *, is_history: bool) -> list[RunnerEvent]:
        """Return what a reading tells. Its state comes last: it is never ahead of its rows."""
        before, self._state = self._state, reading.state
        latest = reading.state.facts.latest_at
        progress = Progress(
            position_of(reading.state.facts),
            billed_seconds=0.0,
            clock=latest.timestamp() if latest else None,
            is_history=is_history,
        )
        events: list[RunnerEvent] = []
        if before is None:
            events.append(LogText(f"watching {self._job.source}"))
        if reading.is_anew:
            name = FORMAT_NAMES[reading.state.format]
            events.append(LogText(f"{name} was emptied or replaced: it is read anew"))
            events.append(replace(progress, metrics=Void(), is_history=True))
        for block in reading.blocks:
            if isinstance(block, Void):
                events.append(LogText("the run was started again in the same log"))
                events.append(replace(progress, metrics=block, is_history=True))
            else:
                events.append(replace(progress, metrics=_dated(block, is_history=is_history)))
        events += [LogText(storable(line)) for line in reading.lines]
        if reading.state != before:
            events.append(replace(progress, source=reading.state))
        return events

    async def settings(self, control: RunControl) -> list[RunnerEvent]:
        """Look again at what lies beside the log, and return what has come of it."""
        if self._source is None or self._state is None:
            return []
        found = await _unless_asked(control, describe, self._source.path)
        if not found or found == self._job.run_settings:
            return []
        state = self._state.model_copy(update={"settings": found})
        return [Progress(position_of(state.facts), 0.0, source=state, is_history=True)]


async def _unless_asked(
    control: RunControl, read: Callable[P, T], *args: P.args, **kwargs: P.kwargs
) -> T | None:
    """Return what is read; None when something else is wanted before a slow disk has answered."""
    reading = in_own_thread(read, *args, **kwargs)
    while control.wish is Desired.RUN:
        await asyncio.wait([reading], timeout=_ASK_SECONDS)
        if reading.done():
            return reading.result()
    reading.cancel()
    return None


def _open(job: Job) -> Source:
    """Return the source of a job, where it was left."""
    if job.source is None:
        raise RunLogError(f"Job {job.id} does not say what it follows")
    path, state = Path(job.source), job.source_state
    format = state.format if state is not None else find_source(path).format
    return open_source(path, format, state)


def _dated(block: MetricsBlock, *, is_history: bool) -> MetricsBlock:
    """Return points that have come just now as such, where their log does not say when they did.

    When those of the history did is not known then.
    """
    if block.at is None or is_history or block.at.any():
        return block
    return replace(block, at=None)


def position_of(facts: RunFacts) -> Position:
    """Return how far a run has come by what it says."""
    epoch = math.ceil(facts.epoch)
    if facts.total_epochs:
        epoch = min(epoch, facts.total_epochs)
    return Position(stage=Stage.TRAINING, epoch=epoch, step=facts.step)


def _settling(state: SourceState) -> timedelta:
    """Return for how long nothing may be written before what a log says of an end is believed."""
    if state.format is LogFormat.EVENTS:
        return timedelta(0)
    if state.format is not LogFormat.OUTPUT or state.facts.outcome is Outcome.COMPLETED:
        return SETTLING
    pace = state.facts.seconds_per_step
    if pace is None:
        return _SETTLING_UNPACED
    return min(max(SETTLING, timedelta(seconds=_SETTLING_STEPS * pace)), _LONGEST_SETTLING)


def _ending(facts: RunFacts) -> End:
    match facts.outcome:
        case Outcome.FAILED:
            return Failed(storable(facts.reason) or "It did not say why", repeats=True)
        case Outcome.STOPPED:
            return Stopped(reason=storable(facts.reason) or "The run was stopped where it runs")
        case _:
            return Completed(storable(facts.artifact) if facts.artifact else None)
