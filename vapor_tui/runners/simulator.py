"""Runs a job on the training simulator, inside the worker's own event loop."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator
from dataclasses import replace

from vapor_tui.domain.jobs import Job
from vapor_tui.domain.lifecycle import Desired, Position, Stage, last_epoch
from vapor_tui.domain.metrics import MetricsBlock
from vapor_tui.runners.base import (
    Completed,
    Failed,
    LogText,
    Progress,
    RunControl,
    RunnerEvent,
    Stopped,
)
from vapor_tui.simulation import (
    Failure,
    Pace,
    SimulationMode,
    SimulationSpec,
    Timeline,
    WallClock,
    evaluate,
    failure_of,
    simulate,
)

BEAT_SECONDS = 0.25
"""How often a waiting run looks at the clock."""
LARGEST_BLOCK = 8192
"""Steps in one event: more would hold the event loop for too long."""


class SimulatorRunner:
    """The rehearsal mode: the same stages, duration, cost and curves, and no GPU.

    `pace` overrides the speed that is stored with each job; it changes nothing but waiting.
    """

    def __init__(self, pace: Pace | None = None) -> None:
        self._pace = pace

    async def run(self, job: Job, control: RunControl) -> AsyncGenerator[RunnerEvent, None]:
        """Simulate the job from its position on, waiting as its pace demands."""
        spec = simulation_spec(job)
        timeline = timeline_of(job, spec)
        pace = self._pace or Pace.parse(job.speed or "auto")
        clock = pace.clock(timeline)
        loop = asyncio.get_running_loop()
        position = job.position
        begun = loop.time() - clock.wall_at(timeline.seconds_at(position))
        waits = not math.isinf(pace.speed or 0.0)
        last_step = affordable_step(job, timeline)
        if last_step == 0 and position.step == 0:
            yield Stopped(reached_budget=True)  # not even a first step: nothing is begun
            return
        failure = failure_of(spec)
        pauses = _Pauses(timeline, clock)

        while position.stage is not Stage.COMPLETED:
            if control.wish in (Desired.STOP, Desired.PAUSE):
                yield Stopped()
                return
            now = clock.simulated_at(loop.time() - begun) if waits else timeline.total_seconds
            following = timeline.advance(position, now)
            if failure is not None:
                if _has_come(failure, position, following):
                    yield Failed(failure.message, repeats=True)
                    return
                following = _not_beyond(failure, position, following)
            following = _bounded(position, following, last_step)
            is_saved_early = last_step is not None and following.stage is Stage.COMPLETED
            if is_saved_early:
                following = replace(position, seconds=timeline.saving_seconds)
            elif following == position:
                await control.sleep(BEAT_SECONDS)
                continue
            is_last = control.wish is Desired.STOP_AFTER_EPOCH and _ends_epoch(position, following)
            validated = replace(position, seconds=timeline.validation_seconds)
            reached = validated if is_last else following
            yield Progress(
                position=reached,
                billed_seconds=timeline.seconds_at(reached),
                pauses_left=pauses.left(reached, control.wish) if waits else 0.0,
                metrics=_measured(spec, position, following),
            )
            for line in _lines(spec, position, following, is_last=is_last):
                yield LogText(line)
            if is_last:
                yield Stopped()
                return
            if is_saved_early:
                yield Stopped(reached_budget=True)
                return
            position = following
            # Without a pause a run that never waits would starve everything else.
            await (control.sleep(BEAT_SECONDS) if waits else asyncio.sleep(0))
        yield Completed()


def simulation_spec(job: Job) -> SimulationSpec:
    """Return what a job's simulated run is made from; raises ValueError for an incomplete job."""
    if job.hyperparameters is None or job.estimate is None:
        raise ValueError(f"Job {job.id} has no configuration to simulate")
    return SimulationSpec(
        hyperparameters=job.hyperparameters,
        total_steps=job.total_steps,
        steps_per_epoch=job.estimate.steps_per_epoch,
        seed=job.seed,
        data_seed=job.data_seed,
        mode=SimulationMode(job.mode or SimulationMode.EXPONENTIAL),
        model_parameters=job.model_parameters,
        tokens_per_second=job.estimate.tokens_per_second,
        injection=job.injection,
        fits_memory=job.gpu_config is None or job.gpu_config.fits,
    )


def timeline_of(job: Job, spec: SimulationSpec) -> Timeline:
    """Return the simulated clock of a job; raises ValueError for one without an estimate."""
    if job.estimate is None:
        raise ValueError(f"Job {job.id} has no estimate")
    return Timeline(spec, seconds_per_step=job.estimate.seconds_per_step)


