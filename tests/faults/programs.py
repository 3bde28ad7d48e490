"""Starts programs that a test stops, kills and waits for."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.conftest import OWNER

ROOT = Path(__file__).parents[2]
CLI = "vapor_tui.cli.app:run"
_SIZES = ("COLUMNS", "LINES")
PATIENCE = 60.0
"""Seconds that a slow machine is given for anything."""


class TooSlowError(AssertionError):
    """Something that had to happen has not, within a generous time."""


def eventually(happened: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Poll until a condition holds and return its value; raises TooSlowError."""
    deadline = time.monotonic() + seconds
    while not (found := happened()):
        if time.monotonic() > deadline:
            raise TooSlowError(f"{what}: not within {seconds:g} s")
        time.sleep(0.01)
    return found


def environment(**changes: str) -> dict[str, str]:
    """Return the environment of a program whose jobs are those of the tests' person.

    The size of its terminal is that of the terminal: variables that name one, as pytest-xdist
    sets them, would have it heed no change.
    """
    inherited = {key: value for key, value in os.environ.items() if key not in _SIZES}
    return {**inherited, "LOGNAME": OWNER, "PYTHONWARNINGS": "ignore", **changes}


@dataclass
class Program:
    """A process that a test has started."""

    pid: int
    output: Path
    _wait: Callable[[float], int | None]
    code: int | None = None
    """How it ended: an exit code, or minus the signal; None while it runs."""

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def is_running(self) -> bool:
        return self._look(0) is None

    def wait(self, seconds: float = PATIENCE) -> int:
        """Return how it ended; raises TooSlowError, and then the program is killed."""
        deadline = time.monotonic() + seconds
        while (code := self._look(max(0.0, deadline - time.monotonic()))) is None:
            if time.monotonic() >= deadline:
                self.signal(signal.SIGKILL)
                raise TooSlowError(f"still running after {seconds:g} s:\n{self.said}")
        return code

    def kill(self) -> int:
        """End it at once, whatever it is doing."""
        self.signal(signal.SIGKILL)
        return self.wait()

    @property
    def said(self) -> str:
        """What it has printed, both streams."""
        return self.output.read_text(errors="replace") if self.output.exists() else ""

    def _look(self, seconds: float) -> int | None:
        if self.code is None:
            self.code = self._wait(seconds)
        return self.code


@dataclass
class Programs:
    """Forks programs from one process that has everything imported."""

    zygote: subprocess.Popen[bytes]
    folder: Path
    _ended: dict[int, int] = field(default_factory=dict)
    _pending: bytes = b""
    _count: int = 0

    def start(
        self,
        *arguments: object,
        main: str = CLI,
        hooks: Sequence[tuple[str, Mapping[str, Any]]] = (),
        held: bool = False,
        **changes: str,
    ) -> Program:
        """Start the command line, or another function, with hooks called before.

        `held` leaves it stopped until it gets SIGCONT. Keywords change the environment.
        """
        self._count += 1
        output = self.folder / f"{self._count}.out"
        plain = [a if isinstance(a, str | int | float) else str(a) for a in arguments]
        request = {
            "main": main,
            "arguments": [[str(a) for a in plain]] if main == CLI else plain,
            "hooks": [[f"tests.faults.hooks:{name}", dict(values)] for name, values in hooks],
            "environment": environment(**changes),
            "output": str(output),
            "held": held,
        }
        assert self.zygote.stdin is not None
        self.zygote.stdin.write(json.dumps(request).encode() + b"\n")
        self.zygote.stdin.flush()
        pid: int | None = None
        while pid is None:
            pid = next((a["pid"] for a in self._answers(PATIENCE) if "code" not in a), None)
        program = Program(pid, output, lambda seconds: self._code(pid, seconds))
        if held:
            eventually(lambda: is_stopped(program.pid), "a held program")
        return program

    def worker(self, database: Path, *options: object, **values: Any) -> Program:
        """Start a separate worker on a database."""
        return self.start("--db", database, "worker", *options, **values)

    def _code(self, pid: int, seconds: float) -> int | None:
        if pid not in self._ended:
            self._answers(seconds)
        return self._ended.pop(pid, None)

    def _answers(self, seconds: float) -> list[dict[str, int]]:
        """Read what the zygote has said, waiting for it at most so long."""
        assert self.zygote.stdout is not None
        number = self.zygote.stdout.fileno()
        if not select.select([number], [], [], seconds)[0]:
            return []
        piece = os.read(number, 1 << 16)
        assert piece, "the zygote is gone"
        *lines, self._pending = (self._pending + piece).split(b"\n")
        answers = [json.loads(line) for line in lines]
        self._ended.update({a["pid"]: a["code"] for a in answers if "code" in a})
        return answers


@contextmanager
def zygote(folder: Path) -> Iterator[Programs]:
    """Run the process that programs are forked from."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.zygote"],
        cwd=ROOT,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        yield Programs(process, folder)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(PATIENCE)


def real_program(folder: Path, *arguments: object, **changes: str) -> Program:
    """Start the command line as a person does: with an interpreter of its own."""
    output = folder / f"{time.monotonic_ns()}.out"
    with output.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "vapor_tui", *map(str, arguments)],
            env=environment(**changes),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
        )

    def wait(seconds: float) -> int | None:
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    return Program(process.pid, output, wait)


def is_stopped(pid: int) -> bool:
    """Say whether a process has been stopped by a signal."""
    status = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    return status.rpartition(")")[2].split()[0] in "Tt"
