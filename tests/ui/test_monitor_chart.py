"""Looking at a run: metrics, scales, zoom, crosshair, by key and by mouse."""

from __future__ import annotations

import numpy as np
import pytest
from textual import events

from tests.conftest import AddJob
from tests.ui.support import Session, advance, frozen_app, hold, session
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.metrics import MetricsBlock
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage.metrics import store_blocks
from vapor_tui.ui.axis_ticks import FRAME_WIDTH
from vapor_tui.ui.messages import DetailRead
from vapor_tui.ui.screens.jobs import JobsScreen
from vapor_tui.ui.screens.monitor import MonitorScreen
from vapor_tui.ui.widgets.lines import LinesView
from vapor_tui.ui.widgets.metric_chart import MetricChart
from vapor_tui.ui.widgets.metric_tabs import MetricTabs


def long_run(workspace: Workspace, add_job: AddJob, count: int = 200_000) -> Job:
    """Return a job that has logged so many steps, with a spike at step 50,001."""
    job = advance(workspace, hold(workspace, add_job), 60)
    steps = np.arange(61, count + 1)
    losses = np.round(1 + 0.1 * np.sin(steps / 7.0), 4)
    losses[steps == 50_001] = 9.0
    block = MetricsBlock(step=steps, epoch=steps / 1e5, loss=losses, grad_norm=losses / 2)
    workspace.database.write(store_blocks, job.id, [block])
    return job


def state(app: Session) -> str:
    return app.app.screen.query_one("#chart-title", LinesView).plain


def values(app: Session) -> str:
    return app.app.screen.query_one("#values", LinesView).plain


def chart(app: Session) -> MetricChart:
    return app.top(MonitorScreen).chart


