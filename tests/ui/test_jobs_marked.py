"""Several jobs at a time in the list, and what a person writes on them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from textual import events
from textual.widgets import Input

from tests.ui.support import PATIENCE, Session, advance, frozen_app, hold, session, stored, wish
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.lifecycle import Action, Desired, Status
from vapor_tui.services import overview
from vapor_tui.services.annotations import set_note, set_tags
from vapor_tui.services.jobs import apply_action, get_job
from vapor_tui.services.workspace import Workspace
from vapor_tui.ui.messages import ActionDone, ActionsDone, Annotated, JobsRead, MarkedRead, TagsRead
from vapor_tui.ui.screens.columns import ColumnsScreen
from vapor_tui.ui.screens.compare import CompareScreen
from vapor_tui.ui.screens.configure import ConfigureScreen
from vapor_tui.ui.screens.confirm import ConfirmScreen
from vapor_tui.ui.screens.jobs import JobsScreen
from vapor_tui.ui.screens.monitor import MonitorScreen
from vapor_tui.ui.screens.note import NoteScreen
from vapor_tui.ui.screens.tags import TagsScreen
from vapor_tui.ui.widgets.filter_bar import FilterBar
from vapor_tui.ui.widgets.key_line import KeyLine
from vapor_tui.ui.widgets.plain_area import PlainArea

AddJob = Callable[..., Job]


def status(workspace: Workspace, job_id: int) -> Status:
    return stored(workspace, job_id).status


def toasts(app: Session) -> list[str]:
    return [toast.message for toast in app.app._notifications]


async def toasted(app: Session, text: str) -> None:
    await app.until(lambda: any(text in toast for toast in toasts(app)))


async def test_marks_stay_with_their_jobs(workspace: Workspace, add_job: AddJob) -> None:
    for number in range(30):
        add_job(name=f"job-{number}")
    async with session(frozen_app(workspace), size=(80, 24)) as app:
        await app.sees("page 1 of 2")
        await app.press("space", "j", "j", "space")
        await app.sees("*28", "*30", "* 2 marked")
        await app.press("space")
        await app.sees("* 1 marked")
        await app.press("space", "pagedown")
        await app.sees("page 2 of 2")
        await app.press("g", "slash", *"job-27", "enter")
        await app.sees("*28", "* 2 marked", "1 job")
        add_job(name="job-27-again")
        await app.sees("2 jobs", "*28", "* 2 marked")
        await app.press("escape")
        await app.until(lambda: "marked" not in app.text)
        assert app.app.home.query_one(FilterBar).filters.is_narrow, "the marks went first"
        await app.press("escape")
        await app.sees("31 jobs")


async def test_marked_jobs_are_paused_and_resumed_together(
    workspace: Workspace, add_job: AddJob
) -> None:
    for name in ("one", "two", "three"):
        add_job(name=f"job-{name}")
    apply_action(workspace, Action.CANCEL, 2)
    async with session(frozen_app(workspace)) as app:
        await app.sees("job-three")
        await app.press("space", "j", "space", "j", "space", "p")
        await toasted(app, "Paused 2, 1 not possible: #2: a cancelled job can't be paused")
        assert [status(workspace, n) for n in (1, 2, 3)] == [
            Status.PAUSED,
            Status.CANCELLED,
            Status.PAUSED,
        ]
        assert app.heard(MarkedRead, ActionsDone, ActionDone) == ["MarkedRead", "ActionsDone"]
        await app.press("r")
        await toasted(app, "Resumed 2")
        assert status(workspace, 1) is Status.QUEUED
        await app.sees("* 3 marked")


@pytest.mark.parametrize("width", [80, 60])
async def test_what_is_marked_can_be_seen_to_be_compared(
    workspace: Workspace, add_job: AddJob, width: int
) -> None:
    for name in ("one", "two", "three"):
        add_job(name=f"job-{name}")
    async with session(frozen_app(workspace), (width, 24)) as app:
        await app.sees("job-three")
        await app.press("space")
        await app.sees("* 1 marked")
        assert "compare" not in app.keys
        await app.press("j", "space")
        await app.sees("* 2 marked")
        assert app.keys.startswith(" c compare   ⏎ open   space mark")
        await app.pilot.click(KeyLine, offset=(2, 0))
        await app.until(lambda: isinstance(app.app.screen, CompareScreen))


async def test_one_key_resumes_and_retries(workspace: Workspace, add_job: AddJob) -> None:
    failed = advance(workspace, hold(workspace, add_job), 60, status=Status.FAILED, reason="disk")
    paused = add_job()
    apply_action(workspace, Action.PAUSE, paused.id)
    async with session(frozen_app(workspace)) as app:
        await app.sees("paused", "failed")
        await app.press("space", "j", "space", "r")
        await toasted(app, "Retried 1, resumed 1")
        assert {status(workspace, job.id) for job in (failed, paused)} == {Status.QUEUED}
        assert stored(workspace, failed.id).retry_count == 1


async def test_one_question_for_all_that_are_deleted(workspace: Workspace, add_job: AddJob) -> None:
    for name in ("one", "two", "three"):
        add_job(name=f"job-{name}")
    for number in (1, 3):
        apply_action(workspace, Action.CANCEL, number)
    async with session(frozen_app(workspace)) as app:
        await app.sees("job-three")
        await app.press("space", "j", "space", "j", "space", "d")
        await app.sees("Delete 2 jobs?", "Left out: #2: a queued job can't be deleted")
        await app.press("enter")
        assert app.top(JobsScreen)
        assert get_job(workspace, 3) is not None
        await app.press("d")
        await app.sees("Delete 2 jobs?")
        await app.press("y")
        await toasted(app, "Deleted 2, 1 not possible: #2")
        assert [get_job(workspace, n) is None for n in (1, 2, 3)] == [True, False, True]
        await app.sees("* 1 marked")
        assert app.heard(ActionsDone) == ["ActionsDone"]


async def test_stopping_some_after_their_epoch(workspace: Workspace, add_job: AddJob) -> None:
    running = advance(workspace, hold(workspace, add_job), 60)
    waiting = add_job()
    async with session(frozen_app(workspace)) as app:
        await app.sees("running", "queued")
        await app.press("space", "j", "space", "s")
        await app.sees("Stop 2 jobs?", "Stop after this epoch (1 of them)")
        await app.press("e")
        await app.until(lambda: wish(workspace, running) is Desired.STOP_AFTER_EPOCH)
        await toasted(app, "1 not possible: #2: a queued job can't be stopped after its epoch")
        assert status(workspace, waiting.id) is Status.QUEUED
        await app.press("s")
        await app.sees("Stop 2 jobs?")
        await app.press("y")
        await app.until(lambda: wish(workspace, running) is Desired.STOP)
        assert status(workspace, waiting.id) is Status.CANCELLED


async def test_nothing_is_asked_where_nothing_is_possible(
    workspace: Workspace, add_job: AddJob
) -> None:
    for name in ("one", "two"):
        apply_action(workspace, Action.CANCEL, add_job(name=f"job-{name}").id)
    async with session(frozen_app(workspace)) as app:
        await app.sees("job-two")
        await app.press("space", "j", "space", "s")
        await toasted(app, "2 not possible: #1, #2: a cancelled job can't be stopped: it has ended")
        assert app.top(JobsScreen)


async def test_marked_jobs_are_compared(workspace: Workspace, add_job: AddJob) -> None:
    for number in range(7):
        add_job(name=f"job-{number}")
    async with session(frozen_app(workspace)) as app:
        await app.sees("job-6")
        await app.press("space", "c")
        await toasted(app, "Mark 2 to 6 jobs with the space bar to compare them")
        await app.press(*("j", "space") * 6, "c")
        await toasted(app, "7 are marked: 2 to 6 can be compared")
        await app.press("space", "c")
        await app.until(lambda: isinstance(app.app.screen, CompareScreen))
        await app.sees("job-6", "job-1")
        await app.press("q")
        await app.sees("* 6 marked")


@pytest.mark.parametrize("key", ["e", "F"])
@pytest.mark.parametrize("marks", [True, False])
async def test_stopping_after_the_epoch_and_failing_are_asked_about(
    workspace: Workspace, add_job: AddJob, key: str, marks: bool
) -> None:
    job = advance(workspace, hold(workspace, add_job), 60)
    async with session(frozen_app(workspace)) as app:
        await app.sees("running")
        if marks:
            await app.press("space")
        await app.press(key)
        await app.until(lambda: isinstance(app.app.screen, ConfirmScreen))
        await app.press("n")
        assert wish(workspace, job) is Desired.RUN
        await app.press(key)
        await app.until(lambda: isinstance(app.app.screen, ConfirmScreen))
        await app.press("y")
        wanted = Desired.STOP_AFTER_EPOCH if key == "e" else Desired.FAIL
        await app.until(lambda: wish(workspace, job) is wanted)
        assert app.heard(ActionDone, ActionsDone) == ["ActionsDone" if marks else "ActionDone"]


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("d", "A queued job can't be deleted: stop it first"),
        ("delete", "A queued job can't be deleted: stop it first"),
        ("e", "A queued job can't be stopped after its epoch: no worker holds it"),
        ("F", "A queued job can't be made to fail: no worker holds it"),
        ("r", "A queued job can't be resumed: it is not paused"),
    ],
)
async def test_a_key_that_does_not_apply_says_why(
    workspace: Workspace, add_job: AddJob, key: str, sentence: str
) -> None:
    add_job()
    async with session(frozen_app(workspace)) as app:
        await app.sees("queued")
        await app.press(key)
        await toasted(app, sentence)
        assert app.top(JobsScreen)
        await app.press("enter")
        await app.until(lambda: isinstance(app.app.screen, MonitorScreen))
        await app.sees("QUEUED")
        before = len(toasts(app))
        await app.press(key)
        await app.until(lambda: len(toasts(app)) > before)
        assert status(workspace, 1) is Status.QUEUED


async def test_stopping_what_has_ended_says_so(workspace: Workspace, add_job: AddJob) -> None:
    apply_action(workspace, Action.CANCEL, add_job().id)
    async with session(frozen_app(workspace)) as app:
        await app.sees("cancelled")
        await app.press("s")
        await toasted(app, "A cancelled job can't be stopped: it has ended")


async def test_tags_are_offered_completed_and_stored(workspace: Workspace, add_job: AddJob) -> None:
    set_tags(workspace, add_job(name="first").id, ["baseline, sweep [1]"])
    job = add_job(name="second")
    set_tags(workspace, job.id, ["mine"])
    async with session(frozen_app(workspace)) as app:
        await app.sees("second #mine")
        await app.press("number_sign")
        await app.sees("Tags of #2 second", "In use: baseline, sweep [1]")
        await app.press(*"bas")
        await app.until(lambda: app.app.screen.query_one(Input)._suggestion != "")
        await app.press("right", "enter")
        await app.until(lambda: stored(workspace, job.id).tags == ["mine", "baseline"])
        assert app.heard(TagsRead, Annotated) == ["TagsRead", "Annotated"]
        await app.press("number_sign")
        await app.until(lambda: isinstance(app.app.screen, TagsScreen))
        await app.press(*("x" * 41), "enter")
        await app.sees("A tag must be at most 40 characters")
        await app.press("escape")
        assert stored(workspace, job.id).tags == ["mine", "baseline"]
        await app.press("slash", *"basel", "enter")
        await app.sees("2 jobs")


async def test_a_job_is_renamed(workspace: Workspace, add_job: AddJob) -> None:
    job = add_job(name="first")
    async with session(frozen_app(workspace)) as app:
        await app.sees("first")
        await app.press("ctrl+r")
        await app.sees("Rename", "#1 first")
        await app.press("home", *(["delete"] * 5), "x", "enter")
        await app.sees("Name must be at least 3 characters")
        await app.press(*"yz", "enter")
        await app.until(lambda: stored(workspace, job.id).name == "xyz")
        assert app.heard(Annotated) == ["Annotated"]
        await app.sees("xyz")


async def test_a_note_is_written_in_lines(workspace: Workspace, add_job: AddJob) -> None:
    job = add_job()
    async with session(frozen_app(workspace)) as app:
        await app.sees("support-bot")
        await app.press("N")
        await app.until(lambda: isinstance(app.app.screen, NoteScreen))
        await app.press(*"why: q", "enter", *"more", "ctrl+s")
        await app.until(lambda: stored(workspace, job.id).notes == "why: q\nmore")
        assert app.heard(Annotated) == ["Annotated"]
        await app.press("enter")
        await app.sees("Note", "why: q", "more")
        await app.press("N", "x", "escape")
        await app.sees("Leave the note as it was?")
        await app.press("n")
        app.app.post_message(events.Paste("\rone\r\ntwo"))
        await app.until(
            lambda: app.top(NoteScreen).query_one(PlainArea).text.endswith("x\none\ntwo")
        )
        await app.press("escape", "y")
        await app.until(lambda: isinstance(app.app.screen, MonitorScreen))
        assert stored(workspace, job.id).notes == "why: q\nmore"


async def test_a_note_is_shown_safely_and_kept_as_it_came(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = add_job()
    set_note(workspace, job.id, "bad \x1b[31m\nnext [/]")
    async with session(frozen_app(workspace)) as app:
        await app.sees("support-bot")
        await app.press("N")
        await app.sees("bad \N{REPLACEMENT CHARACTER}[31m", "next [/]")
        assert "\x1b" not in app.top(NoteScreen).query_one(PlainArea).text
        await app.press("ctrl+s")
        assert app.top(JobsScreen)
        assert stored(workspace, job.id).notes == "bad \x1b[31m\nnext [/]"
        assert app.heard(Annotated) == []
        await app.press("N")
        await app.until(lambda: isinstance(app.app.screen, NoteScreen))
        area = app.top(NoteScreen).query_one(PlainArea)
        area.insert("\x9b2J")
        assert "\x9b" not in area.text


async def test_columns_are_chosen_and_put_in_order(workspace: Workspace, add_job: AddJob) -> None:
    set_tags(workspace, add_job().id, ["mine"])
    async with session(frozen_app(workspace)) as app:
        await app.sees("model", "progress", "#mine")
        await app.press("v")
        await app.until(lambda: isinstance(app.app.screen, ColumnsScreen))
        await app.press("down", "space", "down", "down", "space", "left", "left", "enter")
        assert app.app.home.table.columns == (
            "id", "name", "status", "progress", "loss", "left", "cost", "age",
        )  # fmt: skip
        await app.until(lambda: "model" not in app.text)
        await app.press("v", "J", "J", "escape")
        await app.press("v", "R", "enter")
        assert app.app.home.table.columns == ()
        await app.sees("model")


async def test_the_order_is_chosen_and_turned_round(workspace: Workspace, add_job: AddJob) -> None:
    for name in ("bbb", "aaa", "ccc"):
        add_job(name=name)

    def order() -> list[str]:
        return [job.name for job in app.app.home.table.shown.rows]

    async with session(frozen_app(workspace)) as app:
        await app.until(lambda: order() == ["ccc", "aaa", "bbb"])
        await app.press("o", *"name", "enter")
        await app.until(lambda: order() == ["aaa", "bbb", "ccc"])
        await app.sees("name↑", "sort name")
        await app.press("o", "enter")
        await app.until(lambda: order() == ["ccc", "bbb", "aaa"])
        await app.sees("name↓", "sort name reversed")
        await app.press("o", *"old", "enter")
        await app.until(lambda: order() == ["bbb", "aaa", "ccc"])
        await app.press("o", *"name", "enter")
        await app.until(lambda: order() == ["ccc", "bbb", "aaa"])


async def test_the_list_begins_as_a_person_prefers_it(
    workspace: Workspace, add_job: AddJob
) -> None:
    for name in ("bbb", "aaa"):
        add_job(name=name)
    app = frozen_app(workspace)
    preferred = JobsScreen(columns=("status", "name", "tags"), sort="-name")
    app.get_default_screen = lambda: preferred  # type: ignore[method-assign]
    async with session(app) as open_session:
        table = open_session.app.home.table
        await open_session.until(lambda: [j.name for j in table.shown.rows] == ["bbb", "aaa"])
        await open_session.sees("status", "name↓", "tags")
        assert "progress" not in open_session.text


async def test_preferences_that_do_not_exist_are_answered(
    workspace: Workspace, add_job: AddJob
) -> None:
    add_job()
    app = frozen_app(workspace)
    preferred = JobsScreen(columns=("status", "colour"), sort="price")
    app.get_default_screen = lambda: preferred  # type: ignore[method-assign]
    async with session(app) as open_session:
        await toasted(open_session, 'There is no column "colour"; there are id, name')
        await toasted(open_session, 'There is no order "price"')
        await open_session.sees("model", "sort newest")


@pytest.mark.parametrize("sort", ["newest", "name"])
async def test_the_cursor_stands_on_the_job_that_was_started(
    workspace: Workspace, add_job: AddJob, sort: str
) -> None:
    for number in range(40):
        add_job(name=f"job-{number:02}")

    async with session(frozen_app(workspace), size=(80, 24)) as app:
        await app.sees("page 1 of 3")
        if sort != "newest":
            await app.press("o", *sort, "enter")
        await app.press("slash", *"job-1", "enter")
        await app.sees("10 jobs")
        await app.press("enter")
        await app.until(lambda: isinstance(app.app.screen, MonitorScreen))
        app.app.home.stand_on(add_job(name="job-26-new").id)
        await app.press("q")
        await app.sees("41 jobs", "job-26-new")
        job = app.app.home.table.row
        assert job is not None
        assert job.name == "job-26-new"
        assert app.app.home.page == (1 if sort == "newest" else 2)


async def test_a_planned_job_is_under_the_cursor_afterwards(
    workspace: Workspace, add_job: AddJob
) -> None:
    for number in range(3):
        add_job(name=f"job-{number}")
    async with session(frozen_app(workspace)) as app:
        await app.sees("job-2")
        await app.press("j", "j", "y")
        await app.until(lambda: isinstance(app.app.screen, ConfigureScreen))
        await app.sees("job-3", "support-chats")
        await app.press("ctrl+s")
        await app.until(lambda: isinstance(app.app.screen, MonitorScreen))
        number = app.top(MonitorScreen).job_id
        await app.press("q")
        await app.sees("4 jobs")
        job = app.app.home.table.row
        assert job is not None
        assert job.id == number == 4


async def test_a_narrow_list_marks_what_is_simulated(workspace: Workspace, add_job: AddJob) -> None:
    advance(workspace, hold(workspace, add_job), 457)
    async with session(frozen_app(workspace), size=(60, 18)) as app:
        await app.sees("▶ running", "60 %", "$2.06 sim")
        app.app.home.table.columns = ("id", "name", "left")
        await app.sees("support-bot", "41s")
        assert "sim" in app.text.splitlines()[3]


async def test_totals_stand_below_the_list(workspace: Workspace, add_job: AddJob) -> None:
    advance(workspace, hold(workspace, add_job), 457)
    add_job()
    async with session(frozen_app(workspace)) as app:
        await app.sees("simulated 1 running  1 queued ", "today", "this month")
        assert "real" not in app.text


async def test_a_key_means_what_was_marked_when_it_was_pressed(
    workspace: Workspace, add_job: AddJob
) -> None:
    add_job(name="job-one")
    add_job(name="job-two")
    async with session(frozen_app(workspace)) as app:
        await app.sees("job-one")
        await app.press("space", "j", "space")
        await app.sees("2 marked")
        for key in ("p", "escape"):
            app.app.post_message(events.Key(key, None))
        await toasted(app, "Paused 2")
        assert [status(workspace, number) for number in (1, 2)] == [Status.PAUSED] * 2


async def test_nothing_is_said_of_marked_jobs_that_are_gone(
    workspace: Workspace, add_job: AddJob
) -> None:
    add_job(name="job-one")
    async with session(frozen_app(workspace)) as app:
        await app.sees("job-one")
        screen = app.top(JobsScreen)
        screen.marked = frozenset({99})
        await app.press("p")
        await app.until(lambda: bool(app.heard(MarkedRead)))
        assert not screen.marked
        assert toasts(app) == []


async def test_an_older_answer_does_not_take_the_place_of_the_row_that_is_wanted(
    workspace: Workspace, add_job: AddJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        add_job(name=f"job-{number}")
    begun, go = threading.Event(), threading.Event()
    real = overview.list_with_curves

    def slow(*args: Any) -> Any:
        answer = real(*args)
        begun.set()
        go.wait(PATIENCE)
        return answer

    async with session(frozen_app(workspace), size=(100, 24)) as app:
        await app.sees("job-59")
        home = app.app.home
        with monkeypatch.context() as patched:
            patched.setattr(overview, "list_with_curves", slow)
            home.ask()
            await app.until(begun.is_set)
        home.stand_on(3)
        before = len(app.heard(JobsRead))
        app.app.open_monitor(3)
        go.set()
        await app.until(lambda: len(app.heard(JobsRead)) > before)
        await app.press("q")
        await app.until(lambda: home.table.row is not None and home.table.row.id == 3)
