"""Follows one run's metrics and time, and says what is found and what is over."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from vapor_tui.domain.formats import count, duration, loss_text
from vapor_tui.domain.health.divergence import DivergenceDetector, Turn
from vapor_tui.domain.health.findings import Finding, HealthChange, HealthKind
from vapor_tui.domain.health.settings import HealthSettings
from vapor_tui.domain.health.stall import StallDetector
from vapor_tui.domain.health.trends import EvalDetector, PlateauDetector, SpeedDetector
from vapor_tui.domain.metrics import MetricsBlock

if TYPE_CHECKING:
    from vapor_tui.domain.metrics import Column

_FINITE_AGAIN = 5
"""Finite losses in a row after which NaN is over."""
_RECENT = 0.3
"""Weight of a point in the training loss that evaluations are held against."""
_MOST_POINTS = 256
"""Of one block judged one by one: a run that never waits brings thousands at a time."""

Changes = list[HealthChange]


class HealthWatch:
    """Fed with a run's blocks in order; memory does not grow with the run.

    `changes` come in the order of their steps. A finding is active until the change that says
    that it is over.
    """

    def __init__(self, settings: HealthSettings | None = None) -> None:
        self.settings = wanted = settings or HealthSettings()
        self.active: dict[HealthKind, Finding] = {}
        self._divergence = DivergenceDetector(
            wanted.divergence_sigmas, wanted.divergence_rise, wanted.lasting_points
        )
        self._plateau = PlateauDetector(wanted.plateau_gain)
        self._evaluations = EvalDetector(wanted.eval_rise)
        self._speed = SpeedDetector(wanted.slow_share)
        self._stall = StallDetector(wanted.stalled_factor, wanted.stalled_seconds)
        self._recent: float | None = None
        self._step = 0
        self._judged_until = 0
        """The last step whose loss was judged: one that comes again or late is not."""
        self._finite = 0
        self._pace = 1.0

    def feed(self, block: MetricsBlock) -> Changes:
        """Judge a block of logged points."""
        if not self.settings.enabled or not len(block):
            return []
        changes: Changes = []
        names = ("loss", "grad_norm", "learning_rate", "eval_loss", "tokens_per_second")
        losses, norms, rates, evaluated, speeds = (
            block.measured(name) or [None] * len(block) for name in names
        )
        steps: list[int] = block.step.tolist()
        for i in self._judged(block):
            step, loss, value, speed = steps[i], losses[i], evaluated[i], speeds[i]
            self._step = max(self._step, step)
            if loss is not None and step > self._judged_until:
                self._judged_until = step
                self._take_loss(step, loss, norms[i], rates[i], changes)
            if speed is not None and self.settings.slow and self._speed.take(speed):
                self._turn_speed(step, changes)
            if value is not None and math.isfinite(value):
                self._take_evaluation(step, value, changes)
        return changes

    def withdrawn(self, since: int) -> Changes:
        """End what was found before a step, where the run is started again from that step on."""
        changes: Changes = []
        for kind in [kind for kind, found in self.active.items() if found.step < since]:
            self._end(kind, "The run was started again", changes, since - 1)
        return changes

    def resume(self, past: MetricsBlock, found: Mapping[HealthKind, Finding]) -> Changes:
        """Rebuild what was known from stored points; return which of the findings are over.

        `found` is what stands in the history: it is not found again. A stall is over when the
        next step comes.
        """
        self.feed(past)
        replayed, self.active = self.active, dict(found)
        self._plateau.is_active = HealthKind.PLATEAU in found
        self._evaluations.is_active = HealthKind.EVAL_RISING in found
        self._speed.is_active = HealthKind.SLOW in found
        changes: Changes = []
        if HealthKind.NAN not in replayed:
            self._end(HealthKind.NAN, "The loss is a finite number again", changes)
        if not self._divergence.is_active:
            back = "The loss is back in its band"
            self._end(HealthKind.SPIKE, back, changes)
            self._end(HealthKind.DIVERGENCE, back, changes)
        return changes

    # Time

    def training(self, clock: float) -> None:
        """Take note that training begins at a moment of a monotonic clock, or goes on."""
        self._stall.train(clock)

    def steps_came(self, clock: float, *, pace: float = 1.0, paused: bool = False) -> Changes:
        """Take note of new steps at a moment of a monotonic clock, after a pause or not."""
        self._pace = pace
        changes: Changes = []
        if self._stall.step(clock, paused=paused) or HealthKind.STALLED in self.active:
            self._end(HealthKind.STALLED, "Steps come again", changes)
        return changes

    def interrupted(self, clock: float) -> Changes:
        """Take note that training gives way to an evaluation, to saving or to the end."""
        changes: Changes = []
        if self._stall.interrupt(clock) or HealthKind.STALLED in self.active:
            self._end(HealthKind.STALLED, "The run goes on", changes)
        return changes

    def look(self, clock: float) -> Changes:
        """Let time pass while nothing comes."""
        changes: Changes = []
        wanted = self.settings.enabled and self.settings.stalled
        if self._stall.look(clock, self._pace) and wanted:
            waited, usual = duration(self._stall.waited), _wait(self._stall.usual)
            what = f"No step for {waited} after step {count(self._step)}, usual is {usual}"
            self._begin(HealthKind.STALLED, self._step, what, changes)
        return changes

    # One point

    def _judged(self, block: MetricsBlock) -> Iterable[int]:
        size = len(block)
        if size <= _MOST_POINTS or block.loss is None:
            return range(size)
        return self._judged_of_many(block, block.loss)

    def _judged_of_many(self, block: MetricsBlock, losses: Column) -> Iterator[int]:
        """Yield, stretch by stretch, every point where one may matter, else only the first.

        That is where one is high, evaluated or not a number.
        """
        matters = ~np.isfinite(losses) | (losses == 0.0)
        if (gaps := block.gaps_of("loss")) is not None:
            matters &= ~gaps
        if block.eval_loss is not None:
            matters |= np.isfinite(block.eval_loss)
        weights = np.where(matters, np.inf, losses)
        places = np.flatnonzero(~np.isnan(weights))
        size = len(places)
        starts = np.arange(0, size, -(-size // _MOST_POINTS))
        highest = np.maximum.reduceat(weights[places], starts).tolist()
        for start, stop, high in zip(
            starts.tolist(), [*starts[1:].tolist(), size], highest, strict=True
        ):
            yield from places[start : stop if high > self._divergence.limit else start + 1].tolist()

    def _take_loss(
        self, step: int, loss: float, norm: float | None, rate: float | None, changes: Changes
    ) -> None:
        # The Trainer's logging_nan_inf_filter writes 0 for a loss that is not a number.
        hidden = loss == 0.0 and norm is not None and not math.isfinite(norm)
        if hidden or not math.isfinite(loss):
            self._finite = 0
            if self.settings.nan and HealthKind.NAN not in self.active:
                word = "NaN" if hidden or math.isnan(loss) else "infinite"
                why = " (logged as 0 with a gradient norm that is not finite)" if hidden else ""
                self._begin(HealthKind.NAN, step, f"The loss is {word}{why}", changes)
            return
        self._finite += 1
        if self._finite == _FINITE_AGAIN:
            self._end(HealthKind.NAN, "The loss is a finite number again", changes, step)
        if loss < 0.0:
            return  # not a likelihood: nothing is known of its noise
        self._recent = (
            loss if self._recent is None else self._recent + _RECENT * (loss - self._recent)
        )
        turn = self._divergence.take(step, loss, norm)
        if turn is not None and self.settings.divergence:
            self._turn_divergence(turn, step, loss, changes)
        if not self.settings.plateau or loss == 0.0 or self._divergence.is_active:
            return
        if self._plateau.take(step, math.log(loss), rate):
            self._turn_plateau(step, changes)

    def _turn_divergence(self, turn: Turn, step: int, loss: float, changes: Changes) -> None:
        found = self._divergence
        usual = loss_text(found.level)
        match turn:
            case Turn.SPIKES:
                what = f"The loss has jumped from {usual} to {loss_text(max(loss, found.peak))}"
                self._begin(HealthKind.SPIKE, step, what, changes, found.since)
            case Turn.LASTS:
                self._end(HealthKind.SPIKE, "The spike did not come down", changes, step)
                what = (
                    f"The loss has risen from {usual} to {loss_text(found.now)} since step "
                    f"{count(found.since)} and stays there"
                )
                self._begin(HealthKind.DIVERGENCE, step, what, changes, found.since)
            case Turn.RECOVERS:
                back = f"The loss is back at {loss_text(loss)}"
                peak = f"{back} after a spike to {loss_text(found.peak)}"
                self._end(HealthKind.SPIKE, peak, changes, step)
                self._end(HealthKind.DIVERGENCE, back, changes, step)

    def _turn_plateau(self, step: int, changes: Changes) -> None:
        if self._plateau.is_active:
            what = f"The loss has hardly fallen since about step {count(self._plateau.since)}"
            self._begin(HealthKind.PLATEAU, step, what, changes, self._plateau.since)
        else:
            self._end(HealthKind.PLATEAU, "The loss falls again", changes, step)

    def _turn_speed(self, step: int, changes: Changes) -> None:
        now, usual = f"{self._speed.now:,.0f}", f"{self._speed.usual:,.0f}"
        if self._speed.is_active:
            what = f"Throughput has dropped to {now} tokens/s, usual were {usual}"
            self._begin(HealthKind.SLOW, step, what, changes)
        else:
            self._end(HealthKind.SLOW, f"Throughput is back at {now} tokens/s", changes, step)

    def _take_evaluation(self, step: int, value: float, changes: Changes) -> None:
        if self._recent is None or not self._evaluations.take(step, value, self._recent):
            return
        if not self._evaluations.is_active:
            self._end(
                HealthKind.EVAL_RISING, f"eval_loss is down at {loss_text(value)}", changes, step
            )
        elif self.settings.eval_rising:
            best, at = self._evaluations.best
            what = (
                f"eval_loss rises to {loss_text(value)} while the training loss falls; its best "
                f"was {loss_text(best)} at step {count(at)}"
            )
            self._begin(HealthKind.EVAL_RISING, step, what, changes, at)

    def _begin(
        self, kind: HealthKind, step: int, what: str, changes: Changes, since: int | None = None
    ) -> None:
        if kind not in self.active:
            self.active[kind] = Finding(kind, step, what, since)
            changes.append(HealthChange(self.active[kind]))

    def _end(self, kind: HealthKind, what: str, changes: Changes, step: int | None = None) -> None:
        if self.active.pop(kind, None) is not None:
            at = self._step if step is None else step
            changes.append(HealthChange(Finding(kind, at, what), is_over=True))


def _wait(seconds: float) -> str:
    return f"{seconds:.1f}s" if seconds < 10 else duration(seconds)
