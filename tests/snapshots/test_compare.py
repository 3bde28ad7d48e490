"""Pictures of a comparison, at the sizes that have a layout of their own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.ui import support
from tests.ui.support import Session, advance, frozen_app, hold, losses, set_times, stored
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.lifecycle import Status
from vapor_tui.services.notifications import mark_read
from vapor_tui.services.workspace import Workspace
from vapor_tui.ui.app import VaporApp

AddJob = Callable[..., Job]
SIZES = [(160, 45), (120, 40), (80, 24), (60, 18)]


@pytest.fixture
def jobs(workspace: Workspace, add_job: AddJob, monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """A finished job, one that runs, one that failed and one that waits."""

    def falling(factor: float) -> None:
        def scaled(steps: Sequence[int]) -> list[float]:
            return [factor * loss for loss in losses(steps)]

        monkeypatch.setattr(support, "losses", scaled)

    done = advance(workspace, hold(workspace, add_job), 750, status=Status.COMPLETED)
    falling(1.3)
    running = advance(
        workspace, hold(workspace, add_job, name="数据集 more rank", lora_rank=64, budget=10), 457
    )
    falling(2.0)
    failed = advance(workspace, hold(workspace, add_job, name="too-fast", learning_rate=5e-3),
                     165, status=Status.FAILED, reason="NaN", bad_from=140)  # fmt: skip
    waiting = add_job(name="support-bot-quality", preset="quality")
    made = [done, running, failed, waiting]
    for job, minutes in zip(made, (200, 1, 30, 0.2), strict=True):
        set_times(workspace, stored(workspace, job.id), minutes)
    mark_read(workspace)
    return made


def comparing(app: VaporApp, *keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Open the comparison of all four and press keys when it is there."""

    async def wait(pilot: Pilot[None]) -> None:
        app.animation_level = "none"
        session = Session(pilot, [])
        await session.until(lambda: app.overview is not None)
        app.open_compare([1, 2, 3, 4])
        await session.sees("#4 support-bot-quality", "1 running")
        await session.press(*keys)

    return wait


@pytest.mark.parametrize("theme", ["vapor-dark", "vapor-light"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_compare(
    workspace: Workspace,
    jobs: list[Job],
    snap_compare: Any,
    size: tuple[int, int],
    theme: str,
) -> None:
    app = frozen_app(workspace)
    app.theme = theme
    assert snap_compare(app, terminal_size=size, run_before=comparing(app))


@pytest.mark.parametrize("size", SIZES[2:], ids=lambda size: f"{size[0]}x{size[1]}")
def test_table(
    workspace: Workspace, jobs: list[Job], snap_compare: Any, size: tuple[int, int]
) -> None:
    app = frozen_app(workspace)
    assert snap_compare(app, terminal_size=size, run_before=comparing(app, "tab"))