async def test_keys_go_through_the_metrics_that_were_logged(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = advance(workspace, hold(workspace, add_job), 60)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("60 of 750", "Loss  Accuracy  Rate")
        seen = []
        for key in ("m", "m", "m", "m", "M"):
            await app.press(key)
            seen.append(app.top(MonitorScreen).view.metric)
        names = ["learning_rate", "tokens_per_second", "step_time", "loss", "step_time"]
        assert seen == names
        await app.press("m", "m")
        await app.until(lambda: "5e-5" in chart(app).plain)


async def test_a_metric_is_chosen_with_the_mouse(workspace: Workspace, add_job: AddJob) -> None:
    job = advance(workspace, hold(workspace, add_job), 60)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("60 of 750", "Tokens/s")
        tabs = app.app.screen.query_one(MetricTabs)
        place = tabs.plain.index("Tokens/s")
        await app.pilot.click(tabs, offset=(place + 3, 0))
        assert app.top(MonitorScreen).view.metric == "tokens_per_second"
        await app.pilot.click(tabs, offset=(tabs.plain.index("Accuracy") + 3, 0))
        assert app.top(MonitorScreen).view.metric == "tokens_per_second", "it was not logged"


async def test_scales_and_axes_are_told(workspace: Workspace, add_job: AddJob) -> None:
    job = advance(workspace, hold(workspace, add_job), 457)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("linear   all steps   following")
        before = chart(app).plain
        await app.press("L")
        await app.sees("log   all steps")
        assert chart(app).plain != before
        await app.press("X")
        await app.until(lambda: "by epoch" in state(app))
        assert chart(app).plain.splitlines()[-1].split() == ["0", "1", "2", "3"]
        await app.press("X")
        await app.until(lambda: "by time" in state(app))
        await app.press("X", "L", "O")
        await app.until(lambda: "outliers cut" in state(app))
        await app.press("O")
        assert chart(app).plain == before


async def test_a_part_is_read_as_finely_as_it_is_looked_at(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = long_run(workspace, add_job)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("200k", "all steps")
        assert app.heard(DetailRead) == [], "what is held does for all of it"
        screen = app.top(MonitorScreen)
        screen.chart.cursor = 50_001.0
        await app.press(*["plus"] * 8)
        await app.sees("looking back")
        await app.until(lambda: bool(app.heard(DetailRead)))
        detail = screen.detail
        assert detail is not None
        assert detail.size == 1
        assert detail.behind < 50_001 <= detail.until
        await app.sees("step 50,001", "loss 9.000")
        assert any(line.strip().startswith("8┤") for line in chart(app).plain.splitlines())
        await app.press("escape")
        assert chart(app).cursor is None
        await app.press("escape")
        await app.sees("all steps", "following")
        await app.press("escape")
        assert app.top(JobsScreen)


async def test_steps_that_are_logged_again_show_in_a_part_that_is_looked_at(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = long_run(workspace, add_job)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("200k", "all steps")
        app.top(MonitorScreen).chart.cursor = 50_001.0
        await app.press(*["plus"] * 8)
        await app.sees("step 50,001", "loss 9.000")
        again = MetricsBlock(np.array([50_001]), np.array([0.5]), loss=np.array([5.0]))
        workspace.database.write(store_blocks, job.id, [again])
        await app.sees("step 50,001", "loss 5.000")


async def test_a_stretch_is_named_by_its_first_and_last_step(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = long_run(workspace, add_job)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("200k", "all steps")
        for cursor, name in ((2.0, "steps 1 – 64"), (65.0, "steps 65 – 128")):
            app.top(MonitorScreen).chart.cursor = cursor
            await app.press("L")
            await app.until(lambda name=name: name in values(app))  # type: ignore[misc]


async def test_one_follows_the_run_until_one_looks_elsewhere(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = advance(workspace, hold(workspace, add_job), 457)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("457 of 750", "all steps")
        await app.press("plus")
        await app.sees("last 228 steps", "following")
        await app.press("left")
        await app.sees("steps 172 – 400", "looking back")
        before = chart(app).plain
        advance(workspace, job, 600)
        await app.sees("600 of 750")
        assert chart(app).plain == before, "what one looks at stays as it is"
        await app.press("end")
        await app.sees("last 228 steps", "following")
        await app.press("g")
        await app.sees("steps 0 – 228")
        await app.press("shift+right", "shift+right", "shift+right")
        await app.sees("following")
        await app.press("w")
        await app.sees("all steps")
        await app.press("minus")
        await app.sees("all steps")


async def test_the_crosshair_reads_the_values_column_by_column(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = advance(workspace, hold(workspace, add_job), 100)
    async with session(frozen_app(workspace, job_id=job.id), size=(160, 45)) as app:
        await app.sees("100 of 750", "best")
        await app.press("comma")
        await app.until(lambda: values(app).startswith("step 100 "))
        assert "│" in chart(app).plain.splitlines()[0][FRAME_WIDTH:]
        for part in ("loss 1.3", "smoothed", "epoch 0.40", "lr 5e-5", "tok/s 3,540"):
            assert part in values(app)
        await app.press("comma", "comma", "full_stop")
        step = int(values(app).split()[1])
        assert 90 < step < 100
        advance(workspace, job, 110)
        await app.sees("110 of 750")
        assert values(app).startswith(f"step {step} "), "it stays where it was put"
        await app.press("escape")
        assert values(app).startswith("loss ")


async def test_the_mouse_points_pins_and_turns(workspace: Workspace, add_job: AddJob) -> None:
    job = advance(workspace, hold(workspace, add_job), 457)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("457 of 750", "best")
        view = chart(app)
        assert await app.pilot.hover(view, offset=(FRAME_WIDTH + 12, 5))
        await app.until(lambda: values(app).startswith("step "))
        await app.pilot.hover("#side")
        await app.until(lambda: values(app).startswith("loss "))
        await app.pilot.click(view, offset=(FRAME_WIDTH + 12, 5))
        await app.pilot.hover(view, offset=(FRAME_WIDTH + 30, 5))
        await app.pilot.hover("#side")
        pinned = view.cursor
        assert pinned is not None
        assert values(app).startswith(f"step {round(pinned)} ")
        at = (view.region.x + FRAME_WIDTH + 12, view.region.y + 5)
        wheel = (view, *at, 0, 0, 0, False, False, False)
        view.post_message(events.MouseScrollUp(*wheel))
        await app.sees("looking back")
        assert view.column_of(pinned) in (9, 10, 11), "what is zoomed at stays in its place"
        view.post_message(events.MouseScrollDown(*wheel))
        view.post_message(events.MouseScrollDown(*wheel))
        await app.sees("all steps")


async def test_what_is_not_finite_is_a_gap_with_marks(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = advance(workspace, hold(workspace, add_job), 300, bad_from=201)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("300 of 750", "×")
        bottom = chart(app).plain.splitlines()[-3]
        share = bottom.index("×") / len(bottom)
        assert share > 0.4
        await app.press("comma")
        await app.until(lambda: "not finite" in values(app))


@pytest.mark.parametrize("size", [(160, 45), (120, 40), (80, 24), (60, 18), (30, 8), (1, 1)])
async def test_every_look_is_drawn_in_every_size(
    workspace: Workspace, add_job: AddJob, size: tuple[int, int]
) -> None:
    job = advance(workspace, hold(workspace, add_job), 457)
    async with session(frozen_app(workspace, job_id=job.id), size=size) as app:
        screen = app.top(MonitorScreen)
        await app.until(lambda: len(screen.history) > 0)
        keys = ("comma", "plus", "left", "L", "X", "m", "O", "X", "m", "minus", "end", "w", "l")
        for key in keys:
            await app.press(key)
            await app.pilot.pause()
            assert max(map(len, app.text.splitlines())) <= size[0]
            if size[0] >= 60:
                assert screen.chart.plain.strip()


async def test_keys_of_the_chart_rest_while_the_log_is_shown(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = advance(workspace, hold(workspace, add_job), 457, lines=["a line"])
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("457 of 750")
        view = app.top(MonitorScreen).view
        await app.press("l", "m", "L", "plus", "comma")
        assert app.top(MonitorScreen).view == view
        await app.press("escape")
        await app.sees("all steps")
        assert app.top(MonitorScreen).view == view


async def test_a_job_that_is_tried_again_elsewhere_is_followed_again(
    workspace: Workspace, add_job: AddJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vapor_tui.domain.lifecycle import Action, Status
    from vapor_tui.services.jobs import apply_action
    from vapor_tui.ui.screens import monitor

    monkeypatch.setattr(monitor, "ENDED_SECONDS", 0.1)
    job = advance(workspace, hold(workspace, add_job), 60, status=Status.FAILED, reason="no disk")
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("FAILED", "no disk")
        apply_action(workspace, Action.RETRY, job.id)
        await app.sees("QUEUED")
