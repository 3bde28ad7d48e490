"""What a program is made to suffer from within; each is called before the program begins."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sqlite3
import struct
import sys
import threading
import time
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta, tzinfo
from typing import Any

from vapor_tui.domain.jobs import Job
from vapor_tui.runners import simulator
from vapor_tui.runners.base import RunControl, RunnerEvent
from vapor_tui.worker import watch, worker

_CAPABILITIES_VERSION = 0x20080522


def hurry(tick: float = 0.02, lease: float | None = None) -> None:
    """Tick faster, so that there are more commits in a second, and shorten the lease."""
    worker.TICK_SECONDS = tick
    simulator.BEAT_SECONDS = tick
    if lease is not None:
        watch.LEASE_SECONDS = lease
        watch.LONGEST_GAP_SECONDS = lease / 4
        worker.LETTING_GO_SECONDS = lease * 2 / 3
        worker.HEARTBEAT_SECONDS = lease / 5
        watch.WATCH_SECONDS = lease / 10


def die_at_statement(number: int) -> None:
    """Kill this process just before the number-th statement that SQLite runs in it."""
    connect, lock, count = sqlite3.connect, threading.Lock(), 0

    def count_down(_statement: str) -> None:
        nonlocal count
        with lock:
            count += 1
            if count == number:
                os.kill(os.getpid(), signal.SIGKILL)

    def traced(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        connection = connect(*args, **kwargs)
        connection.set_trace_callback(count_down)
        return connection

    vars(sqlite3)["connect"] = traced


def jump_clock(days: list[float], every: float) -> None:
    """Let the wall clock, and it alone, stand so many days off, another number now and then."""
    begun, wall = time.monotonic(), time.time

    def off() -> float:
        return days[int((time.monotonic() - begun) / every) % len(days)] * 86_400

    class Jumping(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + timedelta(seconds=off())

    vars(time)["time"] = lambda: wall() + off()
    for name, module in list(sys.modules.items()):
        if name.startswith("vapor_tui.") and vars(module).get("datetime") is datetime:
            vars(module)["datetime"] = Jumping


def poison(name: str) -> None:
    """Kill this process as soon as it drives a job of that name, before anything is stored."""
    run = simulator.SimulatorRunner.run

    async def deadly(
        self: simulator.SimulatorRunner, job: Job, control: RunControl
    ) -> AsyncGenerator[RunnerEvent, None]:
        if job.name == name:
            os.kill(os.getpid(), signal.SIGKILL)
        async for event in run(self, job, control):
            yield event

    vars(simulator)["SimulatorRunner"].run = deadly


def ignore_hangup() -> None:
    """What nohup does."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def become_ordinary() -> None:
    """Give up what root may do beyond others: permissions bind this process, too."""
    header = struct.pack("Ii", _CAPABILITIES_VERSION, 0)
    nothing = struct.pack("6I", *[0] * 6)
    if ctypes.CDLL(None, use_errno=True).capset(header, nothing):
        raise OSError(ctypes.get_errno(), "capset")


def limit_files(size: int) -> None:
    """Let no file grow beyond a size; only the soft limit, which a test can lift again."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
