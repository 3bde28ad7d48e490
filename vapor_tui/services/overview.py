"""What the screens show of everything at once: counts, news, and the list of jobs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection

from vapor_tui.domain.job_list import JobList
from vapor_tui.domain.job_pages import JobFilter
from vapor_tui.domain.lifecycle import Status
from vapor_tui.domain.notifications import Notification
from vapor_tui.domain.totals import Totals
from vapor_tui.processes import is_provably_gone
from vapor_tui.runners import ENGINES
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import jobs as job_queries
from vapor_tui.storage import notifications as notification_queries
from vapor_tui.storage.metrics import driver
from vapor_tui.storage.samples import small_curve
from vapor_tui.storage.totals import totals
from vapor_tui.storage.waiting import Waiting, active_jobs, held_by_some, waiting
from vapor_tui.storage.workers import workers

_MOST_NEWS = 20
_PATIENCE = timedelta(seconds=5)
"""A worker with room takes a job long before."""


@dataclass(frozen=True, slots=True)
class Overview:
    """What a person has at one moment."""

    version: int | None
    """The data version it was read at."""
    day: date
    """The day it was read on, to which what was spent today belongs."""
    totals: Totals
    unread: int
    news: tuple[Notification, ...]
    """Notifications written since the overview before, the most important ones, oldest first;
    none in the first one."""
    news_count: int
    """How many were written since then, of any importance."""
    latest_notification: int
    has_worker: bool
    """Whether a worker is registered, here or elsewhere, that may be alive."""
    waiting: Waiting
    held_separately: int
    """Jobs that separate workers hold: while there is one, the app leaves the queue to it."""

    @property
    def counts(self) -> Mapping[Status, int]:
        """How many jobs there are of each status, simulated ones and real ones."""
        return Counter(self.totals.real.counts) + Counter(self.totals.simulated.counts)

    @property
    def running(self) -> int:
        """How many jobs a worker drives, real and simulated."""
        return self.totals.real.running + self.totals.simulated.running

    @property
    def queued(self) -> int:
        """How many jobs wait for a worker, real and simulated."""
        return self.totals.real.queued + self.totals.simulated.queued

    @property
    def total(self) -> int:
        """How many jobs there are, real and simulated."""
        return self.totals.real.total + self.totals.simulated.total


def overview(
    workspace: Workspace,
    since: Overview | None = None,
    *,
    anyway: bool = False,
    now: datetime | None = None,
) -> Overview | None:
    """Return the overview, or None when nothing was written since the one given on this day.

    `anyway` reads it all the same: a worker that was killed writes nothing. `now` is in the
    zone whose days count.
    """
    now = now or datetime.now().astimezone()
    version = workspace.database.data_version()
    is_known = since is not None and version is not None and version == since.version
    if is_known and since is not None and since.day == now.date() and not anyway:
        return None
    return workspace.database.read(_overview, workspace.owner, version, since, now)


def job_totals(workspace: Workspace, now: datetime | None = None) -> Totals:
    """Return what all jobs come to, on the day of `now` in its zone."""
    return workspace.database.read(totals, workspace.owner, now or datetime.now().astimezone())


def jobs_without_worker(workspace: Workspace) -> int:
    """Return how many jobs are active while no worker is there to go on with them."""
    return workspace.database.read(_without_worker, workspace.owner)


def list_with_curves(workspace: Workspace, wanted: JobFilter, known: Mapping[int, int]) -> JobList:
    """Return one page of jobs; `known` maps those whose curve is at hand to its last step."""
    return workspace.database.read(_list, workspace.owner, wanted, known)


def _overview(
    connection: Connection,
    owner: str,
    version: int | None,
    since: Overview | None,
    now: datetime,
) -> Overview:
    latest = notification_queries.latest_id(connection, owner)
    news: list[Notification] = []
    news_count = 0
    if since is not None and latest > since.latest_notification:
        news, news_count = notification_queries.most_important(
            connection, owner, since.latest_notification, _MOST_NEWS
        )
    alive = [w for w in workers(connection, owner) if not is_provably_gone(w.process)]
    return Overview(
        version=version,
        day=now.date(),
        totals=totals(connection, owner, now),
        unread=notification_queries.unread_count(connection, owner),
        news=tuple(news),
        news_count=news_count,
        latest_notification=latest,
        has_worker=bool(alive),
        waiting=waiting(connection, owner, ENGINES, now.astimezone(UTC) - _PATIENCE),
        held_separately=held_by_some(connection, [w.id for w in alive if w.is_separate]),
    )


def _without_worker(connection: Connection, owner: str) -> int:
    if any(not is_provably_gone(worker.process) for worker in workers(connection, owner)):
        return 0
    return active_jobs(connection, owner, ENGINES)


def _list(
    connection: Connection, owner: str, wanted: JobFilter, known: Mapping[int, int]
) -> JobList:
    page = job_queries.job_page(connection, owner, wanted)
    return JobList(
        page,
        {
            job.id: small_curve(driver(connection), job.id, job.current_step)
            for job in page.jobs
            if known.get(job.id) != job.current_step
        },
    )
