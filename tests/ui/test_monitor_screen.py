"""The monitor: what it follows, when it stops asking, and what its keys do."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.ui.support import advance, frozen_app, hold, session, stored, wish
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.lifecycle import Action, Desired, Status
from vapor_tui.services.jobs import apply_action, get_job
from vapor_tui.services.workspace import Workspace
from vapor_tui.ui.chart_view import SMOOTHING_STEPS
from vapor_tui.ui.messages import ActionDone, NewsRead
from vapor_tui.ui.screens.jobs import JobsScreen
from vapor_tui.ui.screens.monitor import MonitorScreen
from vapor_tui.ui.widgets.lines import LinesView
from vapor_tui.ui.widgets.log_panel import LogPanel

AddJob = Callable[..., Job]


async def test_a_number_that_no_job_has_is_named_and_the_list_follows(
    workspace: Workspace, add_job: AddJob
) -> None:
    add_job()
    async with session(frozen_app(workspace, job_id=7)) as app:
        await app.sees("There is no job 7", "support-bot")
        assert app.top(JobsScreen)


async def test_the_list_lies_beneath_a_monitor_opened_at_the_start(
    workspace: Workspace, add_job: AddJob
) -> None:
    add_job()
    async with session(frozen_app(workspace, job_id=1)) as app:
        await app.sees("#1 support-bot", "QUEUED")
        await app.press("q")
        await app.sees("1 job")
        assert app.top(JobsScreen)


async def test_it_follows_a_run(workspace: Workspace, add_job: AddJob) -> None:
    job = hold(workspace, add_job)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("INITIALIZING", "Waiting for the first step")
        advance(workspace, job, 60, lines=["epoch 1 of 3: training"])
        await app.sees("60 of 750", "training, epoch 1 of 3", "epoch 1 of 3: training", "3,540")
        advance(workspace, job, 300, lines=["epoch 2 of 3: training"])
        await app.sees("300 of 750", "◆", "eval", "epoch 2 of 3: training")
        history = app.top(MonitorScreen).history
        assert history.points.step.tolist() == list(range(1, 301)), "no point twice, none lost"


async def test_the_speed_is_that_of_now(workspace: Workspace, add_job: AddJob) -> None:
    job = advance(workspace, hold(workspace, add_job), 60)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("60 of 750", "-/s")
        advance(workspace, job, 70)
        await app.sees("70 of 750")
        assert re.search(r"\d/s +3,540 tok/s", app.text)
        advance(workspace, job, 71, status=Status.PAUSED)
        await app.sees("71 of 750", "-/s")
        assert "tok/s" not in app.text


async def test_a_speed_is_not_shown_for_long_when_no_step_comes(
    workspace: Workspace, add_job: AddJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vapor_tui.domain.eta.LEAST_QUIET_SECONDS", 0.3)
    monkeypatch.setattr("vapor_tui.domain.eta.QUIET_INTERVALS", 0)
    job = advance(workspace, hold(workspace, add_job), 60)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("60 of 750")
        advance(workspace, job, 70)
        await app.sees("70 of 750")
        assert "3,540 tok/s" in app.text
        await asyncio.sleep(0.3)
        app.app.second += timedelta(seconds=1)
        await app.sees("-/s")
        assert "tok/s" not in app.text


async def test_no_line_of_the_log_is_shown_twice(workspace: Workspace, add_job: AddJob) -> None:
    job = advance(workspace, hold(workspace, add_job), 60, lines=["the first line"])
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("the first line")
        screen = app.top(MonitorScreen)
        for number in range(5):
            advance(workspace, job, 61 + number, lines=[f"line {number}"])
            for _ in range(3):
                screen.on_screen_resume()  # asks, as the timer does at the same time
                await app.pilot.pause()
        await app.sees("line 4")
        lines = ["".join(text for text, _ in line) for line in screen.query_one(LogPanel).lines]
        assert [line.split("  ")[1] for line in lines] == [
            "the first line",
            *(f"line {number}" for number in range(5)),
        ]


async def test_an_evaluation_that_completes_the_last_row_is_seen(
    workspace: Workspace, add_job: AddJob
) -> None:
    import numpy as np

    from vapor_tui.domain.metrics import MetricsBlock
    from vapor_tui.storage.metrics import store_blocks

    job = hold(workspace, add_job)
    advance(workspace, job, 250)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("250 of 750", "after the first epoch")
        late = MetricsBlock(np.array([250]), np.array([1.0]), eval_loss=np.array([0.765]))
        workspace.database.write(store_blocks, job.id, [late])
        await app.sees("eval 0.765")


async def test_it_asks_seldom_when_the_job_has_ended(workspace: Workspace, add_job: AddJob) -> None:
    job = advance(workspace, hold(workspace, add_job), 750, status=Status.COMPLETED)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("COMPLETED", "100 %", "final", "took")
        asked = len(app.heard(NewsRead))
        add_job(name="another")
        await app.sees("1 queued")
        assert len(app.heard(NewsRead)) == asked


async def test_it_stops_asking_when_it_is_left(workspace: Workspace, add_job: AddJob) -> None:
    job = advance(workspace, hold(workspace, add_job), 60)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("60 of 750")
        await app.press("q")
        asked = len(app.heard(NewsRead))
        advance(workspace, job, 150)
        await app.sees("20 %")
        assert len(app.heard(NewsRead)) == asked


async def test_the_list_is_not_read_while_it_is_hidden(
    workspace: Workspace, add_job: AddJob
) -> None:
    from vapor_tui.ui.messages import JobsRead

    job = advance(workspace, hold(workspace, add_job), 60)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("60 of 750")
        listed = len(app.heard(JobsRead))
        advance(workspace, job, 150)
        await app.sees("150 of 750")
        assert len(app.heard(JobsRead)) == listed
        await app.press("q")
        await app.sees("20 %")


async def test_a_failure_shows_why(workspace: Workspace, add_job: AddJob) -> None:
    job = advance(
        workspace,
        hold(workspace, add_job),
        60,
        status=Status.FAILED,
        reason="loss became [nan] \x1b[2J at step 41",
        bad_from=41,
    )
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("FAILED", "loss became [nan]", "not a number at step 41", "NaN")
        assert "\x1b" not in app.text
        assert "retry" in app.keys
    async with session(frozen_app(workspace, job_id=job.id), size=(80, 24)) as app:
        await app.sees("FAILED", "loss became [nan]", "NaN")


@pytest.mark.parametrize(
    ("key", "desired"), [("p", Desired.PAUSE), ("s", Desired.STOP), ("e", Desired.STOP_AFTER_EPOCH)]
)
async def test_wishes_reach_the_worker(
    workspace: Workspace, add_job: AddJob, key: str, desired: Desired
) -> None:
    job = advance(workspace, hold(workspace, add_job), 60)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("60 of 750")
        await app.press(*{"p": "p", "s": "sy", "e": "se"}[key])
        await app.until(lambda: wish(workspace, job) is desired)
        await app.sees("PAUSING" if key == "p" else "STOPPING")
        assert app.heard(ActionDone) == ["ActionDone"]
        assert ("p pause" in app.keys) is False


async def test_a_retried_job_is_followed_again(workspace: Workspace, add_job: AddJob) -> None:
    job = advance(workspace, hold(workspace, add_job), 60, status=Status.FAILED, reason="no disk")
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("FAILED", "no disk")
        await app.press("r")
        await app.sees("QUEUED")
        assert stored(workspace, job.id).retry_count == 1
        apply_action(workspace, Action.PAUSE, job.id)
        await app.sees("PAUSED")
        await app.press("r")
        await app.sees("QUEUED")


async def test_deleting_leads_back_to_the_list(workspace: Workspace, add_job: AddJob) -> None:
    job = add_job()
    apply_action(workspace, Action.CANCEL, job.id)
    add_job(name="another")
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("CANCELLED", "No step was logged")
        await app.press("d", "y")
        await app.until(lambda: isinstance(app.app.screen, JobsScreen))
        await app.sees("another", "1 job")
        assert get_job(workspace, job.id) is None


async def test_a_job_deleted_elsewhere_closes_its_monitor(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = add_job()
    add_job(name="another")
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("QUEUED")
        apply_action(workspace, Action.CANCEL, job.id)
        apply_action(workspace, Action.DELETE, job.id)
        await app.sees("another", f"There is no job {job.id}")


async def test_smoothing_is_turned_in_steps(workspace: Workspace, add_job: AddJob) -> None:
    job = advance(workspace, hold(workspace, add_job), 60)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("smooth 0.60")
        before = app.top(MonitorScreen).chart.plain
        await app.press(*["right_square_bracket"] * 5)
        await app.sees(f"smooth {SMOOTHING_STEPS[-1]:.2f}")
        assert app.top(MonitorScreen).chart.plain != before
        await app.press(*["left_square_bracket"] * 7)
        await app.sees("not smoothed")


async def test_the_window_shows_the_last_steps_or_all(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = advance(workspace, hold(workspace, add_job), 457)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("all steps", "600")
        await app.press("w")
        await app.sees("last 200 steps", "400")
        assert " 0 " not in app.top(MonitorScreen).chart.plain.splitlines()[-1]
        await app.press("w")
        await app.sees("all steps")


async def test_the_log_takes_the_place_of_the_chart(workspace: Workspace, add_job: AddJob) -> None:
    job = advance(
        workspace, hold(workspace, add_job), 60, lines=[f"line {n} \x1b[31m" for n in range(200)]
    )
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("line 199")
        await app.press("l")
        await app.sees("line 180")
        assert app.app.focused is app.app.screen.query_one(LogPanel)
        await app.press("g")
        await app.sees("line 0 ")
        advance(workspace, job, 75, lines=["a newer line"])
        await app.sees("10 %")
        assert "a newer line" not in app.text, "looking elsewhere, it does not jump"
        await app.press("G")
        await app.sees("a newer line")
        advance(workspace, job, 90, lines=["the newest line"])
        await app.sees("the newest line")
        assert "\x1b" not in app.text
        await app.press("l")
        await app.sees("smooth 0.60")


async def test_a_chart_that_stays_the_same_is_not_drawn_again(
    workspace: Workspace, add_job: AddJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = advance(workspace, hold(workspace, add_job), 60)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("60 of 750")
        await app.pilot.pause(0.2)
        drawn: list[LinesView] = []
        refresh = LinesView.refresh

        def note(view: LinesView, *regions: object, **options: object) -> LinesView:
            drawn.append(view)
            return refresh(view, *regions, **options)

        monkeypatch.setattr(LinesView, "refresh", note)
        await app.pilot.pause(0.3)
        assert drawn == []


@pytest.mark.parametrize("size", [(160, 45), (120, 40), (120, 20), (80, 24), (60, 18)])
async def test_the_essentials_are_there_in_every_size(
    workspace: Workspace, add_job: AddJob, size: tuple[int, int]
) -> None:
    job = advance(workspace, hold(workspace, add_job, budget=10), 457)
    async with session(frozen_app(workspace, job_id=job.id), size=size) as app:
        await app.sees("support-bot", "RUNNING", "SIMULATED", "60 %", "41s", "sim", "q back", "750")
        assert max(len(line) for line in app.text.splitlines()) <= size[0]
        assert "⠒" in app.text or "⠉" in app.text or "⠤" in app.text


async def test_a_small_terminal_shows_details_in_place_of_the_chart(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = advance(workspace, hold(workspace, add_job, budget=10), 457)
    async with session(frozen_app(workspace, job_id=job.id), size=(80, 24)) as app:
        await app.sees("457", "tab details", "smooth 0.60")
        assert "nothing unusual" not in app.text
        await app.press("tab")
        await app.sees("nothing unusual", "at end", "learning_rate")
        assert "smooth" not in app.text
        await app.press("m", "escape")
        await app.sees("smooth 0.60")
        await app.press("tab", "l", "l")
        await app.sees("smooth 0.60")
        await app.press("tab")
        await app.sees("nothing unusual")
        await app.pilot.resize_terminal(120, 40)
        await app.sees("nothing unusual", "smooth 0.60")
        assert "tab details" not in app.keys


async def test_the_values_below_the_chart_are_those_of_its_metric(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = advance(workspace, hold(workspace, add_job), 60)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("loss ", "smoothed")
        await app.press("m")
        await app.sees("not smoothed", "lr 5e-5   lowest 5e-5   highest 5e-5")
        await app.press("m")
        await app.sees("tok/s 3,540   smoothed 3,540   lowest 3,540   highest 3,540")
        await app.press("m")
        await app.sees("s/step ")
