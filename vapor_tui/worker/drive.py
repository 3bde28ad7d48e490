"""One job on its way: gathers what its runner yields until the worker stores it."""

from __future__ import annotations

import asyncio
import logging
import math
import time
import traceback
from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

from vapor_tui.domain.eta import PaceMeter
from vapor_tui.domain.formats import money
from vapor_tui.domain.jobs import (
    CurrentMetrics,
    Job,
)
from vapor_tui.domain.lifecycle import HELD, Desired, Stage, Status, last_epoch, may_become
from vapor_tui.domain.metrics import VALUE_COLUMNS, MetricsBlock, Void
from vapor_tui.domain.notifications import Notice, budget_reached_notice
from vapor_tui.domain.sources import LIVE, SourceState
from vapor_tui.runners.base import (
    Completed,
    End,
    Failed,
    LogText,
    Progress,
    RunControl,
    Runner,
    RunnerEvent,
    Stopped,
)
from vapor_tui.storage.leases import Advance, Lease
from vapor_tui.worker.vitals import Vitals

log = logging.getLogger(__name__)

MOST_PENDING_POINTS = 32_768
"""A runner that is ahead of the store by more than this waits."""
_LONGEST_TURN = 0.02
"""Seconds for which events are taken before others have their turn."""


class Drive:
    """A held job, its running runner, and what is not stored yet.

    `advance` says what to store; `stored` takes that away when it is durable. Until then it
    stays, so that a store that fails for a while loses nothing.
    """

    def __init__(
        self,
        job: Job,
        worker_id: int,
        runner: Runner,
        wake: Callable[[], None],
        vitals: Vitals | None = None,
    ) -> None:
        self.lease = Lease(job.id, worker_id, job.fence)
        self.control = RunControl()
        self._job = job
        self._runner = runner
        self._wake = wake
        self._status = job.status
        self._stored_position = job.position
        self._position = job.position
        self._cost = job.current_cost
        self._metrics = job.current_metrics
        self._pauses_left = 0.0
        self._meter = PaceMeter()
        self._vitals = vitals or Vitals()
        self._blocks: list[MetricsBlock | Void] = []
        self._pending = 0
        """Points of these."""
        self._source: SourceState | None = None
        """Of a run that is followed, what is not stored yet."""
        self._latest_source: SourceState | None = job.source_state
        self._total_steps = job.total_steps
        self._lines: list[str] = []
        self._end: End | None = None
        self._room = asyncio.Event()
        self._room.set()
        self._turn = 0.0
        """When others last had theirs."""
        self._task = asyncio.create_task(self._consume(), name=f"job {job.id}")

    @property
    def is_attached(self) -> bool:
        """Whether it only watches a run."""
        return self._job.is_attached

    @property
    def is_released(self) -> bool:
        """Whether it is durable that the job is no longer held: ended, paused or queued."""
        return self._status not in HELD

    def heed(self, wish: Desired) -> None:
        """Act on what a person wants of the job."""
        if wish is Desired.FAIL and self._end is None:
            self._task.cancel()
            self._end = Failed("Made to fail by hand")
        self.control.request(wish)

    async def let_go(self) -> None:
        """Stop driving; what has been gathered stays to be stored."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def advance(self, *, hand_back: bool = False) -> Advance | None:
        """Return what is to be stored now, None when nothing has changed.

        `hand_back` queues a job that has not ended, for another worker.
        """
        end = self._end
        if end is None and not hand_back:
            self._vitals.look(time.monotonic())
        health = self._vitals.changes
        status = self._status_after(end, hand_back)
        if status is not self._status and not may_become(self._status, status):
            # Within one tick a job can get from its start to its end: running comes between.
            end, status = None, Status.RUNNING
        nothing_new = (
            self._position == self._stored_position
            and not self._blocks
            and not self._lines
            and not health
            and self._source is None
        )
        if nothing_new and status is self._status:
            return None
        failed = end if isinstance(end, Failed) and status is Status.FAILED else None
        by_budget = status is Status.CANCELLED and end == Stopped(reached_budget=True)
        reason = failed.reason if failed else self._budget_reason if by_budget else ""
        if status is Status.CANCELLED and isinstance(end, Stopped):
            reason = reason or end.reason
        return Advance(
            lease=self.lease,
            before=self._stored_position,
            after=self._position,
            status=status,
            progress=100.0 if status is Status.COMPLETED else self._progress,
            current_metrics=self._metrics,
            current_cost=self._cost,
            estimated_completion_at=self._expected_end if status in HELD else None,
            blocks=tuple(self._blocks),
            lines=tuple(self._lines),
            source=self._latest_source if status.has_ended else self._source,
            final_cost=self._job.final_cost_of(self._cost) if status.has_ended else None,
            error_message=reason or None,
            error_stack=failed.stack if failed else None,
            error_repeats=failed.repeats if failed else False,
            artifact_path=end.artifact if isinstance(end, Completed) else None,
            reason=reason,
            notices=self._budget_notices if by_budget else (),
            health=health,
        )

    def stored(self, advance: Advance) -> None:
        """Take note that an advance is durable."""
        del self._blocks[: len(advance.blocks)]
        self._pending -= sum(map(len, advance.blocks))
        del self._lines[: len(advance.lines)]
        self._vitals.stored(len(advance.health))
        if self._source is advance.source:
            self._source = None
        self._stored_position = advance.after
        self._status = advance.status
        self._room.set()

    @property
    def has_more(self) -> bool:
        """Whether the next advance need not wait for the next tick."""
        return self._end is not None and not self.is_released

    async def _consume(self) -> None:
        try:
            async with aclosing(self._runner.run(self._job, self.control)) as events:
                async for event in events:
                    if isinstance(event, Progress):
                        # Not behind it: a position is stored together with the lines that follow.
                        await self._give_way()
                    self._take(event)
        except Exception as error:
            log.exception("job %s failed in its runner", self.lease.job_id)
            reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            self._end = Failed(reason, traceback.format_exc())
        if self._end is None:
            self._end = Failed("The runner ended without saying how")
        self._wake()

    async def _give_way(self) -> None:
        """Wait while too much is to be stored, and let others have their turn now and then."""
        if time.monotonic() - self._turn > _LONGEST_TURN:
            await asyncio.sleep(0)  # a log is read faster than a screen may wait
            self._turn = time.monotonic()
        if not self._room.is_set():
            self._wake()
            await self._room.wait()

    def _take(self, event: RunnerEvent) -> None:
        match event:
            case Progress():
                self._move(event)
            case LogText(text):
                self._lines.append(text)
            case Completed() | Failed() | Stopped():
                self._end = event

    def _move(self, event: Progress) -> None:
        training = self._position.stage is Stage.TRAINING
        self._vitals.take(self._position, event, time.monotonic())
        falls = event.position.step < self._position.step
        self._position = event.position
        self._pauses_left = event.pauses_left
        if self._job.estimate is not None:
            self._cost = self._job.estimate.cost_at(event.billed_seconds)
        if event.source is not None:
            self._follow(event.source)
        if training:
            clock = time.monotonic() if event.clock is None else event.clock
            self._meter.observe(event.position.step, clock)
        is_unpaced = event.is_history and event.clock is None
        if event.position.stage is not Stage.TRAINING or not training or falls or is_unpaced:
            self._meter.interrupt()
        if isinstance(event.metrics, Void):
            self._blocks.append(event.metrics)
            self._metrics = CurrentMetrics()
        elif event.metrics is not None:
            self._blocks.append(event.metrics)
            self._metrics = latest_metrics(self._metrics, event.metrics)
            self._pending += len(event.metrics)
            if self._pending > MOST_PENDING_POINTS:
                self._room.clear()

    def _follow(self, source: SourceState) -> None:
        """Take up what a followed run says of itself: its steps may have fallen."""
        facts = source.facts
        self._source = self._latest_source = source
        self._total_steps = facts.total_steps or self._total_steps
        known = {"step": facts.step, "epoch": facts.epoch}
        self._metrics = self._metrics.model_copy(update=known)

    def _status_after(self, end: End | None, hand_back: bool) -> Status:
        match end:
            case Completed():
                return Status.COMPLETED
            case Failed():
                return Status.FAILED
            case Stopped():
                paused = self.control.wish is Desired.PAUSE and not end.reached_budget
                return Status.PAUSED if paused else Status.CANCELLED
        if hand_back:
            return Status.QUEUED
        begun = self._position.stage not in (Stage.QUEUED, Stage.INITIALIZING)
        return Status.RUNNING if begun else self._status

    @property
    def _budget_reason(self) -> str:
        budget = money(self._job.budget)
        if not self._position.step:
            return f"A budget of {budget} does not pay for a first step"
        return f"Saved and stopped at the budget of {budget}"

    @property
    def _budget_notices(self) -> tuple[Notice, ...]:
        """Return what is told beside the end; with no step made, that has said it all."""
        budget = self._job.budget
        if budget is None or not self._position.step:
            return ()
        return (budget_reached_notice(self._job.name, budget),)

    @property
    def _progress(self) -> float:
        if not self._total_steps:
            return 0.0
        return min(100.0, 100.0 * self._position.step / self._total_steps)

    @property
    def _expected_end(self) -> datetime | None:
        if not self._total_steps:
            return None
        steps = self._last_step - self._position.step
        left = self._meter.remaining(steps, self._pauses_left)
        if left is not None:
            return datetime.now(UTC) + timedelta(seconds=left)
        return self._end_by_history(steps)

    @property
    def _last_step(self) -> int:
        """The step after which the run ends, as is wished now."""
        epoch = last_epoch(self.control.wish, self._position)
        if epoch is None or self._job.estimate is None:
            return self._total_steps
        return self._job.estimate.epoch_end(epoch)

    def _end_by_history(self, steps: int) -> datetime | None:
        """Return when a followed run would end at the pace that its own log tells of."""
        source = self._latest_source
        if source is None or source.heard_at is None:
            return None
        pace = source.facts.seconds_per_step
        if pace is None or datetime.now(UTC) - source.heard_at > LIVE:
            return None
        return source.heard_at + timedelta(seconds=pace * steps)


def latest_metrics(before: CurrentMetrics, block: MetricsBlock) -> CurrentMetrics:
    """Return the newest value of every metric, after a block that has at least one point.

    Steps that are late tell nothing new, but for an evaluation, which takes its time.
    """
    values: dict[str, float | None] = {}
    marks = {}
    for name in VALUE_COLUMNS:
        place = block.last_measured(name)
        is_known = getattr(before, name) is not None or name in before.non_finite
        waits = is_known and name != "eval_loss"
        if place is None or (waits and block.step[place] < before.step):
            values[name] = getattr(before, name)
            if name in before.non_finite:
                marks[name] = before.non_finite[name]
            continue
        value = float(getattr(block, name)[place])
        values[name] = value if math.isfinite(value) else None
        if not math.isfinite(value):
            marks[name] = str(value)
    step = max(before.step, int(block.step[-1]))
    epoch = max(before.epoch, float(block.epoch[-1]))
    return CurrentMetrics(step=step, epoch=epoch, non_finite=marks, **values)
