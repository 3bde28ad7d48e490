"""The worker: one tick a quarter of a second stores, listens and claims for all of its jobs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from vapor_tui import __version__
from vapor_tui.domain.health.settings import HealthSettings
from vapor_tui.domain.jobs import Engine, Job
from vapor_tui.domain.lifecycle import ACTIVE, Desired, Status
from vapor_tui.processes import this_process
from vapor_tui.runners.attach import AttachRunner
from vapor_tui.runners.base import Runner
from vapor_tui.runners.simulator import SimulatorRunner
from vapor_tui.simulation import Pace
from vapor_tui.storage import jobs as job_queries
from vapor_tui.storage import leases, takeover, workers
from vapor_tui.storage.engine import Database
from vapor_tui.storage.errors import StorageError
from vapor_tui.storage.health import HealthPast, health_past
from vapor_tui.storage.jobs import Claimable
from vapor_tui.worker import salvage
from vapor_tui.worker.drive import Drive
from vapor_tui.worker.purge import Purge
from vapor_tui.worker.stillness import Look, Stillness
from vapor_tui.worker.tick import Tick, TickResult
from vapor_tui.worker.vitals import Vitals
from vapor_tui.worker.watch import LEASE_SECONDS, NOBODY, TakeoverWatch

log = logging.getLogger(__name__)

TICK_SECONDS = 0.25
IDLE_SECONDS = 1.0
"""Between two looks for queued jobs while none is held; whoever queues one here wakes it."""
HEARTBEAT_SECONDS = 2.0
"""Longest time between two signs of life while a job is held."""
LETTING_GO_SECONDS = LEASE_SECONDS * 2 / 3
"""A worker that could not write for so long stops by itself, before another takes over."""
LEAVING_SECONDS = 0.6
"""How long a worker that leaves tries to hand back."""
DEFAULT_CONCURRENCY = 4
CLAIMED_AT_ONCE = 50
"""Jobs begun in one tick: each has a history and a notification to be written."""
_TROUBLE_PAUSE_SECONDS = 1.0
_PATIENCE_SECONDS = 2.0
"""How long a tick waits for a locked database before it says so."""

RunnerFactory = Callable[[], Runner]


def default_runners(pace: Pace | None = None) -> dict[Engine, RunnerFactory]:
    """Return what drives each engine; `pace` overrides the stored speed of simulated jobs."""
    return {Engine.SIMULATOR: lambda: SimulatorRunner(pace), Engine.EXTERNAL: AttachRunner}


class Worker:
    """Drives a person's jobs, up to `concurrency` at once, until it is told to stop.

    Runs inside the app, in `run`, or alone. All its database work is done in threads.
    """

    def __init__(
        self,
        database: Database,
        owner: str,
        *,
        concurrency: int = DEFAULT_CONCURRENCY,
        runners: Mapping[Engine, RunnerFactory] | None = None,
        is_separate: bool = False,
        claims: bool = True,
        health: HealthSettings | None = None,
    ) -> None:
        self.trouble: StorageError | None = None
        """Why nothing can be stored at present, None while all is well."""
        self.unfinished: list[int] = []
        """Once it has left, the numbers of the jobs it held that go on with the next worker."""
        self._database = database
        self._owner = owner
        self._concurrency = concurrency
        self._runners = dict(runners if runners is not None else default_runners())
        self._is_separate = is_separate
        self._claims = claims
        self._health = health
        self._id: int | None = None
        self._drives: dict[int, Drive] = {}
        self._stuck: set[int] = set()
        """Jobs whose rows the database lets nobody change."""
        self._awake = asyncio.Event()
        self._stillness = Stillness(database)
        self._takeover_watch = TakeoverWatch(owner)
        self._last_write = 0.0
        self._purge = Purge(database, owner)
        self._let_go = False
        self._is_unsure = False
        """Whether a write has failed that may still have been committed."""

    def wake(self) -> None:
        """Make the next tick come at once: there is something to store or to claim."""
        self._awake.set()

    async def register(self) -> int:
        """Write the worker's row and return its number; done once, by `run` if not before."""
        if self._id is None:
            self._id = await self._database.write_async(
                workers.register, self._owner, this_process(), __version__, self._is_separate
            )
        return self._id

    def adopt(self, job: Job, past: HealthPast | None = None) -> None:
        """Drive a job that is already leased to this worker; `past` is what it has been through."""
        assert self._id is not None
        vitals = Vitals(self._health, past)
        drive = Drive(job, self._id, self._runners[job.engine](), self.wake, vitals)
        drive.heed(job.desired)
        self._drives[job.id] = drive
        log.info("job %s %s: driven from step %s on", job.id, job.name, job.current_step)
        self._last_write = self._now()

    async def run(self, stop: asyncio.Event, *, once: bool = False) -> None:
        """Work until `stop` is set, or with `once` until nothing is left: neither a job of
        its own nor, for a worker that claims, one that is queued or running elsewhere.

        Hands its jobs back at the end, whatever the reason.
        """
        try:
            await self._begin()
            stopping = asyncio.create_task(self._wake_on(stop))
            try:
                while not stop.is_set():
                    busy = await self._tick()
                    if once and not busy and not await self._has_work():
                        return
                    await self._pause()
            finally:
                stopping.cancel()
        finally:
            await self.leave()

    async def _begin(self) -> None:
        """Register. A separate worker that cannot is not worth starting; the app's tries on."""
        try:
            worker_id = await self.register()
            log.info("worker %s works on %s", worker_id, self._database.path)
        except StorageError as error:
            if self._is_separate:
                raise
            self.trouble = error

    async def _wake_on(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self.wake()

    async def _pause(self) -> None:
        seconds = TICK_SECONDS if self._drives else IDLE_SECONDS
        seconds = seconds if self.trouble is None else _TROUBLE_PAUSE_SECONDS
        seconds = min(seconds, max(0.0, self._seconds_to_hold_on()))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._awake.wait(), seconds)
        self._awake.clear()

    async def _has_work(self) -> bool:
        """Say whether there may be work left for a worker that holds nothing."""
        if self.trouble is not None or self._is_unsure:
            return True
        if not self._claims:
            return False
        try:
            claimable = Claimable(tuple(self._runners), tuple(self._stuck))
            return await self._database.read_async(job_queries.has_work, self._owner, claimable)
        except StorageError as error:
            self.trouble = error
            return True

    async def _tick(self) -> bool:
        """Do what there is to do, unless nothing can have come up; say whether jobs are held."""
        if self._drives or self._is_separate:  # the row of a separate worker beats at all times
            return await self._work()
        look = await self._stillness.look()
        return look is not None and await self._work(look)

    async def _work(self, look: Look | None = None) -> bool:
        """Store what is new, hear what is wanted, claim what waits; say whether jobs are held."""
        await self._let_go_if_late()
        advances = self._advances()
        try:
            found = await self._exchange(advances)
        except StorageError as error:
            is_apps = self._claims and not self._is_separate
            if not error.is_passing and not is_apps:
                raise  # the app shows what is wrong and stays; a command says it and ends
            if self.trouble is None:
                log.warning("cannot store: %s", error)
            self.trouble = error
            self._is_unsure = True
            return bool(self._drives)
        self.trouble = None
        self._is_unsure = False
        if found.is_forgotten:
            await self._start_anew()
            return True
        await self._settle(advances, found.lost)
        self._let_go = False
        for job_id, wish in (found.wishes or {}).items():
            if job_id in self._drives:
                self._drives[job_id].heed(wish)
        for job in found.claimed:
            await self._adopt_or_fail(job)
        if found.released:
            self.wake()
        is_clean = await self._purge.some()
        if look is not None and found.is_still and is_clean:
            self._stillness.found_nothing(look)
        return bool(self._drives)

    async def _adopt_or_fail(self, job: Job) -> None:
        """Drive a job, or fail it alone where nothing here can drive it."""
        problem = job.error_message if job.unreadable else None
        if problem is None:
            try:
                self.adopt(job, await self._past(job))
                return
            except Exception as error:
                log.exception("job %s cannot be driven", job.id)
                problem = f"It cannot be driven: {salvage.summary(error)}"
        if self._id is None or not await self._failed(job.id, problem):
            self._stuck.add(job.id)

    async def _failed(self, job_id: int, reason: str) -> bool:
        """Fail a job that is held but not driven; say whether it can be."""
        assert self._id is not None
        try:
            return await salvage.fail(self._database, self._id, job_id, reason)
        except StorageError as error:
            log.warning("cannot fail job %s now: %s", job_id, error)
            self._is_unsure = True  # the next tick finds it among what is held
            return True

    async def _past(self, job: Job) -> HealthPast | None:
        """Return what the watch over a job that goes on is rebuilt from, if it can be read."""
        if not job.current_step:
            return None
        try:
            return await self._database.read_async(health_past, job)
        except StorageError as error:
            log.warning("job %s is watched anew: %s", job.id, error)
            return None

    def _advances(self) -> list[leases.Advance]:
        drives = self._drives.values()
        return [a for d in drives if (a := d.advance(hand_back=self._let_go)) is not None]

    async def _settle(self, advances: Sequence[leases.Advance], lost: frozenset[int]) -> None:
        """Take note of what is durable now, and drop the jobs that have ended or are lost."""
        for advance in advances:
            drive = self._drives[advance.lease.job_id]
            if advance.lease.job_id in lost:
                log.warning("job %s is no longer ours", advance.lease.job_id)
                await self._drop(drive)
                continue
            drive.stored(advance)
            if drive.is_released:
                log.info("job %s: %s", advance.lease.job_id, advance.status.value)
                await self._drop(drive)
            elif drive.has_more:
                self.wake()

    async def _start_anew(self) -> None:
        """Go on as a new worker after this one was taken for gone, as when it was suspended."""
        log.warning("worker %s was taken for gone: starting anew", self._id)
        for drive in list(self._drives.values()):
            await self._drop(drive)
        self._id = None
        self._let_go = False
        self.wake()

    def _seconds_to_hold_on(self) -> float:
        """Return how long the runs may still go on if nothing can be written."""
        if not self._drives or self._let_go:
            return math.inf
        return LETTING_GO_SECONDS - (self._now() - self._last_write)

    async def _let_go_if_late(self) -> None:
        """Stop all runs when nothing could be written for so long that others may take over."""
        if self._seconds_to_hold_on() > 0:
            return
        log.warning("could not write for %.1f s: letting go", self._now() - self._last_write)
        self._let_go = True
        for drive in self._drives.values():
            await drive.let_go()

    async def _exchange(self, advances: Sequence[leases.Advance]) -> TickResult:
        """Run the tick's transaction; a mere question is asked without a write lock."""
        database = self._database.with_patience(
            min(_PATIENCE_SECONDS, max(0.0, self._seconds_to_hold_on()))
        )
        worker_id = await self.register()
        trained = sum(not drive.is_attached for drive in self._drives.values())
        now = self._now()
        tick = Tick(
            owner=self._owner,
            worker_id=worker_id,
            is_separate=self._is_separate,
            claims=self._claims,
            engines=tuple(self._runners),
            stuck=self._stuck,
            advances=advances,
            gone=await self._takeover_watch.gone(database, worker_id, now)
            if self._claims
            else NOBODY,
            held=list(self._drives),
            room=min(max(self._concurrency - trained, 0), CLAIMED_AT_ONCE),
            is_unsure=self._is_unsure,
        )
        shows_itself = bool(tick.held) or self._is_separate
        must_beat = shows_itself and now - self._last_write >= HEARTBEAT_SECONDS
        if not (advances or tick.gone or must_beat or self._is_unsure):
            found, waiting = await database.read_async(tick.listen)
            if not waiting:
                return replace(found, is_still=tick.gone.is_alone)
        written = await tick.write(database)
        self._last_write = self._now()
        return written

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    async def _drop(self, drive: Drive) -> None:
        await drive.let_go()
        self._drives.pop(drive.lease.job_id, None)

    async def leave(self) -> None:
        """Store what there is, queue the jobs again, and remove the worker's row.

        Tries for a moment only: what cannot be handed back is taken over by the next worker
        from its durable position.
        """
        if self._id is None:
            return
        self.unfinished = sorted(self._drives)
        for drive in self._drives.values():
            await drive.let_go()
        self._let_go = True
        database = self._database.with_patience(LEAVING_SECONDS, hurries=False)
        try:
            async with asyncio.timeout(LEAVING_SECONDS):
                try:
                    held = list(self._drives)
                    wishes = await database.read_async(job_queries.wishes, held)
                    for job_id, wish in wishes.items():
                        self._drives[job_id].heed(wish)
                    # A job whose whole life fits into one tick needs a second one for its end.
                    while advances := self._advances():
                        stored = await salvage.store(database, advances)
                        await self._settle(advances, frozenset(stored.lost))
                        gone = stored.lost | _ended(advances, wishes)
                        self.unfinished = [each for each in self.unfinished if each not in gone]
                except StorageError:
                    raise
                except Exception:
                    log.exception("what was gathered last is lost")
                await database.write_async(takeover.leave, self._id)
        except (StorageError, TimeoutError) as error:
            log.warning("left without handing back: %s", error or "the database is locked")
        self._drives.clear()


def _ended(advances: Sequence[leases.Advance], wishes: Mapping[int, Desired]) -> set[int]:
    """Return the jobs that advances end or pause, by themselves or because a person wants it."""
    return {
        advance.lease.job_id
        for advance in advances
        if advance.status not in ACTIVE
        or leases.released_status(wishes.get(advance.lease.job_id, Desired.RUN))
        is not Status.QUEUED
    }
