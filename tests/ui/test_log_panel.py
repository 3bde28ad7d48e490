"""The log of a job: capped, followed, searched."""

from __future__ import annotations

import pytest

from tests.conftest import AddJob
from tests.ui.support import Session, advance, frozen_app, hold, session
from vapor_tui.services.workspace import Workspace
from vapor_tui.ui.screens.monitor import MonitorScreen
from vapor_tui.ui.widgets import log_panel
from vapor_tui.ui.widgets.log_panel import KeptLog, LogPanel, highlighted
from vapor_tui.ui.widgets.log_view import LogSearch


def panel(app: Session) -> LogPanel:
    return app.app.screen.query_one(LogPanel)


def lines(*numbers: int) -> list[str]:
    return [f"line {number}." for number in numbers]


async def test_a_log_that_is_full_goes_on(
    workspace: Workspace, add_job: AddJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_panel, "KEPT_LINES", 100)
    job = advance(workspace, hold(workspace, add_job), 60, lines=lines(*range(100)))
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("line 99.")
        await app.press("l")
        await app.sees("following   100 lines")
        advance(workspace, job, 61, lines=lines(100, 101))
        await app.sees("line 101.")
        assert len(panel(app).lines) == 100
        await app.press("k", "k", "k")
        await app.sees("looking back", "G follows")
        top = app.text.splitlines()[3]
        advance(workspace, job, 90, lines=lines(*range(102, 110)))
        await app.sees("12 %")
        assert app.text.splitlines()[3] == top, "what is read stays in its place"
        await app.press("G")
        await app.sees("line 109.", "following")


async def test_the_log_is_searched_from_its_end(workspace: Workspace, add_job: AddJob) -> None:
    job = advance(
        workspace,
        hold(workspace, add_job),
        60,
        lines=[f"{'Loss [x]' if n % 50 == 0 else 'line'} {n}." for n in range(200)],
    )
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("line 199.")
        await app.press("slash", *"loss ", "left_square_bracket")
        await app.sees("match 4 of 4", "Loss [x] 150.")
        await app.press("enter")
        await app.sees("match 3 of 4", "Loss [x] 100.")
        await app.press("up", "up")
        await app.sees("match 1 of 4", "Loss [x] 0.")
        await app.press("up")
        await app.sees("match 4 of 4")
        await app.press("down")
        await app.sees("match 1 of 4", "looking back")
        await app.press("q")
        await app.sees("no match")
        assert app.top(MonitorScreen), "letters are typed"
        await app.press("escape")
        assert app.app.focused is panel(app)
        assert not app.app.screen.query_one(LogSearch).display
        assert panel(app).sought == ""
        await app.press("escape")
        await app.sees("all steps")


async def test_a_match_stays_the_same_line_as_others_come(
    workspace: Workspace, add_job: AddJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_panel, "KEPT_LINES", 50)
    job = advance(workspace, hold(workspace, add_job), 60, lines=lines(*range(50)))
    async with session(frozen_app(workspace, job_id=job.id)) as app:
        await app.sees("line 49.")
        await app.press("slash", *"line 4", "up")
        await app.sees("match 10 of 11", "line 48.")
        advance(workspace, job, 61, lines=lines(400, 401))
        await app.until(lambda: panel(app).log_kept.dropped == 2)
        await app.sees("match 10 of 13")


def test_what_is_dropped_is_counted() -> None:
    line = (("x", "dim"),)
    log = KeptLog().with_more([line] * 9_999).with_more([line] * 3)
    assert (len(log.lines), log.dropped) == (10_000, 2)


def test_what_is_found_is_marked_without_colour_too() -> None:
    line = (("12:00  ", "dim"), ("Loss and LOSS", "foreground"))
    found = highlighted(line, "loss", is_match=True)
    assert [text for text, style in found if "reverse" in style] == ["Loss", "LOSS"]
    assert "".join(text for text, _ in found) == "12:00  Loss and LOSS"
    assert [s for _, s in highlighted(line, "loss", is_match=False) if "underline" in s]
