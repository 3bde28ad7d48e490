"""A program on a pseudo-terminal of its own, with a clock at what it writes (Linux)."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyte

COLUMNS, ROWS = 120, 40
PATIENCE = 60.0
END_OF_FRAME = b"\x1b[?2026l"
"""What Textual writes behind every frame, once the terminal has said that it knows it."""
LEAVE = b"\x11"

_PAUSE = 0.003
"""Seconds without output after which what was read is interpreted."""
_ANSWERS = {
    b"\x1b[?2026$p": b"\x1b[?2026;2$y",  # knows frames
    b"\x1b[?2048$p": b"\x1b[?2048;0$y",  # knows no resizing in band
}
_UNUSUAL = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "NO_COLOR", "COLUMNS", "LINES")
"""Left out of the environment: they change how Python starts or what it draws."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a program took in a while."""

    cpu: float
    """Share of one core."""
    bytes_per_second: float
    """Written to the terminal."""


class Program:
    """Runs a Python program at 120x40 and knows when each of its bytes came.

    Bytes are stamped when they are read and interpreted only when the program pauses: what it
    takes to follow a screen is not counted as its own.
    """

    def __init__(self, arguments: Sequence[str]) -> None:
        self._screen = pyte.Screen(COLUMNS, ROWS)
        self._stream = pyte.ByteStream(self._screen)
        self._read: list[tuple[float, bytes]] = []
        self._written = 0
        environment = {k: v for k, v in os.environ.items() if k not in _UNUSUAL}
        environment |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.begun = time.perf_counter()
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            with contextlib.suppress(OSError):
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
                os.execve(sys.executable, [sys.executable, *arguments], environment)
            os._exit(127)

    @property
    def text(self) -> str:
        """What stands on the screen, as far as it was followed."""
        return "\n".join(self._screen.display)

    def seen(self, *texts: str, patience: float = PATIENCE) -> float:
        """Return the moment at which all of these texts stood on the screen."""
        deadline = time.perf_counter() + patience
        moment = time.perf_counter()
        while not all(text in self.text for text in texts):
            while not self._read:
                if not self._pump(deadline - time.perf_counter()):
                    raise AssertionError(f"{texts} did not appear on:\n{self.text}")
                while self._pump(_PAUSE):
                    pass
            moment, piece = self._read.pop(0)
            self._stream.feed(piece)
        return moment

    def press(self, keys: bytes) -> float:
        """Type; return the moment before."""
        moment = time.perf_counter()
        os.write(self._terminal, keys)
        return moment

    def frame(self, patience: float = PATIENCE) -> float:
        """Return the moment at which the next frame is complete."""
        self._follow()
        deadline = time.perf_counter() + patience
        while self._pump(deadline - time.perf_counter()):
            for moment, piece in self._read:
                if END_OF_FRAME in piece:
                    return moment
        raise AssertionError(f"no frame came after:\n{self.text}")

    def settle(self, quiet: float = 0.3, patience: float = 10.0) -> None:
        """Follow the program until it has written nothing for a while."""
        deadline = time.perf_counter() + patience
        while time.perf_counter() < deadline and self._pump(quiet):
            pass
        self._follow()

    def usage(self, duration: float) -> Usage:
        """Let it go on for so many seconds and return what it took."""
        self._follow()
        cpu, written, begun = self.cpu_seconds, self._written, time.perf_counter()
        while (left := begun + duration - time.perf_counter()) > 0:
            self._pump(left)
        took = time.perf_counter() - begun
        used = Usage((self.cpu_seconds - cpu) / took, (self._written - written) / took)
        self._follow()
        return used

    @property
    def cpu_seconds(self) -> float:
        """Seconds that its threads have run so far."""
        nanoseconds = 0
        for thread in Path(f"/proc/{self.pid}/task").iterdir():
            with contextlib.suppress(OSError):  # a thread that has just ended
                nanoseconds += int((thread / "schedstat").read_text().split()[0])
        return nanoseconds / 1e9

    @property
    def memory(self) -> float:
        """Resident MiB at present."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGESIZE") / 2**20

    def close(self) -> None:
        """Ask it to leave, and end it if it does not."""
        with contextlib.suppress(OSError):
            os.write(self._terminal, LEAVE)
        for send in (signal.SIGTERM, signal.SIGKILL):
            if self._has_ended(2.0):
                break
            with contextlib.suppress(OSError):
                os.kill(self.pid, send)
        else:
            self._has_ended(5.0)
        os.close(self._terminal)

    def _has_ended(self, patience: float) -> bool:
        deadline = time.perf_counter() + patience
        while time.perf_counter() < deadline:
            with contextlib.suppress(ChildProcessError):
                if os.waitpid(self.pid, os.WNOHANG)[0]:
                    return True
            self._pump(0.01) or time.sleep(0.01)
        return False

    def _pump(self, timeout: float) -> bool:
        """Take in one piece of output; False when none comes in time or any more."""
        if not select.select([self._terminal], [], [], max(timeout, 0.0))[0]:
            return False
        try:
            piece = os.read(self._terminal, 65_536)
        except OSError:  # EIO: the program has ended
            return False
        if not piece:
            return False
        self._read.append((time.perf_counter(), piece))
        self._written += len(piece)
        for question, answer in _ANSWERS.items():
            if question in piece:
                os.write(self._terminal, answer)
        return True

    def _follow(self) -> None:
        for _, piece in self._read:
            self._stream.feed(piece)
        self._read.clear()


@contextmanager
def running(*arguments: str) -> Iterator[Program]:
    """Run `python ARGUMENTS` and see it off in the end."""
    program = Program(arguments)
    try:
        yield program
    finally:
        program.close()


def vapor(database: Path, *arguments: str) -> list[str]:
    """Return the arguments that run the product's app on a database."""
    return ["-m", "vapor_tui", "--db", str(database), *arguments]
