"""The screen of runs that were started elsewhere, and what the others show of them."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, update

from tests import logged_runs as logs
from tests.ui.support import NOON, Session, frozen_app, session, stored
from vapor_tui.domain.jobs import Placement
from vapor_tui.domain.lifecycle import Status
from vapor_tui.domain.results import Ok, Refused
from vapor_tui.domain.sources import LogFormat, SourceState
from vapor_tui.services.attach import attach_run
from vapor_tui.services.jobs import get_job
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage.jobs import JOBS
from vapor_tui.ui.app import VaporApp, create_app
from vapor_tui.ui.backend import Backend
from vapor_tui.ui.messages import RunAttached, RunsFound
from vapor_tui.ui.screens.attach import AttachScreen
from vapor_tui.ui.screens.confirm import ConfirmScreen
from vapor_tui.ui.screens.jobs import JobsScreen
from vapor_tui.ui.screens.monitor import MonitorScreen
from vapor_tui.ui.screens.pick_other import _row as choice_of
from vapor_tui.ui.widgets.pick_list import PickList
from vapor_tui.ui.widgets.plain_input import PlainInput

ENTRIES = logs.history(range(10, 210, 10))


def put(path: Path, content: str | bytes, before_noon: float) -> Path:
    """Write a log that was last written to so many seconds before noon of the tests."""
    logs.written(path, content)
    moment = (NOON - timedelta(seconds=before_noon)).timestamp()
    os.utime(path, (moment, moment))
    return path


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with two runs, of which one is live."""
    here = tmp_path / "project"
    put(here / "out" / "llama" / "trainer_log.jsonl", logs.trainer_log([10, 20, 30]), 12)
    put(here / "old" / "trainer_state.json", logs.trainer_state(ENTRIES), 7200)
    return here


def working_app(workspace: Workspace, place: Path) -> VaporApp:
    """Return the app with a worker, so that runs are read; what is live is written to now."""
    for file in place.rglob("*"):
        if file.is_file() and file.name != "trainer_state.json":
            os.utime(file)
    backend = Backend(workspace.database.path, owner=workspace.owner)
    return create_app(backend, refresh_seconds=0.05, directory=place)


async def opened(app: Session) -> AttachScreen:
    await app.sees("attach")
    await app.press("a")
    await app.until(lambda: isinstance(app.app.screen, AttachScreen))
    return app.top(AttachScreen)


async def test_runs_that_lie_here_are_listed_live_ones_first(
    workspace: Workspace, place: Path
) -> None:
    async with session(frozen_app(workspace, directory=place)) as app:
        await opened(app)
        await app.sees("2 runs below", "1 live", "out/llama", "▶ live", "12s ago")
        await app.sees("old", "quiet", "2h ago", "trainer_state.json")
        text = app.text
        assert text.index("out/llama") < text.index("old ")
        assert app.heard(RunsFound)  # the list below may have looked too


async def test_enter_watches_the_run_under_the_cursor(workspace: Workspace, place: Path) -> None:
    async with session(working_app(workspace, place)) as app:
        await opened(app)
        await app.sees("out/llama")
        await app.press("enter")
        await app.until(lambda: isinstance(app.app.screen, MonitorScreen))
        await app.sees("ATTACHED", "trainer_log.jsonl, written ", "30 of 300")
        assert app.heard(RunAttached) == ["RunAttached"]
        job = stored(workspace, app.top(MonitorScreen).job_id)
        assert (job.name, job.placement) == ("llama", Placement.ATTACHED)
        assert "Cost" not in app.text
        await app.press("q")
        await app.sees("llama", "10 %")
        assert isinstance(app.app.screen, JobsScreen)


