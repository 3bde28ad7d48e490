"""Forks programs from a process that has everything imported: a start takes 30 ms, not 1 s.

Run as `python -m tests.faults.zygote`. Reads requests from its standard input and writes, to
its standard output, the process id of each program and later how it ended, a JSON line each.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

_PRELOADED = (
    "alembic.command",
    "vapor_tui.cli.app",
    "vapor_tui.cli.control",
    "vapor_tui.cli.doctor",
    "vapor_tui.cli.jobs",
    "vapor_tui.cli.run",
    "vapor_tui.cli.worker",
    "vapor_tui.storage.upgrade",
    "vapor_tui.worker.worker",
    "tests.faults.hooks",
)


def resolved(name: str) -> Callable[..., Any]:
    """Return the function that "module:function" names."""
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found


def _become(request: dict[str, Any]) -> None:
    """Turn this forked process into the program that was asked for; never returns."""
    code = 70
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        output = os.open(request["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.environ.clear()
        os.environ.update(request["environment"])
        for name, values in request["hooks"]:
            resolved(name)(**values)
        if request["held"]:
            os.kill(os.getpid(), signal.SIGSTOP)
        code = resolved(request["main"])(*request["arguments"])
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 1
    finally:
        if sys.exc_info()[0] is not None:
            sys.excepthook(*sys.exc_info())
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code or 0)


def _reap(answers: BinaryIO, alive: set[int]) -> None:
    while alive:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        alive.discard(pid)
        _say(answers, pid=pid, code=os.waitstatus_to_exitcode(status))


def _say(answers: BinaryIO, **values: int) -> None:
    answers.write(json.dumps(values).encode() + b"\n")
    answers.flush()


def main() -> None:
    """Serve until the standard input ends, then end what still runs."""
    for name in _PRELOADED:
        importlib.import_module(name)
    requests, answers = os.dup(0), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1):
        os.dup2(nothing, number)
    woken, waker = os.pipe()
    for number in (woken, waker):
        os.set_blocking(number, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    alive: set[int] = set()
    pending = b""
    while True:
        ready, _, _ = select.select([requests, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            _reap(answers, alive)
        if requests not in ready:
            continue
        piece = os.read(requests, 1 << 16)
        if not piece:
            break
        *lines, pending = (pending + piece).split(b"\n")
        for line in lines:
            pid = os.fork()
            if not pid:
                os.close(requests)
                answers.close()
                _become(json.loads(line))
            alive.add(pid)
            _say(answers, pid=pid)
    for pid in alive:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
