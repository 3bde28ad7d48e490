"""A program on a real pseudo-terminal, and what a person would see of it."""

from __future__ import annotations

import contextlib
import io
import math
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pexpect
import pyte

ESCAPE = "\x1b"

PATIENCE = 30.0
_LOOK_SECONDS = 0.05
_QUIET_SECONDS = 0.1
_STAYING_SECONDS = 0.5
_ESCAPE_SECONDS = 0.3
_PIECE = 65_536


class Terminal:
    """Runs a program on a pseudo-terminal of a certain size and follows its screen."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        program: Sequence[str] = (sys.executable, "-m", "vapor_tui"),
        columns: int = 120,
        rows: int = 40,
        **environment: str,
    ) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        inherited = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
        self._child = pexpect.spawn(
            program[0],
            [*program[1:], *arguments],
            dimensions=(rows, columns),
            env={
                **inherited,
                "TERM": "xterm-256color",
                "TEXTUAL_ANIMATIONS": "none",
                **environment,
            },
            cwd=str(Path.home()),
        )
        self._written = io.BytesIO()
        self._child.logfile_read = self._written
        self._written_at = time.monotonic()

    @property
    def pid(self) -> int:
        return int(self._child.pid)

    @property
    def text(self) -> str:
        """What stands on the screen now."""
        return "\n".join(self._screen.display)

    @property
    def written(self) -> bytes:
        """Everything that the program has sent to the terminal."""
        return self._written.getvalue()

    def press(self, keys: str) -> None:
        """Type characters or send an escape sequence."""
        self._child.send(keys)
        if keys.endswith(ESCAPE):
            # What follows at once would be taken for the rest of a sequence: alt and a key.
            until = time.monotonic() + _ESCAPE_SECONDS
            while time.monotonic() < until and self._read():
                pass

    def wait_for(self, *texts: str, patience: float = PATIENCE) -> str:
        """Follow the program until all of these texts are on the screen; return the screen.

        They must be there when it rests, or stay there: half a new screen would still show the
        texts of the one before.
        """
        deadline = time.monotonic() + patience
        seen_at = math.inf
        while True:
            is_running = self._read()
            now = time.monotonic()
            missing = [text for text in texts if text not in self.text]
            seen_at = math.inf if missing else min(seen_at, now)
            if now - max(seen_at, self._written_at) >= _QUIET_SECONDS:
                return self.text
            if now - seen_at >= _STAYING_SECONDS or (not missing and not is_running):
                return self.text
            if now > deadline or not is_running:
                raise AssertionError(f"{missing} did not appear on:\n{self.text}")

    def wait_until_left(self, patience: float = PATIENCE) -> int:
        """Follow the program until it ends; return its exit code, or minus the signal."""
        deadline = time.monotonic() + patience
        while self._read():
            if time.monotonic() > deadline:
                raise AssertionError(f"it is still there:\n{self.text}")
        self._child.wait()
        return -self._child.signalstatus if self._child.signalstatus else self._child.exitstatus

    def close(self) -> None:
        """Take the terminal away, as a dropped connection does, and see the program off."""
        with contextlib.suppress(OSError, pexpect.ExceptionPexpect):
            self._child.close(force=True)

    def _read(self) -> bool:
        """Take in what the program has written; False when it has ended."""
        try:
            self._stream.feed(self._child.read_nonblocking(_PIECE, timeout=_LOOK_SECONDS))
            self._written_at = time.monotonic()
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        return True
