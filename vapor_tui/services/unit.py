"""The systemd user unit that keeps a worker running."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

_UNIT = """\
[Unit]
Description=vapor-tui worker
Documentation=man:systemd.service(5)

[Service]
Type=exec
ExecStart={command}
Restart=on-failure
RestartSec=5
KillSignal=SIGTERM
TimeoutStopSec=10

[Install]
WantedBy=default.target
"""


def worker_unit(database: Path | None, concurrency: int) -> str:
    """Return the text of a unit that runs this very installation's worker."""
    command = [sys.executable, "-m", "vapor_tui"]
    if database is not None:
        command += ["--db", str(database.absolute())]
    command += ["worker", "--concurrency", str(concurrency)]
    # systemd reads a percent sign as a specifier and a dollar sign as a variable.
    line = shlex.join(command).replace("%", "%%").replace("$", "$$")
    return _UNIT.format(command=line)
