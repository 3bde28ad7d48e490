"""One tick of a worker against the database: what it reads, and what it writes at once."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from vapor_tui.domain.jobs import Engine, Job
from vapor_tui.domain.lifecycle import Desired
from vapor_tui.processes import is_provably_gone
from vapor_tui.storage import claims, leases, takeover, workers
from vapor_tui.storage import jobs as job_queries
from vapor_tui.storage.engine import Database
from vapor_tui.storage.errors import StorageError
from vapor_tui.storage.jobs import Claimable
from vapor_tui.worker import salvage
from vapor_tui.worker.watch import GoneWorkers

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TickResult:
    """What a tick found out."""

    lost: frozenset[int] = frozenset()
    """Jobs of which nothing was stored: they are no longer the worker's own."""
    wishes: Mapping[int, Desired] | None = None
    """What is wanted of the jobs that are held."""
    claimed: Sequence[Job] = ()
    released: int = 0
    """Jobs that were taken from workers that are gone."""
    is_forgotten: bool = False
    """The worker itself was taken for gone: its row and its jobs are no longer its own."""
    is_still: bool = False
    """Nothing was to be done, nor will be before something is committed."""


@dataclass(frozen=True, slots=True)
class Tick:
    """What a worker brings to one tick: who it is, what it has to store, what it can take."""

    owner: str
    worker_id: int
    is_separate: bool
    claims: bool
    """Whether it takes queued jobs at all."""
    engines: tuple[Engine, ...]
    """What it can drive."""
    stuck: set[int]
    """Jobs whose rows the database lets nobody change; those found here are added."""
    advances: Sequence[leases.Advance]
    gone: GoneWorkers
    held: Sequence[int]
    """The numbers of the jobs that it drives."""
    room: int
    """How many more it may train; those that only watch come on top."""
    is_unsure: bool
    """Whether a write has failed that may still have been committed."""

    def listen(self, connection: Connection) -> tuple[TickResult, bool]:
        """Read the wishes, and whether a job waits that could be claimed."""
        waits = self.claims and job_queries.has_queued(
            connection, self.owner, self._claimable, only_attached=self.room == 0
        )
        return TickResult(wishes=self._wishes(connection)), waits and self._may_claim(connection)

    async def write(self, database: Database) -> TickResult:
        """Do everything that a tick writes: in one transaction or, where a job's part of it is
        refused, each job's by itself. Raises StorageError."""
        try:
            return await database.write_async(self._write)
        except StorageError:
            raise
        except Exception:
            log.exception("cannot store %s jobs together: each by itself", len(self.advances))
            return await self._write_each(database)

    def _write(self, connection: Connection) -> TickResult:
        if not workers.beat(connection, self.worker_id):
            return TickResult(is_forgotten=True)
        lost = leases.store_advances(connection, self.advances)
        released = sum(
            len(takeover.take_over(connection, dead, self._who)) for dead in self.gone.workers
        )
        if self.gone.has_orphans:
            released += len(takeover.release_orphans(connection, self.owner, self._who))
        wishes = self._wishes(connection)
        claimed: list[Job] = []
        if self.claims and self._may_claim(connection):
            claimed = claims.claim(
                connection, self.owner, self.worker_id, self.room, self._claimable
            )
        if lost or self.is_unsure:
            # An error can come after the commit: what was stored or claimed then is ours, and
            # goes on from its durable position.
            claimed = [
                job
                for job in claims.held_by(connection, self.worker_id)
                if (job.id in lost or job.id not in self.held) and job.id not in self.stuck
            ]
        return TickResult(frozenset(lost), wishes, claimed, released)

    async def _write_each(self, database: Database) -> TickResult:
        """Do what `_write` does in many transactions, so that one job takes no other with it."""
        stored = await salvage.store_each(database, self.advances)
        self.stuck.update(stored.stuck)
        rest = replace(
            self,
            claims=False,
            advances=(),
            gone=replace(self.gone, workers=()),
            held=[job_id for job_id in self.held if job_id not in stored.lost],
            is_unsure=True,  # a job that is lost may still be held by this worker
        )
        found = await database.write_async(rest._write)
        if found.is_forgotten:
            return found
        taken = await salvage.take_over_each(database, self.gone.workers, self._who)
        claimed = list(found.claimed)
        if self.claims and await database.read_async(self._may_claim):
            each = await salvage.claim_each(
                database, self.owner, self.worker_id, self.room, self._claimable
            )
            self.stuck.update(each.stuck)
            claimed += each.claimed
        return replace(
            found,
            lost=frozenset(stored.lost),
            claimed=claimed,
            released=found.released + taken,
        )

    @property
    def _claimable(self) -> Claimable:
        return Claimable(self.engines, tuple(self.stuck))

    @property
    def _who(self) -> str:
        return f"worker {self.worker_id}"

    def _wishes(self, connection: Connection) -> dict[int, Desired]:
        return job_queries.wishes(connection, self.held) if self.held else {}

    def _may_claim(self, connection: Connection) -> bool:
        """Say whether queued jobs are ours to take: a separate worker goes before the app's."""
        if self.is_separate:
            return True
        others = workers.workers(connection, self.owner)
        return not any(w.is_separate and not is_provably_gone(w.process) for w in others)
