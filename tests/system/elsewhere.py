"""Runs the program as on another system: `python -m tests.system.elsewhere WORLD COMMAND...`.

`macos` has no /proc, and another name. `windows` lacks what only POSIX has, and in place of
`os.kill` has something that must not be called.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import pkgutil
import shlex
import signal
import sys
import sysconfig
from typing import Any

HIDDEN = ("/proc", "/sys", "/etc/machine-id", "/var/lib/dbus")
MODULES = ("curses", "fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty")
SIGNALS = ("SIGHUP", "SIGKILL", "SIGQUIT", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGWINCH", "SIGALRM")
CALLS = (
    *("fork", "forkpty", "getuid", "geteuid", "getgid", "getpgid", "getpriority", "getsid"),
    *("killpg", "lchown", "mkfifo", "nice", "openpty", "posix_spawn", "pread", "pwrite"),
    *("sched_yield", "setsid", "sysconf", "uname"),
    *("O_NONBLOCK", "O_DIRECTORY", "O_NOFOLLOW", "O_CLOEXEC", "fchmod", "fchown", "chown"),
)


CHOOSE_BY_SYSTEM = (
    *("ctypes", "getpass", "multiprocessing.util", "shutil", "subprocess", "tempfile"),
    *(
        "numpy",
        "platformdirs.unix",
        "rich.console",
        "sqlmodel",
        "textual.drivers.linux_driver",
        "typer",
    ),
)
"""Modules of others, which look at the system when they are imported."""


def hide_proc() -> None:
    """Let no file be there from which Linux alone tells something."""

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and str(arguments[0]).startswith(HIDDEN):
            raise FileNotFoundError(2, "No such file or directory", arguments[0])

    read_link = os.readlink

    def readlink(path: Any, *arguments: Any, **options: Any) -> Any:
        if str(path).startswith(HIDDEN):
            raise FileNotFoundError(2, "No such file or directory", path)
        return read_link(path, *arguments, **options)

    sys.addaudithook(refuse)
    os.readlink = readlink


def take_posix_away() -> None:
    """Take away what Windows has not, as far as Python itself still runs."""
    for name in MODULES:
        sys.modules[name] = None  # type: ignore[assignment]
    for name in SIGNALS:
        delattr(signal, name)
    for name in CALLS:
        if hasattr(os, name):
            delattr(os, name)

    def kill(pid: int, number: int) -> None:
        raise AssertionError(f"on Windows, os.kill({pid}, {number}) ends a process")

    def add_signal_handler(*_arguments: object) -> None:
        raise NotImplementedError

    os.kill = kill
    loop: Any = asyncio.SelectorEventLoop
    loop.add_signal_handler = add_signal_handler


def import_everything() -> None:
    """Import every module of the program."""
    import vapor_tui

    for found in pkgutil.walk_packages(vapor_tui.__path__, "vapor_tui."):
        if "migrations" not in found.name:  # alembic runs those
            importlib.import_module(found.name)


def main(world: str, *commands: str) -> int:
    """Run commands in a world until one fails; import all of the program where there is none."""
    sysconfig.get_config_vars()  # it knows only the system that Python was built for
    hide_proc()
    if world == "macos":
        sys.platform = "darwin"
    else:
        for name in CHOOSE_BY_SYSTEM:
            importlib.import_module(name)
        take_posix_away()
    if not commands:
        import_everything()
    from vapor_tui.cli.entry import start

    return next(filter(None, (start(shlex.split(command)) for command in commands)), 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
