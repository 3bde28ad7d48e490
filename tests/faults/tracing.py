"""Makes system calls of a program fail, or kill it, by strace."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.faults.programs import PATIENCE, Program, eventually


@cache
def why_not_traceable() -> str | None:
    """Return why strace cannot be used here, None when it can."""
    if shutil.which("strace") is None:
        return "strace is not installed (apt-get install strace)"
    strace = ["strace", "-f", "-o", "/dev/null", "-e", "inject=fdatasync:error=EIO"]
    program = [sys.executable, "-c", "import os; os.fdatasync(1)"]
    tried = subprocess.run([*strace, *program], capture_output=True, check=False)
    if b"Errno 5" not in tried.stderr:
        return f"strace cannot trace here: {tried.stderr.decode(errors='replace')[-200:]}"
    return None


@dataclass
class Tracer:
    """A strace that has hold of a program."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def has_injected(self) -> bool:
        """Whether it has made a call fail."""
        return "(INJECTED)" in self.log.read_text(errors="replace")


@contextmanager
def injected(program: Program, injection: str, *paths: Path) -> Iterator[Tracer]:
    """Let system calls of a held program fail while it runs, as "pwrite64:error=EIO:when=7".

    Only calls on these files are counted, those of each thread for itself. The program goes on
    when strace has hold of it.
    """
    log = program.output.with_suffix(".strace")
    call = injection.partition(":")[0]
    command = ["strace", "-f", "-qq", "-o", str(log), "-p", str(program.pid)]
    command += ["-e", f"trace={call}", "-e", f"inject={injection}"]
    process = subprocess.Popen([*command, *(f"--trace-path={path}" for path in paths)])
    try:
        eventually(lambda: _is_traced(program), "strace")
        program.signal(signal.SIGCONT)
        yield Tracer(process, log)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _is_traced(program: Program) -> bool:
    status = Path(f"/proc/{program.pid}/status").read_text(encoding="utf-8", errors="replace")
    return "TracerPid:\t0\n" not in status
