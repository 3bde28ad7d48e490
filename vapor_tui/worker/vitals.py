"""What a drive finds out about the health of its run, until it is stored."""

from __future__ import annotations

from vapor_tui.domain.health.findings import HealthChange, Withdrawn
from vapor_tui.domain.health.settings import HealthSettings
from vapor_tui.domain.health.watch import HealthWatch
from vapor_tui.domain.lifecycle import Position, Stage
from vapor_tui.domain.metrics import MetricsBlock, Void
from vapor_tui.runners.base import Progress
from vapor_tui.storage.health import HealthPast


class Vitals:
    """A run's watch, fed with its progress and with time; `clock` is monotonic, in seconds."""

    def __init__(self, settings: HealthSettings | None = None, past: HealthPast | None = None):
        self._settings = settings
        self._watch = HealthWatch(settings)
        self._changes: list[HealthChange | Withdrawn] = []
        self._last: tuple[float, float] | None = None
        self._known_pace = 1.0
        if past is not None:
            self._changes += self._watch.resume(past.points, past.found)

    @property
    def changes(self) -> tuple[HealthChange | Withdrawn, ...]:
        """What is not stored yet."""
        return tuple(self._changes)

    def stored(self, count: int) -> None:
        """Take note that so many changes are durable."""
        del self._changes[:count]

    def take(self, before: Position, event: Progress, clock: float) -> None:
        """Judge what a run has come to from a position."""
        if isinstance(event.metrics, Void):
            self._begin_anew(event.metrics.since)
        elif event.metrics is not None:
            self._changes += self._watch.feed(event.metrics)
        trained, trains = (p.stage is Stage.TRAINING for p in (before, event.position))
        if event.is_history:
            self._watch.training(clock)
            return
        if trained and event.position.step > before.step:
            pace = self._pace(event.billed_seconds, clock)
            measured = event.metrics
            evaluated = isinstance(measured, MetricsBlock) and measured.eval_loss is not None
            self._changes += self._watch.steps_came(clock, pace=pace, paused=evaluated)
        if trains and not trained:
            self._last = (event.billed_seconds, clock)
            self._watch.training(clock)
        elif not trains:
            self._changes += self._watch.interrupted(clock)

    def _begin_anew(self, since: int) -> None:
        """Forget a run whose points are void: what still is wrong with it is found again."""
        self._changes.append(Withdrawn(since))
        self._changes += self._watch.withdrawn(since)
        self._watch = HealthWatch(self._settings)

    def look(self, clock: float) -> None:
        """Let time pass while nothing may come."""
        self._changes += self._watch.look(clock)

    def _pace(self, billed: float, clock: float) -> float:
        """Return how many seconds of the run's own clock last went into one of the wall's."""
        last, self._last = self._last, (billed, clock)
        if last is not None and clock > last[1]:
            self._known_pace = (billed - last[0]) / (clock - last[1])
        return self._known_pace