def _has_come(failure: Failure, position: Position, following: Position) -> bool:
    """Say whether a run is at its failure: its step is stored, or initializing is over."""
    if failure.step == 0:
        return following.stage is not Stage.INITIALIZING and position.stage is Stage.INITIALIZING
    return position.step >= failure.step


def _not_beyond(failure: Failure, position: Position, following: Position) -> Position:
    """Return a position that is at most at the step that fails, which is still logged."""
    if failure.step and position.stage is Stage.TRAINING and following.step >= failure.step:
        return replace(position, step=failure.step)
    return following


def affordable_step(job: Job, timeline: Timeline) -> int | None:
    """Return the last step that a job can train and still be saved within its budget.

    That is the step after which spent + saving + storage is within the cap. None when the whole
    job is, or when there is no cap.
    """
    if job.budget is None or job.estimate is None:
        return None
    seconds = (job.budget - job.estimate.storage_cost) / job.estimate.hourly_rate * 3600
    if timeline.total_seconds <= seconds:
        return None
    step = timeline.last_step_within(seconds - timeline.saving_seconds)
    return min(step, job.total_steps - 1)  # the last one is followed by a validation


def _bounded(position: Position, following: Position, last_step: int | None) -> Position:
    """Return a position that is at most one block of steps further, and within the budget.

    A run that has trained its last affordable step goes on with saving.
    """
    is_training = position.stage is Stage.TRAINING
    if last_step is not None and is_training and following.step >= last_step:
        if position.step >= last_step:
            return replace(position, stage=Stage.SAVING)
        following = replace(position, step=last_step)
    if following.step - position.step > LARGEST_BLOCK:
        return replace(position, step=position.step + LARGEST_BLOCK)
    return following


def _ends_epoch(before: Position, after: Position) -> bool:
    return before.stage is Stage.VALIDATING and after.stage is not Stage.VALIDATING


def _measured(spec: SimulationSpec, before: Position, after: Position) -> MetricsBlock | None:
    """Return what a real trainer would have logged between two positions of one stage."""
    if before.stage is Stage.TRAINING and after.step > before.step:
        block = simulate(spec, before.step, after.step)
        return block if len(block) else None
    if _ends_epoch(before, after):
        return evaluate(spec, before.epoch)
    return None


class _Pauses:
    """The wall-clock seconds that lie in stages other than training, from a position on.

    What comes after the present stage is added up once a stage, and when the wish changes.
    """

    def __init__(self, timeline: Timeline, clock: WallClock) -> None:
        self._timeline, self._clock = timeline, clock
        self._stage: tuple[Stage, int, int | None] | None = None
        self._later = 0.0

    def left(self, position: Position, wish: Desired) -> float:
        """Return the pauses up to the end, or to that of the epoch where so much is wished."""
        epoch = last_epoch(wish, position)
        stage = (position.stage, position.epoch, epoch)
        if self._stage != stage:
            self._stage = stage
            self._later = 0.0
            later = position
            while not _is_last(later, epoch):
                later = self._timeline.next_stage(later)
                self._later += self._rest(later)
        return self._later + self._rest(position)

    def _rest(self, position: Position) -> float:
        """Return what is left of a pause; nothing while training."""
        if position.stage in (Stage.TRAINING, Stage.COMPLETED):
            return 0.0
        begun = self._clock.wall_at(self._timeline.seconds_at(position))
        return self._clock.wall_at(self._timeline.stage_end(position)) - begun


def _is_last(position: Position, epoch: int | None) -> bool:
    """Say whether a run that ends after an epoch, None for all of them, ends with this stage."""
    if position.stage is Stage.VALIDATING and position.epoch == epoch:
        return True
    return position.stage is Stage.COMPLETED


def _lines(spec: SimulationSpec, before: Position, after: Position, *, is_last: bool) -> list[str]:
    """Return the log lines of a change of stage; nothing begins after the last one.

    How a job ended is written where its end is stored.
    """
    if (before.stage, before.epoch) == (after.stage, after.epoch):
        return []
    lines = []
    if before.stage is Stage.VALIDATING:
        evaluated = evaluate(spec, before.epoch).eval_loss
        if evaluated is not None:
            lines.append(f"eval_loss {float(evaluated[0]):.4f} after epoch {before.epoch}")
    if is_last:
        return lines
    match after.stage:
        case Stage.INITIALIZING:
            lines.append("initializing (simulated)")
        case Stage.TRAINING:
            lines.append(f"epoch {after.epoch} of {spec.epochs}: training")
        case Stage.VALIDATING:
            lines.append(f"epoch {after.epoch} of {spec.epochs}: validating")
        case Stage.SAVING:
            lines.append("saving (simulated: no adapter is written)")
        case _:
            pass
    return lines
