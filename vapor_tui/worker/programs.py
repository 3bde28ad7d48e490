"""Runs a person's own program once, without a shell, for a limited time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

TIMEOUT_SECONDS = 10.0
KEPT_BYTES = 2_000
"""Of what the program writes to its standard error."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a program ended."""

    exit_code: int | None
    """None when it could not be started, or was ended because it took too long."""
    reason: str = ""
    """Why there is no exit code."""
    errors: str = ""
    """The beginning of its standard error; from outside."""

    @property
    def is_good(self) -> bool:
        """Whether the program said that all went well."""
        return self.exit_code == 0

    @property
    def sentence(self) -> str:
        """What happened, in words."""
        return self.reason or f"exit code {self.exit_code}"


async def run_program(
    command: Sequence[str], document: bytes, timeout: float = TIMEOUT_SECONDS
) -> Ending:
    """Run a program with a document on its standard input; what it prints is dropped.

    It gets a session of its own, and is killed with all that it has started when it takes
    longer than `timeout` seconds or the caller is cancelled.
    """
    with _scrap() as errors:
        try:
            process = await asyncio.create_subprocess_exec(
                os.path.expanduser(command[0]),
                *command[1:],
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                # A file and not a pipe: what it leaves running may keep that open for long.
                stderr=errors,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            return Ending(None, f"{command[0]} cannot be run: {why}")
        try:
            async with asyncio.timeout(timeout):
                await process.communicate(document)
        except TimeoutError:
            return Ending(None, f"it was ended after {timeout:g} s", _beginning(errors))
        finally:
            if process.returncode is None:
                _kill(process)
                await process.wait()
        return Ending(process.returncode, errors=_beginning(errors))


def _scrap() -> IO[bytes]:
    """Return a file that is gone when it is closed; one that keeps nothing on a full disk."""
    try:
        return tempfile.TemporaryFile()
    except OSError:
        return open(os.devnull, "w+b")


def _beginning(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(KEPT_BYTES).decode("utf-8", "replace").strip()


def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()  # Windows: what it has started goes on
