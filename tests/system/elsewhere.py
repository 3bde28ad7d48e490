"""Runs the program as on another system: `python -m tests.system.elsewhere WORLD COMMAND...`.

`macos` has no /proc, and another name. `windows` lacks what only POSIX has, and in place of
`os.kill` has something that must not be called; but `sys.platform` stays "linux" there, so that
branches for "win32" do not run.
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
    """Hide from Python's own calls the files from which Linux alone tells something."""

    def refuse(path: Any) -> None:
        if _is_hidden(path):
            raise FileNotFoundError(2, "No such file or directory", path)

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("open", "os.listdir", "os.scandir"):
            refuse(arguments[0])

    def refusing(call: Any) -> Any:
        def wrapper(path: Any, *arguments: Any, **options: Any) -> Any:
            refuse(path)
            return call(path, *arguments, **options)

        return wrapper

    sys.addaudithook(watch)
    for name in ("stat", "lstat", "readlink"):  # of which no hook is told
        setattr(os, name, refusing(getattr(os, name)))
    access = os.access
    os.access = lambda path, *arguments, **options: (
        not _is_hidden(path) and access(path, *arguments, **options)
    )


def _is_hidden(path: Any) -> bool:
    if not isinstance(path, str | bytes | os.PathLike):
        return False  # the number of an open file
    named = os.fsdecode(path)
    return any(named == hidden or named.startswith(f"{hidden}/") for hidden in HIDDEN)


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