async def test_a_path_is_typed_completed_and_watched(
    workspace: Workspace, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    async with session(working_app(workspace, place)) as app:
        screen = await opened(app)
        await app.press(*"out")
        await app.sees("Paths", "out/")
        await app.press("tab")
        await app.until(lambda: screen.typed == "out/")
        await app.sees("llama/")
        await app.press("down", "tab", "down", "enter")
        await app.until(lambda: isinstance(app.app.screen, MonitorScreen))
        job = stored(workspace, app.top(MonitorScreen).job_id)
        assert job.source == str(place / "out" / "llama" / "trainer_log.jsonl")


async def test_what_cannot_be_watched_is_a_sentence(workspace: Workspace, place: Path) -> None:
    put(place / "people.csv", "name,age\nada,36\n", 5)
    async with session(frozen_app(workspace, directory=place)) as app:
        screen = await opened(app)
        screen.query_one(PlainInput).value = str(place / "people.csv")
        await app.press("enter")
        await app.until(lambda: "text without steps and losses" in " ".join(app.text.split()))
        screen.query_one(PlainInput).value = ""
        await app.sees("out/llama")
        await app.press("escape")
        await app.until(lambda: isinstance(app.app.screen, JobsScreen))
        assert get_job(workspace, 1) is None


async def test_fast_typing_comes_before_enter(workspace: Workspace, place: Path) -> None:
    async with session(frozen_app(workspace, directory=place)) as app:
        await opened(app)
        await app.press(*"/no/such.log", "enter")
        await app.sees("There is no file or folder /no/such.log")


async def test_escape_clears_the_path_first(workspace: Workspace, place: Path) -> None:
    async with session(frozen_app(workspace, directory=place)) as app:
        screen = await opened(app)
        await app.press("x", "escape")
        await app.until(lambda: screen.typed == "")
        await app.sees("2 runs below")
        await app.press("escape")
        await app.until(lambda: isinstance(app.app.screen, JobsScreen))


async def test_the_run_under_the_cursor_stays_when_runs_are_looked_for_again(
    workspace: Workspace, place: Path
) -> None:
    async with session(frozen_app(workspace, directory=place)) as app:
        screen = await opened(app)
        await app.sees("old")
        await app.press("down")
        put(place / "new" / "m.csv", logs.csv_table(ENTRIES), 1)
        screen._look()
        await app.sees("3 runs below")
        entries = screen.query_one(PickList)
        assert entries.highlighted is not None
        assert str(entries.get_option_at_index(entries.highlighted).id).endswith("old")


async def test_home_says_quietly_that_there_are_runs(workspace: Workspace, place: Path) -> None:
    async with session(frozen_app(workspace, directory=place)) as app:
        await app.sees("2 runs were found in this folder, 1 of them live: a watches one")


async def test_home_looks_nowhere_unasked(workspace: Workspace) -> None:
    async with session(frozen_app(workspace)) as app:
        await app.sees("attach to a run")
        assert app.heard(RunsFound) == []


async def test_runs_that_are_watched_are_named_by_their_job(
    workspace: Workspace, place: Path
) -> None:
    assert isinstance(attach_run(workspace, place / "out" / "llama"), Ok)
    async with session(frozen_app(workspace, directory=place)) as app:
        await app.sees("1 run was found in this folder: a watches one")
        await opened(app)
        await app.sees("job #1")


async def test_stopping_says_that_only_watching_ends(workspace: Workspace, place: Path) -> None:
    async with session(working_app(workspace, place)) as app:
        await opened(app)
        await app.sees("out/llama")
        await app.press("enter")
        await app.sees("ATTACHED", "30 of 300")
        assert "pause" not in app.keys
        await app.press("s")
        await app.sees("Stop watching #1 llama?", "nothing is ever sent to it")
        assert isinstance(app.app.screen, ConfirmScreen)
        assert "epoch" not in " ".join(app.text.split("Stop watching")[1:]).split("n ")[0]
        await app.press("y")
        await app.sees("DETACHED")
        assert stored(workspace, app.top(MonitorScreen).job_id).status is Status.CANCELLED
        await app.press("q")
        await app.sees("detached")


async def test_a_run_of_unknown_length_shows_no_per_cent(workspace: Workspace, place: Path) -> None:
    put(place / "m.csv", logs.csv_table(ENTRIES), 5)
    async with session(working_app(workspace, place)) as app:
        job = attach_run(workspace, place / "m.csv")
        assert isinstance(job, Ok)
        app.app.backend.wake_worker()
        await app.sees("step 200")
        assert " 0 %" not in app.text
        await app.press("enter")
        await app.sees("its log does not say how long it is", "step     200 ", "watched ")


@pytest.mark.parametrize("size", [(60, 18), (40, 10), (1, 1), (200, 60)])
async def test_any_size_is_survived(
    workspace: Workspace, place: Path, size: tuple[int, int]
) -> None:
    async with session(frozen_app(workspace, directory=place), size=(80, 24)) as app:
        await opened(app)
        await app.sees("out/llama")
        await app.pilot.resize_terminal(*size)
        await app.press("down")
        await app.pilot.resize_terminal(80, 24)
        await app.sees("out/llama")
        await app.press("x")
        await app.sees("Nothing begins like that")


def test_a_hostile_name_is_shown_harmless(workspace: Workspace, tmp_path: Path) -> None:
    evil = tmp_path / "a\x1b]52;c;AAAA\x07[red]b\n"
    put(evil / "trainer_log.jsonl", logs.trainer_log([10]), 5)
    answer = attach_run(workspace, evil)
    assert isinstance(answer, Ok)
    bad = tmp_path / os.fsdecode(b"\xff\xfe")
    put(bad / "trainer_log.jsonl", logs.trainer_log([10]), 5)
    refused = attach_run(workspace, bad)
    assert isinstance(refused, Refused)
    assert "not UTF-8" in refused.error


async def test_a_long_name_leaves_room_for_what_is_said_of_the_runs(
    workspace: Workspace, place: Path
) -> None:
    put(place / ("n" * 180 + "-lr2.csv"), logs.csv_table(ENTRIES), 5)
    async with session(frozen_app(workspace, directory=place), size=(80, 24)) as app:
        await opened(app)
        await app.sees("3 runs below")
        rows = [line for line in app.text.splitlines() if " ago" in line]
        assert len(rows) == 3
        assert any("nnn…" in row and "-lr2.csv  ▶ live    5s ago" in row for row in rows)
        assert any("CSV" in row for row in rows)
        await app.pilot.resize_terminal(200, 24)
        await app.until(lambda: "n" * 60 in app.text)


async def test_a_run_whose_name_is_no_text_is_marked(workspace: Workspace, place: Path) -> None:
    put(place / os.fsdecode(b"run-\xff.csv"), logs.csv_table(ENTRIES), 5)
    async with session(frozen_app(workspace, directory=place)) as app:
        screen = await opened(app)
        await app.sees("3 runs below", "name is not UTF-8")
        entries = screen.query_one(PickList)
        assert [entries.get_option_at_index(n).disabled for n in range(3)] == [True, False, False]


async def test_the_other_logs_of_a_folder_are_named(workspace: Workspace, place: Path) -> None:
    for name in ("one", "two"):
        put(place / "sweep" / f"{name}.csv", logs.csv_table(ENTRIES), 5)
    async with session(working_app(workspace, place)) as app:
        screen = await opened(app)
        screen.query_one(PlainInput).value = str(place / "sweep")
        await app.press("enter")
        await app.press("enter")
        await app.until(lambda: isinstance(app.app.screen, MonitorScreen))
        await app.sees("1 more log here: ")


async def test_how_old_the_data_is_stands_on_the_monitor(workspace: Workspace, place: Path) -> None:
    ids = []
    for name, state in (("old", 7200), ("out/llama", 12)):
        answer = attach_run(workspace, place / name)
        assert isinstance(answer, Ok)
        source = SourceState(
            format=LogFormat.TRAINER_STATE, changed_at=NOON - timedelta(seconds=state)
        )
        ids.append(answer.value.id)
        workspace.database.write(_set, answer.value.id, {"source_state": source})
    async with session(frozen_app(workspace, job_id=ids[0])) as app:
        await app.sees("trainer_state.json, quiet for 2h")
    async with session(frozen_app(workspace, job_id=ids[1])) as app:
        await app.sees("trainer_state.json, written 12s ago")


def _set(connection: Connection, job_id: int, values: dict[str, object]) -> None:
    connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(values))


async def test_why_watching_has_ended_is_told(workspace: Workspace, place: Path) -> None:
    answer = attach_run(workspace, place / "old")
    assert isinstance(answer, Ok)
    reason = "The log is gone. Watching has ended"
    values = {"status": Status.CANCELLED, "completed_at": NOON, "error_message": reason}
    workspace.database.write(_set, answer.value.id, values)
    assert "detached, no curve" in choice_of(stored(workspace, answer.value.id), NOON).cells
    async with session(frozen_app(workspace, job_id=answer.value.id)) as app:
        await app.sees("DETACHED", "Not watched any more", "The log is gone")
        assert "ATTACHED" not in app.text.replace("DETACHED", "")
