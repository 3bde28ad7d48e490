"""The list of jobs: what it shows, and what its keys do to what is stored."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from textual.screen import Screen
from textual.widgets import Input

from tests.ui.support import PATIENCE, Session, advance, frozen_app, hold, session, stored, wish
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.lifecycle import Action, Desired, Status
from vapor_tui.services.jobs import apply_action, get_job
from vapor_tui.services.workspace import Workspace
from vapor_tui.ui.app import create_app
from vapor_tui.ui.backend import Backend
from vapor_tui.ui.messages import ActionDone, JobsGlanced, JobsRead, RehearsalReady
from vapor_tui.ui.screens.configure import ConfigureScreen
from vapor_tui.ui.screens.confirm import ConfirmScreen
from vapor_tui.ui.screens.jobs import JobsScreen
from vapor_tui.ui.screens.monitor import MonitorScreen
from vapor_tui.ui.widgets.filter_bar import FilterBar
from vapor_tui.ui.widgets.job_table import JobTable
from vapor_tui.ui.widgets.key_line import KeyLine

AddJob = Callable[..., Job]


def listed(app: Session) -> list[str]:
    """The names of the jobs on the page."""
    return [job.name for job in app.app.home.table.shown.rows]


def current(app: Session) -> str | None:
    job = app.app.home.table.row
    return job.name if job else None


async def test_without_jobs_there_are_choices(workspace: Workspace) -> None:
    async with session(frozen_app(workspace)) as app:
        await app.sees("No jobs yet", "rehearse", "plan a job")
        assert "search" not in app.keys
        await app.press("n")
        await app.until(lambda: isinstance(app.app.screen, ConfigureScreen))


async def test_rehearsing_adds_the_sample_and_watches_its_job(workspace: Workspace) -> None:
    backend = Backend(workspace.database.path, owner=workspace.owner, speed="max")
    async with session(create_app(backend, refresh_seconds=0.05)) as app:
        await app.sees("No jobs yet")
        await app.press("r")
        await app.sees("rehearsal", "COMPLETED", "SIMULATED")
        assert app.heard(RehearsalReady) == ["RehearsalReady"]
        job = stored(workspace, app.top(MonitorScreen).job_id)
        assert (job.name, job.preset_id, job.status) == ("rehearsal", "fast", Status.COMPLETED)
        assert job.dataset_name == "support-chats"
        await app.press("q")
        await app.sees("rehearsal", "completed", "100 %")
        assert app.app.focused is app.app.home.table, "keys work at once"


async def test_a_click_on_a_choice_is_its_key(workspace: Workspace) -> None:
    async with session(frozen_app(workspace)) as app:
        await app.sees("plan a job")
        row = next(y for y, line in enumerate(app.text.splitlines()) if "plan a job" in line)
        await app.pilot.click(offset=(app.text.splitlines()[row].index("plan"), row))
        await app.until(lambda: isinstance(app.app.screen, ConfigureScreen))


async def test_jobs_are_listed_newest_first_with_their_figures(
    workspace: Workspace, add_job: AddJob
) -> None:
    advance(workspace, hold(workspace, add_job), 457)
    add_job(name="second")
    async with session(frozen_app(workspace)) as app:
        await app.sees("▶ running", "◌ queued", "60 %", "41s", "sim", "▁")
        assert listed(app) == ["second", "support-bot"]


async def test_a_row_follows_its_job_and_the_cursor_stays_on_it(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = hold(workspace, add_job)
    async with session(frozen_app(workspace)) as app:
        await app.sees("initializing")
        assert current(app) == "support-bot"
        advance(workspace, job, 75)
        add_job(name="newer")
        await app.sees("10 %", "newer")
        assert current(app) == "support-bot"


async def test_what_does_not_change_is_not_asked_for(workspace: Workspace, add_job: AddJob) -> None:
    add_job()
    async with session(frozen_app(workspace)) as app:
        await app.sees("support-bot", "1 queued")
        before = app.heard(JobsRead)
        await app.pilot.pause(0.4)
        assert app.heard(JobsRead) == before


async def test_pages_are_as_long_as_there_is_room(workspace: Workspace, add_job: AddJob) -> None:
    for number in range(30):
        add_job(name=f"job-{number}")
    async with session(frozen_app(workspace), size=(80, 24)) as app:
        rows = app.app.home.table.room
        await app.sees("job-29", "30 jobs", "page 1 of 2")
        assert len(listed(app)) == rows
        app.app.home.table.cursor = rows - 1
        await app.press("j")
        await app.sees("page 2 of 2")
        assert current(app) == f"job-{29 - rows}"
        await app.press("k")
        await app.sees("page 1 of 2")
        assert current(app) == f"job-{30 - rows}"
        await app.press("G")
        await app.sees("page 2 of 2")
        assert current(app) == "job-0"
        await app.press("g")
        await app.sees("page 1 of 2")
        assert current(app) == "job-29"
        await app.pilot.resize_terminal(80, 50)
        await app.until(lambda: len(listed(app)) == 30)


async def test_searching_and_going_back_to_all(workspace: Workspace, add_job: AddJob) -> None:
    for name in ("support-bot", "legal-summaries", "legal-questions"):
        add_job(name=name)
    async with session(frozen_app(workspace)) as app:
        await app.sees("3 jobs")
        await app.press("slash", *"legal q")
        await app.until(lambda: listed(app) == ["legal-questions"])
        assert stored(workspace, 1).status is Status.QUEUED, "a letter typed is not a key"
        await app.press("enter")
        assert app.app.focused is app.app.home.table
        await app.press("slash", *"zzz", "enter")
        await app.sees("No job matches")
        await app.press("escape")
        await app.until(lambda: len(listed(app)) == 3)
        assert app.app.screen.query_one(Input).value == ""
        await app.until(lambda: app.app.focused is app.app.home.table)


async def test_the_status_filter_offers_what_there_is(
    workspace: Workspace, add_job: AddJob
) -> None:
    add_job(name="waits")
    apply_action(workspace, Action.CANCEL, add_job(name="dropped").id)
    async with session(frozen_app(workspace)) as app:
        await app.until(lambda: app.app.overview is not None and len(listed(app)) == 2)
        seen = []
        for expected in (["waits"], ["dropped"], ["dropped", "waits"]):
            await app.press("f")
            await app.until(lambda expected=expected: listed(app) == expected)
            seen.append(app.app.home.query_one(FilterBar).filters.status)
        assert seen == [Status.QUEUED, Status.CANCELLED, None]
        await app.press("o", "down", "enter")
        await app.until(lambda: listed(app) == ["waits", "dropped"])


async def test_stopping_is_asked_about_and_passed_on(workspace: Workspace, add_job: AddJob) -> None:
    job = advance(workspace, hold(workspace, add_job), 60)
    async with session(frozen_app(workspace)) as app:
        await app.sees("running")
        await app.press("s", "enter")
        assert app.top(JobsScreen)
        await app.press("s", "n")
        assert app.top(JobsScreen)
        assert wish(workspace, job) is Desired.RUN
        await app.press("s")
        await app.sees("Stop #1 support-bot?", "Stop after this epoch")
        await app.press("e")
        await app.until(lambda: wish(workspace, job) is Desired.STOP_AFTER_EPOCH)
        await app.sees("stopping")
        await app.press("s", "y")
        await app.until(lambda: wish(workspace, job) is Desired.STOP)
        assert app.heard(ActionDone) == ["ActionDone", "ActionDone"]


async def test_a_queued_job_is_stopped_paused_and_resumed_at_once(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = add_job()
    async with session(frozen_app(workspace)) as app:
        await app.sees("queued")
        await app.press("p")
        await app.sees("‖ paused")
        assert "resume" in app.keys
        assert "pause" not in app.keys
        await app.press("r")
        await app.sees("◌ queued")
        await app.press("s")
        await app.sees("Stop now")
        assert "after this epoch" not in app.text, "it has no epoch yet"
        await app.press("y")
        await app.sees("⊘ cancelled")
        assert stored(workspace, job.id).status is Status.CANCELLED


async def test_a_failed_job_is_retried(workspace: Workspace, add_job: AddJob) -> None:
    job = advance(workspace, hold(workspace, add_job), 60, status=Status.FAILED, reason="no disk")
    async with session(frozen_app(workspace)) as app:
        await app.sees("✗ failed")
        assert "retry" in app.keys
        await app.press("r")
        await app.sees("◌ queued")
        assert stored(workspace, job.id).retry_count == 1


async def test_only_ended_jobs_are_deleted_and_only_when_confirmed(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = add_job()
    async with session(frozen_app(workspace)) as app:
        await app.sees("queued")
        await app.press("d")
        assert app.top(JobsScreen)
        apply_action(workspace, Action.CANCEL, job.id)
        await app.sees("cancelled", "d delete")
        await app.press("d", "enter")
        assert get_job(workspace, job.id) is not None
        await app.press("d")
        assert app.top(ConfirmScreen)
        await app.press("y")
        await app.sees("No jobs yet")
        assert get_job(workspace, job.id) is None


async def test_a_refusal_is_told(workspace: Workspace, add_job: AddJob) -> None:
    job = add_job()
    async with session(frozen_app(workspace)) as app:
        await app.sees("queued")
        await app.press("s")
        apply_action(workspace, Action.CANCEL, job.id)
        await app.press("y")
        await app.until(lambda: len(app.app._notifications) > 0)
        assert any("is cancelled" in toast.message for toast in app.app._notifications)


@pytest.mark.parametrize("has_worker", [True, False])
async def test_active_jobs_without_a_worker_are_pointed_out(
    workspace: Workspace, add_job: AddJob, has_worker: bool
) -> None:
    if has_worker:
        hold(workspace, add_job)
    else:
        add_job()
    async with session(frozen_app(workspace)) as app:
        await app.until(lambda: app.app.overview is not None and bool(listed(app)))
        assert ("1 active job has no worker" in app.text) is not has_worker


async def test_jobs_that_wait_for_another_engine_or_a_busy_worker_are_pointed_out(
    workspace: Workspace, add_job: AddJob
) -> None:
    def change(statement: str) -> None:
        workspace.database.write(lambda connection: connection.exec_driver_sql(statement))

    hold(workspace, add_job)
    waits = add_job()
    change("UPDATE workers SET is_separate = 1")
    change(f"UPDATE training_jobs SET queued_at = '2026-01-01' WHERE id = {waits.id}")
    async with session(frozen_app(workspace)) as app:
        await app.sees("The queue waits for the separate worker, which has 1 running")
        change(f"UPDATE training_jobs SET engine = 'hf' WHERE id = {waits.id}")
        await app.sees("1 queued job has an engine that this version doesn't run")


async def test_the_mouse_chooses_and_opens(workspace: Workspace, add_job: AddJob) -> None:
    for name in ("first", "second", "third"):
        add_job(name=name)
    async with session(frozen_app(workspace)) as app:
        await app.sees("third")
        await app.pilot.click(JobTable, offset=(10, 3))
        assert current(app) == "first"
        await app.pilot.click(JobTable, offset=(10, 3), times=2)
        await app.until(lambda: isinstance(app.app.screen, MonitorScreen))
        assert app.top(MonitorScreen).job_id == 1


async def test_the_keys_at_the_bottom_can_be_clicked(workspace: Workspace, add_job: AddJob) -> None:
    add_job()
    async with session(frozen_app(workspace)) as app:
        await app.sees("stop…")
        await app.pilot.click(offset=(app.keys.index("stop"), 39))
        assert app.top(ConfirmScreen)


async def test_cloning_fills_the_configuration(workspace: Workspace, add_job: AddJob) -> None:
    add_job(name="original")
    async with session(frozen_app(workspace)) as app:
        await app.sees("original")
        await app.press("y")
        await app.until(lambda: isinstance(app.app.screen, ConfigureScreen))


@pytest.fixture
def opening(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """The database is not opened before this is set."""
    go_on, whole = threading.Event(), Backend._open

    def slow(backend: Backend) -> Workspace:
        go_on.wait(PATIENCE)
        return whole(backend)

    monkeypatch.setattr(Backend, "_open", slow)
    return go_on


async def test_the_keys_are_there_with_the_first_frame(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[list[str]] = []
    whole = KeyLine._take_keys

    def noted(line: KeyLine, screen: Screen[object]) -> None:
        whole(line, screen)
        taken.append([key.description for key in line.keys])

    monkeypatch.setattr(KeyLine, "_take_keys", noted)
    async with session(frozen_app(workspace)):
        assert "quit" in taken[0]


async def test_a_job_can_be_cloned_before_the_database_is_open(
    workspace: Workspace, add_job: AddJob, opening: threading.Event
) -> None:
    job = add_job(name="original", epochs=7)
    async with session(frozen_app(workspace), until_open=False) as app:
        await app.sees("original")
        await app.press("y")
        opening.set()
        await app.until(lambda: isinstance(app.app.screen, ConfigureScreen))
        await app.sees("original-2", str(job.total_epochs))


async def test_the_list_is_there_before_the_database_is_open(
    workspace: Workspace, add_job: AddJob, opening: threading.Event
) -> None:
    first, second = add_job(), add_job()
    async with session(frozen_app(workspace), until_open=False) as app:
        await app.sees(f"{first.id}", f"{second.id}", "2 jobs")
        assert app.heard(JobsGlanced, JobsRead) == ["JobsGlanced"]
        await app.press("j", "space", "enter")
        await app.sees("1 marked")
        assert isinstance(app.app.screen, JobsScreen)
        opening.set()
        await app.until(lambda: isinstance(app.app.screen, MonitorScreen))
        assert app.top(MonitorScreen).job_id == first.id
