"""Removes the rows of deleted jobs piece by piece, while others run."""

from __future__ import annotations

import asyncio
import logging

from vapor_tui.storage import jobs as job_queries
from vapor_tui.storage.engine import Database
from vapor_tui.storage.errors import StorageError

log = logging.getLogger(__name__)

PURGE_SECONDS = 5.0
"""Between two looks for deleted jobs whose rows are still there."""


class Purge:
    """Removes what is left of a person's deleted jobs, between the ticks of a worker."""

    def __init__(self, database: Database, owner: str) -> None:
        self._database = database.with_patience(0.0)
        self._owner = owner
        self._next = 0.0

    async def some(self) -> bool:
        """Remove one piece of a deleted job; say whether it was looked and there is none."""
        now = asyncio.get_running_loop().time()
        if now < self._next:
            return False
        try:
            if await self._database.read_async(job_queries.has_deleted, self._owner):
                await self._database.write_async(
                    job_queries.purge_some, self._owner, job_queries.PURGED_AT_ONCE
                )
                return False
            is_clean = True
        except StorageError as error:
            log.info("cannot remove deleted jobs now: %s", error)
            is_clean = False
        self._next = now + PURGE_SECONDS
        return is_clean
