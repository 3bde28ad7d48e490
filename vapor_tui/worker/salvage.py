"""What a worker does when one of its jobs cannot be stored: each goes by itself.

Every function raises StorageError, under which nothing could be stored at all.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from vapor_tui.domain.jobs import Job
from vapor_tui.storage import claims, leases, takeover
from vapor_tui.storage.engine import Database
from vapor_tui.storage.errors import StorageError
from vapor_tui.storage.jobs import Claimable
from vapor_tui.storage.workers import Worker

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Salvaged:
    """What came of jobs that were stored or claimed one by one."""

    lost: set[int] = field(default_factory=set)
    """No longer the worker's own, or failed because they could not be stored."""
    stuck: set[int] = field(default_factory=set)
    """Their rows let nothing be changed: neither stored, nor failed, nor claimed."""
    claimed: list[Job] = field(default_factory=list)


async def store(database: Database, advances: Sequence[leases.Advance]) -> Salvaged:
    """Store advances together or, where that is refused, each by itself."""
    try:
        return Salvaged(lost=await database.write_async(leases.store_advances, advances))
    except StorageError:
        raise
    except Exception:
        log.exception("cannot store %s jobs together: each by itself", len(advances))
    return await store_each(database, advances)


async def store_each(database: Database, advances: Sequence[leases.Advance]) -> Salvaged:
    """Store each advance in a transaction of its own; a job that cannot be stored fails."""
    found = Salvaged()
    for advance in advances:
        lease = advance.lease
        try:
            found.lost |= await database.write_async(leases.store_advances, [advance])
        except StorageError:
            raise
        except Exception as error:
            log.exception("job %s cannot be stored", lease.job_id)
            found.lost.add(lease.job_id)
            reason = f"Its progress cannot be stored: {summary(error)}"
            if not await fail(database, lease.worker_id, lease.job_id, reason):
                found.stuck.add(lease.job_id)
    return found


async def fail(database: Database, worker_id: int, job_id: int, reason: str) -> bool:
    """Fail a job that a worker holds; say whether its row let it be done."""
    try:
        await database.write_async(takeover.fail_held, worker_id, job_id, reason)
    except StorageError:
        raise
    except Exception:
        log.exception("job %s cannot even be failed", job_id)
        return False
    return True


async def take_over_each(database: Database, gone: Sequence[Worker], who: str) -> int:
    """Take the jobs of each worker that is gone; return how many."""
    released = 0
    for dead in gone:
        try:
            released += len(await database.write_async(takeover.take_over, dead, who))
        except StorageError:
            raise
        except Exception:
            log.exception("the jobs of worker %s cannot be taken over", dead.id)
    return released


async def claim_each(
    database: Database, owner: str, worker_id: int, most: int, kinds: Claimable
) -> Salvaged:
    """Claim jobs as `claims.claim` does, each in a transaction of its own."""
    found = Salvaged()
    for job_id in await database.read_async(claims.candidates, owner, worker_id, most, kinds):
        try:
            job = await database.write_async(claims.claim_job, worker_id, job_id)
        except StorageError:
            raise
        except Exception:
            log.exception("job %s cannot be claimed", job_id)
            found.stuck.add(job_id)
            continue
        if job is not None:
            found.claimed.append(job)
    return found


def summary(error: Exception) -> str:
    """Return an error in one line, without the statement that a database names with its own."""
    cause = getattr(error, "orig", None) or error
    return f"{type(cause).__name__}: {cause}" if str(cause) else type(cause).__name__
