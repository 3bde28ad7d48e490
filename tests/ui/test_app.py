"""The app as a whole: opening, trouble, sizes, signals, keys."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.dom import DOMNode

from tests.conftest import count_unread
from tests.ui.support import advance, frozen_app, hold, session, stored
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.lifecycle import Status
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage.errors import StorageBusyError
from vapor_tui.ui.app import VaporApp, create_app
from vapor_tui.ui.backend import Backend
from vapor_tui.ui.messages import BackendFailed, BackendOpened
from vapor_tui.ui.screens.confirm import ConfirmScreen
from vapor_tui.ui.screens.help import HelpScreen
from vapor_tui.ui.screens.jobs import JobsScreen
from vapor_tui.ui.screens.monitor import MonitorScreen
from vapor_tui.ui.widgets.job_table import JobTable
from vapor_tui.ui.widgets.log_panel import LogPanel

AddJob = Callable[..., Job]


def test_the_first_frame_needs_textual_only() -> None:
    heavy = ("numpy", "sqlmodel", "sqlalchemy", "pydantic", "plotext", "typer", "alembic")
    code = (
        f"import sys, vapor_tui.ui.app\nprint([name for name in {heavy!r} if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


async def test_a_database_that_cannot_be_opened_is_told_and_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "test.db"
    path.write_text("this is no database")
    async with session(create_app(Backend(path, owner="ada", runs_worker=False))) as app:
        await app.sees("cannot be opened", "an SQLite database", "try again")
        assert path.read_text() == "this is no database"
        path.unlink()
        await app.press("r")
        await app.sees("No jobs yet")
        assert app.heard(BackendFailed, BackendOpened) == ["BackendFailed", "BackendOpened"]


async def test_a_mistake_in_ones_own_gpus_is_not_taken_for_one_of_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    gpus = tmp_path / "vapor-tui" / "gpus.toml"
    gpus.parent.mkdir()
    gpus.write_text("[[gpu]\n")
    backend = Backend(tmp_path / "test.db", owner="ada", runs_worker=False)
    async with session(create_app(backend), size=(120, 40)) as app:
        await app.sees("Your own GPUs, models or presets cannot be read", "gpus.toml", "try again")
        assert "database" not in app.text
        gpus.unlink()
        await app.press("r")
        await app.sees("No jobs yet")


async def test_a_store_in_trouble_shows_a_banner_until_it_works_again(
    workspace: Workspace, add_job: AddJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_job()
    app = frozen_app(workspace)
    async with session(app) as running:
        await running.sees("support-bot")

        async def fail(*_args: object, **_options: object) -> None:
            raise StorageBusyError("The database is locked\x1b[31m by another program")

        with monkeypatch.context() as broken:
            broken.setattr(Backend, "ask", fail)
            await running.sees("! The database is locked", "support-bot")
            assert "\x1b" not in running.text
        await running.until(lambda: "locked" not in running.text)


@pytest.mark.parametrize("size", [(1, 1), (59, 40), (120, 17)])
async def test_a_terminal_that_is_too_small_says_so(
    workspace: Workspace, add_job: AddJob, size: tuple[int, int]
) -> None:
    job = advance(workspace, hold(workspace, add_job), 60)
    async with session(frozen_app(workspace)) as app:
        for keys in ((), ("enter",), ("s",)):
            await app.press(*keys)
            await app.pilot.pause()
            await app.pilot.resize_terminal(*size)
            await app.pilot.pause()
            if size[0] > 30:
                await app.sees(f"this terminal is {size[0]} x {size[1]}", "needs 60 x 18")
                assert "support-bot" not in app.text
            await app.pilot.resize_terminal(60, 18)
            await app.sees("support-bot")
    assert stored(workspace, job.id).status is Status.RUNNING


async def test_every_size_from_tiny_to_huge_is_drawn(workspace: Workspace, add_job: AddJob) -> None:
    advance(workspace, hold(workspace, add_job), 300, lines=["epoch 2 of 3"])
    async with session(frozen_app(workspace, job_id=1)) as app:
        await app.sees("300 of 750")
        for width, height in zip(
            (250, 160, 160, 121, 119, 119, 80, 80, 60, 60, 250, 59, 1),
            (80, 45, 18, 36, 35, 24, 24, 18, 18, 80, 18, 17, 1),
            strict=True,
        ):
            await app.pilot.resize_terminal(width, height)
        await app.pilot.resize_terminal(120, 40)
        await app.sees("300 of 750")


async def test_news_of_any_process_pop_up(workspace: Workspace, add_job: AddJob) -> None:
    job = hold(workspace, add_job)
    async with session(frozen_app(workspace)) as app:
        await app.until(lambda: app.app.overview is not None)
        advance(workspace, job, 33, status=Status.FAILED, reason="loss [/] is NaN \x1b[2J")
        await app.until(lambda: len(app.app._notifications) == 1)
        toast = next(iter(app.app._notifications))
        assert toast.title == "#1 Training failed"
        assert "loss [/] is NaN" in toast.message
        assert toast.severity == "error"
        await app.sees(f"{count_unread(workspace)} new")


async def test_what_was_told_before_the_start_does_not_pop_up(
    workspace: Workspace, add_job: AddJob
) -> None:
    add_job()
    async with session(frozen_app(workspace)) as app:
        await app.sees("1 new")
        assert len(app.app._notifications) == 0


async def test_the_header_counts_and_tells_the_time(workspace: Workspace, add_job: AddJob) -> None:
    hold(workspace, add_job)
    add_job(name="waiting")
    async with session(frozen_app(workspace)) as app:
        await app.sees("1 running", "1 queued", "12:00")


async def test_help_lists_the_keys_that_apply(workspace: Workspace, add_job: AddJob) -> None:
    add_job()
    async with session(frozen_app(workspace)) as app:
        await app.sees("support-bot")
        await app.press("question_mark")
        assert app.top(HelpScreen)
        await app.sees("Watch this job", "Pause this job", "Search the jobs", "↓  j")
        assert "Delete" not in app.text
        await app.press("q")
        assert app.top(JobsScreen)


async def test_the_palette_does_what_the_keys_do(workspace: Workspace, add_job: AddJob) -> None:
    job = add_job()
    async with session(frozen_app(workspace)) as app:
        await app.sees("support-bot")
        await app.press("ctrl+p", *"pause")
        await app.sees("Pause  (p)")
        await app.pilot.pause(0.3)
        await app.press("enter")
        await app.until(lambda: stored(workspace, job.id).status is Status.PAUSED)


async def test_the_palette_finds_a_job_by_its_number(workspace: Workspace, add_job: AddJob) -> None:
    for name in ("first", "[/] [red]second", "third"):
        add_job(name=name)
    async with session(frozen_app(workspace)) as app:
        await app.sees("third")
        await app.press("ctrl+p", "2")
        await app.sees("#2 [/] [red]second")
        await app.press("down", "enter")
        await app.until(lambda: isinstance(app.app.screen, MonitorScreen))
        assert app.top(MonitorScreen).job_id == 2


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="a signal of POSIX")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_the_app_and_hands_its_jobs_back(
    workspace: Workspace, add_job: AddJob, number: signal.Signals
) -> None:
    job = add_job(speed="1")
    app = create_app(Backend(workspace.database.path, owner=workspace.owner))
    async with session(app) as running:
        await running.until(lambda: stored(workspace, job.id).status is Status.INITIALIZING)
        os.kill(os.getpid(), number)
        async with asyncio.timeout(2):
            while app.is_running:
                await asyncio.sleep(0.01)
    assert app.return_code == 128 + number
    assert stored(workspace, job.id).status is Status.QUEUED


async def test_leaving_hands_jobs_back(workspace: Workspace, add_job: AddJob) -> None:
    job = add_job(speed="1")
    app = create_app(Backend(workspace.database.path, owner=workspace.owner))
    async with session(app) as running:
        await running.until(lambda: stored(workspace, job.id).status is Status.INITIALIZING)
        await running.press("q")
    assert app.return_code == 0
    assert stored(workspace, job.id).status is Status.QUEUED


@pytest.mark.parametrize(
    "kind",
    [VaporApp, JobsScreen, MonitorScreen, ConfirmScreen, HelpScreen, JobTable, LogPanel],
)
def test_every_key_can_be_remapped_and_explains_itself(kind: type[DOMNode]) -> None:
    ours = [base for base in kind.__mro__ if base.__module__.startswith("vapor_tui")]
    bindings = [b for base in ours for b in base.__dict__.get("BINDINGS", ())]
    assert bindings
    for binding in bindings:
        assert isinstance(binding, Binding)
        assert binding.id, binding
        assert binding.tooltip, binding


async def test_the_other_theme_and_those_of_textual_work(
    workspace: Workspace, add_job: AddJob
) -> None:
    advance(workspace, hold(workspace, add_job), 60)
    async with session(frozen_app(workspace, job_id=1)) as app:
        await app.sees("60 of 750")
        # Textual has called its theme of the terminal's own colours by two names.
        [ansi, *_] = {"ansi-light", "textual-ansi"} & set(app.app.available_themes)
        for theme in ("vapor-light", "textual-light", ansi, "vapor-dark"):
            app.app.theme = theme
            await app.sees("60 of 750")
