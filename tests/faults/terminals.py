"""Programs on a pseudo-terminal that a test can take away."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.faults.programs import PATIENCE, environment

_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Terminal:
    """A real program whose controlling terminal is held at the other end."""

    def __init__(self, arguments: tuple[object, ...], columns: int, rows: int) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        # The first terminal that the leader of a session opens becomes its own.
        shell = ["/bin/sh", "-c", 'exec "$@" <>"$0" >&0 2>&0', os.ttyname(slave)]
        self._process = subprocess.Popen(
            [*shell, sys.executable, "-m", "vapor_tui", *map(str, arguments)],
            env=environment(TERM="xterm-256color", COLORTERM="truecolor"),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.pid = self._process.pid
        self._pieces: list[bytes] = []
        self._is_open = True
        self._stop, self._stopper = os.pipe()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def said(self) -> str:
        """All that it has written to the terminal."""
        return b"".join(self._pieces).decode(errors="replace")

    @property
    def words(self) -> str:
        """The end of what it has written, without the escape sequences."""
        return _ESCAPE.sub("", self.said)[-4_000:]

    def write(self, keys: bytes) -> None:
        """Type."""
        os.write(self.master, keys)

    def stop_reading(self) -> None:
        """Let what is written pile up."""
        if self._reader.is_alive():
            os.write(self._stopper, b"x")
            self._reader.join()

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size, and tell the program as the kernel does."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def is_running(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        """Take the terminal away, as a connection that drops does; the kernel sends SIGHUP."""
        if self._is_open:
            self._is_open = False
            self.stop_reading()
            for number in (self.master, self._stop, self._stopper):
                os.close(number)

    def wait(self, seconds: float = PATIENCE) -> int:
        """Return how the program ended."""
        return self._process.wait(seconds)

    def end(self) -> None:
        """Leave nothing behind."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(PATIENCE)
        self.close()

    def _read(self) -> None:
        while True:
            ready, _, _ = select.select([self.master, self._stop], [], [])
            if self._stop in ready:
                return
            piece = b""
            with suppress(OSError):
                piece = os.read(self.master, 1 << 16)
            if not piece:
                return
            self._pieces.append(piece)


@contextmanager
def in_terminal(*arguments: object, columns: int = 120, rows: int = 40) -> Iterator[Terminal]:
    """Run the command line in a terminal of its own."""
    terminal = Terminal(arguments, columns, rows)
    try:
        yield terminal
    finally:
        terminal.end()
