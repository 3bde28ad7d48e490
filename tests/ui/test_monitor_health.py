"""What a monitor says of a run's health, its end, and its time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection, update

from tests.conftest import AddJob
from tests.ui.support import NOON, advance, frozen_app, hold, session, stored
from vapor_tui.domain.forecast import Silence
from vapor_tui.domain.health.findings import Finding, HealthChange, HealthKind
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.lifecycle import Action, Status
from vapor_tui.services.health import job_health
from vapor_tui.services.jobs import apply_action
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage.health import store_health
from vapor_tui.storage.jobs import JOBS
from vapor_tui.ui.messages import ForecastMade
from vapor_tui.ui.screens.monitor import MonitorScreen
from vapor_tui.ui.widgets.lines import LinesView

SPIKE = HealthChange(Finding(HealthKind.SPIKE, 200, "The loss has jumped from 0.968 to 1.797"))
BACK = HealthChange(Finding(HealthKind.SPIKE, 230, "The loss is back at 0.970"), is_over=True)
STALLED = HealthChange(Finding(HealthKind.STALLED, 457, "No step for 9m after step 457"))


def note(workspace: Workspace, job: Job, *changes: HealthChange) -> None:
    workspace.database.write(store_health, job, changes, who="worker 1", fence=job.fence)


async def test_a_finding_is_shown_with_advice_and_a_mark_until_it_is_over(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = advance(workspace, hold(workspace, add_job), 457)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("nothing unusual")
        assert "!" not in app.top(MonitorScreen).chart.plain
        note(workspace, job, SPIKE)
        await app.sees("! step 200: The loss has jumped", "Wait whether it comes back")
        await app.until(lambda: "!" in app.top(MonitorScreen).chart.plain)
        note(workspace, job, BACK)
        await app.sees("nothing unusual", "step 230: The loss is back at 0.970")
        assert "!" in app.top(MonitorScreen).chart.plain, "the mark stays"
        assert "Wait whether" not in app.app.screen.query_one("#side", LinesView).plain


async def test_the_gravest_comes_first_and_is_the_one_in_a_narrow_terminal(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = advance(workspace, hold(workspace, add_job), 457)
    note(workspace, job, SPIKE, STALLED)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("✗ step 457", "! step 200")
        assert app.text.index("✗ step 457") < app.text.index("! step 200")
    for size in ((80, 24), (60, 18)):
        async with session(frozen_app(workspace, job_id=job.id), size=size) as app:
            await app.sees("✗ stalled")


async def test_nothing_stands_still_that_nobody_works_on(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = advance(workspace, hold(workspace, add_job), 457)
    note(workspace, job, STALLED)
    advance(workspace, job, 460, status=Status.QUEUED)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("QUEUED")
        assert "No step for" not in app.text


async def test_the_end_is_forecast_while_the_job_goes_on(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = advance(workspace, hold(workspace, add_job), 10)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("forecast later: it needs 20 logged points")
        assert app.heard(ForecastMade)
    job = advance(workspace, job, 457)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("forecast at end 0.", "80 % band")
    advance(workspace, job, 750, status=Status.COMPLETED)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("COMPLETED")
        assert "forecast" not in app.text


async def test_nothing_is_forecast_of_a_run_that_is_to_stop_before_its_end(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = advance(workspace, hold(workspace, add_job), 457)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("forecast at end 0.")
        apply_action(workspace, Action.CANCEL_AFTER_EPOCH, job.id)
        await app.sees("STOPPING AFTER THIS EPOCH")
        assert "forecast" not in app.text
    why_not = Silence("the run is to stop after this epoch")
    assert job_health(workspace, stored(workspace, job.id)).forecast == why_not


@pytest.mark.parametrize(
    ("ahead", "shown"),
    [
        (timedelta(seconds=41), "41s    → 12:00"),
        (timedelta(hours=1, minutes=5), "1h 5m  → 13:05"),
        (timedelta(days=2), "48h    → Sun 12:00"),
        (timedelta(days=9), "9d     → 11 Jan 12:00"),
        (timedelta(seconds=-60), "overdue"),
    ],
)
async def test_the_expected_end_is_told_with_its_day(
    workspace: Workspace, add_job: AddJob, ahead: timedelta, shown: str
) -> None:
    job = advance(workspace, hold(workspace, add_job), 457)

    def expect(connection: Connection) -> None:
        values = {"estimated_completion_at": NOON + ahead}
        connection.execute(update(JOBS).where(JOBS.c.id == job.id).values(values))

    workspace.database.write(expect)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("457 of 750")
        assert shown.replace("48h ", "2d  ") in app.text or shown in app.text


async def test_a_simulated_job_tells_both_times_elapsed(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = advance(workspace, hold(workspace, add_job), 457)
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("elapsed", "(simulated 18m)")
