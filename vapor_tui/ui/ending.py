"""Leaves on SIGTERM and SIGHUP, even where the terminal no longer takes what is written to it."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
LAST_RESORT_SECONDS = 3.0
"""A program that has not left by then never will."""


class SignalledEnding:
    """Calls `leave` with the exit code, in the event loop, when a signal asks the program to end.

    Writing to a terminal that is full blocks the event loop, as when a connection hangs; then
    nobody can be asked to leave, and a process that is the app's alone, as `owns_process` says,
    is ended from a thread. What it held is taken over from its durable position.
    """

    def __init__(self, leave: Callable[[int], None], *, owns_process: bool) -> None:
        self._leave = leave
        self._owns_process = owns_process
        self._loop = asyncio.get_running_loop()
        self._before: dict[int, Any] = {}

    def heed(self) -> None:
        """Take over the signals; only possible in the main thread, and elsewhere left alone."""
        if threading.current_thread() is threading.main_thread():
            # Not the loop's own handlers, which a blocked loop would never call.
            self._before = {number: signal.signal(number, self._take) for number in SIGNALS}

    def restore(self) -> None:
        """Give the signals back to what had them before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def _take(self, number: int, _frame: FrameType | None) -> None:
        code = 128 + number
        if self._owns_process:
            # A hang-up is followed by SIGCONT, at which Textual would begin to draw once more.
            if hasattr(signal, "SIGCONT"):  # not on Windows
                signal.signal(signal.SIGCONT, signal.SIG_DFL)
            last_resort = threading.Timer(LAST_RESORT_SECONDS, os._exit, (code,))
            last_resort.daemon = True
            last_resort.start()
        self._loop.call_soon_threadsafe(self._leave, code)
