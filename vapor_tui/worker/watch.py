"""Finds, without trusting any clock but its own, the workers whose jobs are to be taken over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vapor_tui.processes import is_provably_gone
from vapor_tui.storage import workers
from vapor_tui.storage.engine import Database
from vapor_tui.storage.workers import Worker

WATCH_SECONDS = 1.0
"""Between two looks at the other workers."""
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


@dataclass(frozen=True, slots=True)
class GoneWorkers:
    """Whose jobs are to be taken over."""

    workers: tuple[Worker, ...] = ()
    has_orphans: bool = False
    """Whether jobs are held by workers that have no row."""
    is_alone: bool = False
    """Whether it was looked for other workers, alive or not, and there is none."""

    def __bool__(self) -> bool:
        return self.has_orphans or bool(self.workers)


NOBODY = GoneWorkers()


class TakeoverWatch:
    """Looks, once in a while, for workers of the same person that are gone."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._watch = LeaseWatch()
        self._last = -WATCH_SECONDS

    async def gone(self, database: Database, worker_id: int, now: float) -> GoneWorkers:
        """Return who but `worker_id` is gone, nobody where the last look was a moment ago.

        `now` is monotonic, in seconds. Raises StorageError.
        """
        if now - self._last < WATCH_SECONDS:
            return NOBODY
        self._last = now
        found = await database.read_async(workers.holding, self._owner)
        others = [worker for worker in found.workers if worker.id != worker_id]
        beating = {w.id for w in others if w.id in found.holders or w.is_separate}
        idle = [w for w in others if w.id not in beating and is_provably_gone(w.process)]
        gone = self._watch.gone((w for w in others if w.id in beating), now)
        is_alone = not others and not found.orphans
        return GoneWorkers((*idle, *gone), has_orphans=bool(found.orphans), is_alone=is_alone)
