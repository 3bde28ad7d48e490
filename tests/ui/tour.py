"""Every screen of the app, and the keys that lead there from the list of jobs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.ui.support import Session, advance, frozen_app, hold, session
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.lifecycle import Status
from vapor_tui.services.workspace import Workspace

AddJob = Callable[..., Job]


@dataclass(frozen=True, slots=True)
class Stop:
    """A screen: how to come there, and what stands there once it is drawn."""

    name: str
    keys: tuple[str, ...]
    shows: str

    def __str__(self) -> str:
        return self.name


STOPS = (
    Stop("jobs", (), "support-bot"),
    Stop("search", ("slash", "s"), "support-bot"),
    Stop("nothing found", ("slash", "z", "z", "enter"), "No job matches"),
    Stop("monitor", ("enter",), "rank 16"),
    Stop("crosshair", ("enter", "plus", "left", "comma"), "looking back"),
    Stop("log", ("enter", "l"), "epoch 2 of 3"),
    Stop("log search", ("enter", "slash", "2"), "match 1 of 1"),
    Stop("failed", ("j", "enter"), "loss is NaN"),
    Stop("completed", ("j", "j", "enter"), "COMPLETED"),
    Stop("new job", ("n",), "needs 3 runs"),
    Stop("models", ("n", "tab", "tab", "enter"), "type to search"),
    Stop("add a dataset", ("n", "ctrl+o"), "Add a dataset"),
    Stop("plans", ("n", "f2"), "list cost"),
    Stop("datasets", ("2",), "support-chats"),
    Stop("notifications", ("3",), "Training"),
    Stop("question", ("s",), "Stop #3 support-bot?"),
    Stop("export", ("x",), "Export this table as CSV"),
    Stop("help", ("question_mark",), "On this screen"),
    Stop("palette", ("ctrl+p",), "Export this screen as SVG"),
)


def add_jobs(workspace: Workspace, add_job: AddJob) -> None:
    """Store a job that is completed, one that failed and one that runs, the newest."""
    completed = hold(workspace, add_job, name="first-try")
    advance(workspace, completed, completed.total_steps, status=Status.COMPLETED)
    failed = hold(workspace, add_job, name="too-fast")
    advance(workspace, failed, 33, status=Status.FAILED, reason="loss is NaN", bad_from=30)
    running = hold(workspace, add_job, budget=10)
    advance(workspace, running, 457, lines=["epoch 2 of 3"])


@asynccontextmanager
async def standing_at(
    stop: Stop,
    workspace: Workspace,
    add_job: AddJob,
    size: tuple[int, int] = (120, 40),
    **options: Any,
) -> AsyncIterator[Session]:
    """Open the app and go to a screen; `options` are those of create_app."""
    add_jobs(workspace, add_job)
    async with session(frozen_app(workspace, **options), size) as app:
        await app.sees("first-try")
        for key in stop.keys:
            await app.press(key)
            await app.pilot.pause()
        await app.sees(stop.shows)
        yield app


def segments(app: Session) -> list[tuple[str, Any]]:
    """Return every piece of text that is sent to the terminal for the present screen, styled."""
    strips = app.app.screen._compositor.render_strips()
    return [(part.text, part.style) for strip in strips for part in strip if part.text]
