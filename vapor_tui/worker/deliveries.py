"""Runs a person's own program for every notification, once, beside the worker."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from vapor_tui.domain.notifications import Notification
from vapor_tui.storage import deliveries
from vapor_tui.storage.engine import Database
from vapor_tui.storage.errors import StorageError
from vapor_tui.worker.programs import TIMEOUT_SECONDS, Ending, run_program

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""Between two looks for notifications, of any process."""
LEAVING_SECONDS = 0.3
"""How long a program that runs may go on when its worker leaves."""
_PATIENCE_SECONDS = 2.0


@asynccontextmanager
async def delivering(
    database: Database,
    owner: str,
    command: Sequence[str],
    stop: asyncio.Event,
    *,
    timeout: float = TIMEOUT_SECONDS,
) -> AsyncIterator[None]:
    """Run `command` for a person's notifications while the context lasts.

    At its end everything that was written is delivered, unless `stop` is set: then the rest is
    left to the next worker. Without a command, what is written is for no program.
    """
    delivery = Delivery(database, owner, command, timeout=timeout)
    await delivery.begin()
    if not command:
        yield
        return
    working = asyncio.create_task(delivery.run(stop), name="deliveries")
    try:
        yield
    finally:
        delivery.finish()
        await _finished(working, stop)


class Delivery:
    """Takes one notification after the other and runs a program for it.

    A notification counts as delivered from the moment before its program is started. One that
    is killed in between is not started again: twice is worse than not at all for a program that
    stops a machine.
    """

    def __init__(
        self,
        database: Database,
        owner: str,
        command: Sequence[str],
        *,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        self._database = database.with_patience(_PATIENCE_SECONDS)
        self._data_version = database.data_version
        self._owner = owner
        self._command = command
        self._timeout = timeout
        self._told: int | None = None
        self._version: int | None = None
        self._is_finishing = False
        self._nudge = asyncio.Event()
        self._is_in_trouble = False

    async def begin(self) -> None:
        """Begin to listen, so that what is written from now on is delivered."""
        try:
            if self._command:
                self._told = await self._database.write_async(deliveries.listen, self._owner)
            elif await self._database.read_async(deliveries.is_listening, self._owner):
                await self._database.write_async(deliveries.stop_listening, self._owner)
        except StorageError as error:
            self._tell_trouble(error)

    def finish(self) -> None:
        """Let `run` return when nothing is left to deliver."""
        self._is_finishing = True
        self._nudge.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until there is nothing left after `finish`, or `stop` is set."""
        while not stop.is_set():
            note = await self._claimed()
            if note is not None:
                await self._tell(note)
            elif self._is_finishing:
                return
            else:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._nudge.wait(), LOOK_SECONDS)

    async def _claimed(self) -> Notification | None:
        """Take the next notification; None when there is none, or the database is in trouble."""
        try:
            version = await asyncio.to_thread(self._data_version)
            if version is not None and version == self._version:
                return None
            if self._told is None:
                await self.begin()
            if self._told is None:
                return None  # nothing is listened to yet: the next look begins anew
            if not await self._database.read_async(deliveries.waits, self._owner):
                self._version = version
                return None
            note = await self._database.write_async(deliveries.claim_next, self._owner, self._told)
        except StorageError as error:
            self._tell_trouble(error)
            return None
        self._is_in_trouble = False
        if note is not None:
            self._told = note.id
        return note

    def _tell_trouble(self, error: StorageError) -> None:
        """Log what is wrong with the database, once until it answers again."""
        if not self._is_in_trouble:
            log.warning("notifications are delivered later: %s", error)
        self._is_in_trouble = True

    async def _tell(self, note: Notification) -> None:
        ending = await run_event_program(self._command, note, self._timeout)
        if not ending.is_good:
            log.warning(
                "on_event for notification %s: %s%s",
                note.id,
                ending.sentence,
                f": {ending.errors}" if ending.errors else "",
            )


async def run_event_program(
    command: Sequence[str], note: Notification, timeout: float = TIMEOUT_SECONDS
) -> Ending:
    """Run a person's program for a notification, which it reads as a line of JSON."""
    document = json.dumps(note.event(), ensure_ascii=True) + "\n"
    return await run_program(command, document.encode("ascii"), timeout)


async def _finished(working: asyncio.Task[None], stop: asyncio.Event) -> None:
    """Wait for the deliveries to end, for a moment only once `stop` is set."""
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({working}, timeout=LEAVING_SECONDS)
    finally:
        stopping.cancel()
        if working.cancel():
            log.warning("left while on_event ran: its program was ended")
        [ended] = await asyncio.gather(working, return_exceptions=True)
        if isinstance(ended, Exception):
            log.error("deliveries ended because of a bug", exc_info=ended)
