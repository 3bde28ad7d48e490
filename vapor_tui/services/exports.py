"""A job's metrics and log, in pieces, for those who print or write them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import logs, metrics
from vapor_tui.storage.logs import LogLine

_PIECE = 5_000


def metric_rows(
    workspace: Workspace, job_id: int, last: int | None = None
) -> Iterator[dict[str, Any]]:
    """Yield a job's metrics in order of steps, or only the `last` points.

    Reads in short pieces, since a long reader keeps every worker from writing.
    """
    step = 0
    if last is not None:
        step = workspace.database.read(metrics.last_step, job_id, last)
    while True:
        rows = workspace.database.read(metrics.metric_rows, job_id, step, _PIECE)
        yield from rows
        if len(rows) < _PIECE:
            return
        step = int(str(rows[-1]["step"]))


def new_log_lines(workspace: Workspace, job_id: int, number: int) -> list[LogLine]:
    """Return the log lines behind a number, oldest first."""
    return workspace.database.read(logs.lines_after, job_id, number)
