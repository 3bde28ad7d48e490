"""Rings the terminal."""

from __future__ import annotations

import sys
from typing import TextIO

from vapor_tui.services.notifications import list_notifications
from vapor_tui.services.workspace import Workspace


def ring(stream: TextIO) -> None:
    """Ring the terminal that a stream is, if it is one."""
    if stream.isatty():
        stream.write("\a")
        stream.flush()


class JobBell:
    """Rings when something is told of a job that is not to be seen in its progress anyway."""

    def __init__(self, workspace: Workspace, job_id: int) -> None:
        self._workspace = workspace
        self._job_id = job_id
        self._known = 0
        # Progress bars put a stream of their own in its place, which lets no bell through.
        self._stream = sys.stderr

    def ring_on_news(self) -> None:
        """Ring once for all that is new since the call before."""
        news = list_notifications(self._workspace, after_id=self._known)
        self._known = max((note.id for note in news), default=self._known)
        if any(note.job_id == self._job_id and note.priority != "low" for note in news):
            ring(self._stream)
