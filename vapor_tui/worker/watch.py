"""Decides, without trusting any clock but its own, that another worker is gone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vapor_tui.processes import is_provably_gone
from vapor_tui.storage.workers import Worker

LEASE_SECONDS = 10.0
"""So long a heartbeat may stand still before its worker counts as gone."""
LONGEST_GAP_SECONDS = 2.5
"""Watching with a longer gap than this proves nothing: it begins anew."""


@dataclass(slots=True)
class _Sighting:
    heartbeat: int
    seconds: float = 0.0
    """How long the heartbeat has been seen standing still."""


class LeaseWatch:
    """Remembers the heartbeats of other workers and since when each stands still.

    Time counts only while the database can be read: neither a locked file nor a suspended
    watcher makes a live worker look dead.
    """

    def __init__(self) -> None:
        self._sightings: dict[int, _Sighting] = {}
        self._last: float | None = None

    def gone(self, others: Iterable[Worker], now: float) -> list[Worker]:
        """Return those of the workers just read that are gone; `now` is monotonic, in seconds."""
        elapsed = 0.0 if self._last is None else now - self._last
        self._last = now
        known, self._sightings = self._sightings, {}
        found = []
        for worker in others:
            sighting = known.get(worker.id)
            same = sighting is not None and sighting.heartbeat == worker.heartbeat
            if sighting is None or not same or elapsed > LONGEST_GAP_SECONDS:
                sighting = _Sighting(worker.heartbeat)
            else:
                sighting.seconds += elapsed
            self._sightings[worker.id] = sighting
            if is_provably_gone(worker.process) or sighting.seconds >= LEASE_SECONDS:
                found.append(worker)
        return found
