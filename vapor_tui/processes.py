"""Tells a process from every other one, on this machine and on others."""

from __future__ import annotations

import hashlib
import os
import platform
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_MACHINE_IDS = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """Tells a process from every other, also from a later one of the same number.

    `boot_id` and `process_start` are empty where the system does not tell them.
    """

    hostname: str
    boot_id: str
    pid: int
    process_start: str
    """Clock ticks since boot, the namespace in which the process id counts, and the machine.

    Earlier versions wrote no machine.
    """

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
    started, namespace, machine = _parts(process.process_start)
    if process.boot_id != _boot_id():
        # Started anew, if it is this machine: others may go by the same name.
        return bool(machine) and machine == _machine()
    if not started or namespace != _namespace():
        return False  # the processes of another container are hidden, not gone
    try:
        now = _started(process.pid)
    except OSError:
        return _is_no_process(process.pid)
    return now != started


def process_start(pid: int) -> str | None:
    """Return what tells a process of this machine from every later one of its number.

    None for a process that is not there or has ended, and everywhere without /proc.
    """
    try:
        started = _started(pid)
    except OSError:
        return None
    return None if started is None else f"{started} {_namespace()} {_machine()}".strip()


def _parts(process_start: str) -> tuple[str, str, str]:
    """Return the ticks, the namespace and the machine of a process's start; "" for none."""
    started, namespace, machine = (*process_start.split(" "), "", "", "")[:3]
    return started, namespace, machine


def _started(pid: int) -> str | None:
    """Return the ticks at which a process began; None for one that has ended.

    Raises OSError where the system does not tell, or hides it.
    """
    status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    # The name in parentheses may hold anything; the fields are counted behind it.
    fields = status.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]


def _is_no_process(pid: int) -> bool:
    """Say whether a number is no process's; /proc may hide those of other people."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:
        return False
    return False


@cache
def _machine() -> str:
    """Return what tells this machine from others, without giving its own id away."""
    for path in _MACHINE_IDS:
        try:
            told = path.read_text(encoding="ascii").strip()
        except (OSError, ValueError):
            continue
        if told and told != "uninitialized":
            return hashlib.sha256(f"vapor-tui {told}".encode()).hexdigest()[:16]
    return ""


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
