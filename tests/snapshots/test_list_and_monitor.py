"""Pictures of the list and the monitor, at the sizes that have a layout of their own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.ui.support import NOON, Session, advance, frozen_app, hold, set_times, stored
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.lifecycle import Action, Status
from vapor_tui.services.jobs import apply_action
from vapor_tui.services.notifications import mark_read
from vapor_tui.services.workspace import Workspace
from vapor_tui.ui.app import VaporApp
from vapor_tui.ui.widgets.plain_input import PlainInput

AddJob = Callable[..., Job]
SIZES = [(160, 45), (120, 40), (80, 24), (60, 18)]
THEMES = ["vapor-dark", "vapor-light"]
LOG = ("initializing (simulated)", "epoch 1 of 3: training", "eval_loss 0.7991 after epoch 1")


@pytest.fixture
def jobs(workspace: Workspace, add_job: AddJob) -> list[Job]:
    """One job of every status, the running one last but one."""
    first = advance(workspace, hold(workspace, add_job, name="first-try"), 750,
                    status=Status.COMPLETED)  # fmt: skip
    failed = advance(workspace, hold(workspace, add_job, name="legal-summaries"), 165,
                     status=Status.FAILED, reason="The loss became NaN", bad_from=140)  # fmt: skip
    dropped = add_job(name="dropped [idea]")
    apply_action(workspace, Action.CANCEL, dropped.id)
    paused = add_job(name="nächster Versuch 数据集 mit einem langen Namen")
    apply_action(workspace, Action.PAUSE, paused.id)
    running = advance(
        workspace,
        hold(workspace, add_job, name="support-bot", base_model="LFM2-1.2B", budget=10),
        457,
        lines=LOG,
    )
    waiting = add_job(name="support-bot-quality", preset="quality")
    made = [first, failed, dropped, paused, running, waiting]
    for job, minutes in zip(made, (2900, 200, 70, 30, 1, 0.2), strict=True):
        set_times(workspace, stored(workspace, job.id), minutes)
    mark_read(workspace)
    return made


def showing(app: VaporApp, *texts: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Wait until the app has read what it is to show."""

    async def wait(pilot: Pilot[None]) -> None:
        app.animation_level = "none"
        session = Session(pilot, [])
        await session.until(lambda: app.overview is not None)
        await session.sees(*texts)

    return wait


def name_of(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES, ids=name_of)
def test_jobs(
    workspace: Workspace, jobs: list[Job], snap_compare: Any, size: tuple[int, int], theme: str
) -> None:
    app = frozen_app(workspace)
    app.theme = theme
    ready = showing(app, "support", "1 running")
    assert snap_compare(app, terminal_size=size, run_before=ready)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES, ids=name_of)
def test_monitor(
    workspace: Workspace, jobs: list[Job], snap_compare: Any, size: tuple[int, int], theme: str
) -> None:
    app = frozen_app(workspace, job_id=jobs[4].id)
    app.theme = theme
    forecast = ["80 % band"] if size[0] >= 120 else []  # comes a moment after the rest
    ready = showing(app, "RUNNING", "41s", "q back", *forecast)
    assert snap_compare(app, terminal_size=size, run_before=ready)


LOOKS = {
    "log": (("L",), "log   all steps"),
    "rate": (("m",), "5e-5"),
    "zoomed": (("plus", "plus", "left", "comma"), "looking back"),
    "gap": (("O", "X"), "by epoch"),
    "search": (("slash", "e"), "match 3 of 3"),
}


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("look", LOOKS)
def test_looks(
    workspace: Workspace, jobs: list[Job], snap_compare: Any, look: str, theme: str
) -> None:
    app = frozen_app(workspace, job_id=jobs[1 if look == "gap" else 4].id)
    app.theme = theme
    keys, shown = LOOKS[look]
    ready = showing(app, *(["NaN"] if look == "gap" else ["RUNNING", "80 % band"]))

    async def look_closer(pilot: Pilot[None]) -> None:
        await ready(pilot)
        await pilot.press(*keys)
        await Session(pilot, []).sees(shown)
        for box in app.screen.query(PlainInput):
            box.cursor_blink = False

    assert snap_compare(app, terminal_size=(120, 40), run_before=look_closer)


def test_a_failed_job_in_the_light_theme(
    workspace: Workspace, jobs: list[Job], snap_compare: Any
) -> None:
    app = frozen_app(workspace, job_id=jobs[1].id)
    app.theme = "vapor-light"
    ready = showing(app, "The loss became NaN", "1 running")
    assert snap_compare(app, terminal_size=(120, 40), run_before=ready)


def test_no_jobs_yet(workspace: Workspace, snap_compare: Any) -> None:
    app = frozen_app(workspace)
    ready = showing(app, "rehearse", f"{NOON:%H:%M}")
    assert snap_compare(app, terminal_size=(80, 24), run_before=ready)
