"""What a drive finds out about the health of its run, until it is stored."""

from __future__ import annotations

from vapor_tui.domain.health.findings import HealthChange
from vapor_tui.domain.health.settings import HealthSettings
from vapor_tui.domain.health.watch import HealthWatch
from vapor_tui.domain.lifecycle import Position, Stage
from vapor_tui.runners.base import Progress
from vapor_tui.storage.health import HealthPast


class Vitals:
    """A run's watch, fed with its progress and with time; `clock` is monotonic, in seconds."""

    def __init__(self, settings: HealthSettings | None = None, past: HealthPast | None = None):
        self._watch = HealthWatch(settings)
        self._changes: list[HealthChange] = []
        self._last: tuple[float, float] | None = None
        if past is not None:
            self._changes += self._watch.resume(past.points, past.found)

    @property
    def changes(self) -> tuple[HealthChange, ...]:
        """What is not stored yet."""
        return tuple(self._changes)

    def stored(self, count: int) -> None:
        """Take note that so many changes are durable."""
        del self._changes[:count]

    def take(self, before: Position, event: Progress, clock: float) -> None:
        """Judge what a run has come to from a position."""
        if event.metrics is not None:
            self._changes += self._watch.feed(event.metrics)
        if event.position.stage is not Stage.TRAINING:
            self._last = None
            self._changes += self._watch.interrupted(clock)
        elif event.position.step > before.step:
            goes_on = before.stage is Stage.TRAINING
            pace = self._pace(event.billed_seconds, clock)
            evaluated = event.metrics is not None and event.metrics.eval_loss is not None
            paused = evaluated or not goes_on
            self._changes += self._watch.steps_came(clock, pace=pace, paused=paused)

    def look(self, clock: float) -> None:
        """Let time pass while nothing may come."""
        self._changes += self._watch.look(clock)

    def _pace(self, billed: float, clock: float) -> float:
        """Return how many seconds of the run's own clock now go into one of the wall's."""
        last, self._last = self._last, (billed, clock)
        if last is None or clock <= last[1]:
            return 1.0
        return (billed - last[0]) / (clock - last[1])
