"""Turns the signals that end a program into an event, and the event into a hurry."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from types import FrameType
from typing import Any

from vapor_tui.storage.engine import Database

ENDING = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    if hasattr(signal, name)
)


@contextmanager
def stop_on_signals(stop: asyncio.Event) -> Iterator[list[int]]:
    """Set an event on SIGINT, SIGTERM, SIGHUP and SIGBREAK (Windows) while the context lasts.

    Yields a list that the numbers of the signals are added to as they come.

    A signal that the program was started to ignore, as by nohup, stays ignored.
    """
    loop = asyncio.get_running_loop()
    installed: list[int] = []
    before: dict[int, Any] = {}
    received: list[int] = []

    def take(number: int) -> None:
        received.append(number)
        stop.set()

    def hand_on(number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(take, number)

    for number in ENDING:
        if signal.getsignal(number) is signal.SIG_IGN:
            continue
        try:
            loop.add_signal_handler(number, take, number)
            installed.append(number)
        except NotImplementedError:  # Windows, whose loops take no signals
            with suppress(ValueError):
                before[number] = signal.signal(number, hand_on)
        except RuntimeError:
            continue  # threads besides the main one keep Python's own handling
    try:
        yield received
    finally:
        for number in installed:
            loop.remove_signal_handler(number)
        for number, handler in before.items():
            signal.signal(number, handler)


@asynccontextmanager
async def hurrying_on(stop: asyncio.Event, database: Database) -> AsyncIterator[None]:
    """Let nobody wait for a lock of the database any longer once an event is set."""

    async def hurry() -> None:
        await stop.wait()
        database.hurry()

    hurrying = asyncio.create_task(hurry())
    try:
        yield
    finally:
        hurrying.cancel()
