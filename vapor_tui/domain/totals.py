"""What all jobs of a person come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vapor_tui.domain.lifecycle import Status


@dataclass(frozen=True, slots=True)
class Tally:
    """What a person's jobs of one kind come to: of the simulated ones, or of the real ones."""

    counts: Mapping[Status, int] = field(default_factory=dict)
    """How many there are of each status; those without any are left out."""
    today: float = 0.0
    """USD spent since midnight."""
    month: float = 0.0
    """USD spent since the first of the month."""

    @property
    def running(self) -> int:
        """How many a worker drives: those that are paused or queued are left out."""
        active = sum(n for status, n in self.counts.items() if status.is_active)
        return active - self.queued

    @property
    def queued(self) -> int:
        """How many wait for a worker."""
        return self.counts.get(Status.QUEUED, 0)

    @property
    def total(self) -> int:
        """How many there are, whatever their status."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Totals:
    """What all jobs of a person come to. Real and simulated dollars are never added."""

    real: Tally = Tally()
    simulated: Tally = Tally()
