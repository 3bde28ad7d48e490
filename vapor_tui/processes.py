"""Tells a process from every other one, on this machine and on others."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """Tells a process from every other, also from a later one of the same number.

    `boot_id` and `process_start` are empty where the system does not tell them.
    """

    hostname: str
    boot_id: str
    pid: int
    process_start: str
    """Clock ticks since boot, and the namespace in which the process id counts."""

    @property
    def is_here(self) -> bool:
        """Whether it runs, or ran, on this machine."""
        return self.hostname == platform.node()


def this_process() -> ProcessIdentity:
    """Return the identity of the present process."""
    return ProcessIdentity(
        hostname=platform.node(),
        boot_id=_boot_id(),
        pid=os.getpid(),
        process_start=process_start(os.getpid()) or "",
    )


def is_provably_gone(process: ProcessIdentity) -> bool:
    """Say whether a process certainly runs no more; False whenever that cannot be known."""
    if not process.is_here or not process.boot_id or not _boot_id():
        return False
    if process.boot_id != _boot_id():
        return True  # the machine has been started anew
    if not process.process_start or _namespace() != process.process_start.partition(" ")[2]:
        return False  # the processes of another container are hidden, not gone
    return process_start(process.pid) != process.process_start


def process_start(pid: int) -> str | None:
    """Return what tells a process of this machine from every later one of its number.

    None for a process that is not there or has ended, and everywhere without /proc.
    """
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name in parentheses may hold anything; the fields are counted behind it.
    fields = status.rpartition(")")[2].split()
    state, started = fields[0], fields[19]
    return None if state in "ZX" else f"{started} {_namespace()}".strip()


@cache
def _namespace() -> str:
    """Return the namespace of this process's ids; containers of one machine differ in it."""
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return ""


@cache
def _boot_id() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return ""
