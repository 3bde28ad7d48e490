"""Terminals without Unicode, and people without colours."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

import vapor_tui
from tests.ui.support import Session, frozen_app, session
from tests.ui.tour import STOPS, AddJob, Stop, add_jobs, segments, standing_at
from vapor_tui.services.workspace import Workspace
from vapor_tui.ui.glyphs import ICONS
from vapor_tui.ui.line_filters import in_ascii, spelled_out
from vapor_tui.ui.terminal import can_be_drawn_on, draws_ascii

AT = {stop.name: stop for stop in STOPS}


@given(st.text())
def test_a_text_in_ascii_is_as_wide_as_before(text: str) -> None:
    assert in_ascii(text).isascii()
    assert cell_len(in_ascii(text)) == cell_len(text)


def test_every_sign_in_the_program_has_a_likeness() -> None:
    sources = Path(vapor_tui.__file__).parent
    signs = {
        sign
        for path in sources.rglob("*.py")
        if path.name not in ("line_filters.py", "text.py")
        for sign in path.read_text(encoding="utf-8")
        if not sign.isascii()
    }
    assert len(signs) > 20
    assert [sign for sign in sorted(signs) if "?" in in_ascii(sign)] == []


def test_states_are_told_apart_in_ascii() -> None:
    assert len({in_ascii(icon) for icon in ICONS.values()}) == len(ICONS)
    levels = [in_ascii(level) for level in "▁▂▃▄▅▆▇█"]
    assert len(set(levels)) == len(levels)


def test_keys_are_spelled_out() -> None:
    assert spelled_out("←→") == "left/right"
    assert spelled_out("stop…") == "stop..."


@pytest.mark.parametrize("stop", STOPS, ids=str)
async def test_every_screen_is_drawn_with_ascii_alone(
    workspace: Workspace, add_job: AddJob, stop: Stop
) -> None:
    async with standing_at(stop, workspace, add_job, ascii_only=True) as app:
        strange = [text for text, _ in segments(app) if not text.isascii()]
        assert strange == []
        if stop.name != "help":
            ours = ("? help", "support-bot?", "Help  (?)")
            assert [line for line in app.text.splitlines() if "?" in without(line, ours)] == []


def without(text: str, parts: tuple[str, ...]) -> str:
    for part in parts:
        text = text.replace(part, "")
    return text


async def test_a_chart_in_ascii_shows_both_curves(workspace: Workspace, add_job: AddJob) -> None:
    async with standing_at(AT["monitor"], workspace, add_job, ascii_only=True) as app:
        chart = app.text.split("Loss", 1)[1].split("smoothed")[0]
        for mark in ("*", ".", "@", "|", "+---"):
            assert mark in chart


async def test_names_from_outside_become_question_marks(
    workspace: Workspace, add_job: AddJob
) -> None:
    add_job(name="数据 für résumés")
    async with session(frozen_app(workspace, ascii_only=True)) as app:
        await app.sees("???? f?r r?sum?s   ")


@pytest.mark.parametrize(
    ("wanted", "terminal", "encoding", "expected"),
    [
        (None, "xterm-256color", "UTF-8", False),
        (None, "xterm-256color", "utf8", False),
        (None, "xterm-256color", "ANSI_X3.4-1968", True),
        (None, "xterm-256color", "ISO-8859-1", True),
        (None, "linux", "UTF-8", True),
        (None, "linux-16color", "UTF-8", True),
        (None, "vt220", "UTF-8", True),
        (None, "vte-256color", "UTF-8", False),
        (None, "screen.linux", "UTF-8", False),
        (True, "xterm", "UTF-8", True),
        (False, "linux", "US-ASCII", False),
    ],
)
def test_ascii_is_drawn_where_it_is_wanted_or_needed(
    wanted: bool | None, terminal: str, encoding: str, expected: bool
) -> None:
    assert draws_ascii(wanted, {"TERM": terminal}, encoding) is expected


def test_a_dumb_terminal_is_not_drawn_on() -> None:
    assert not can_be_drawn_on({"TERM": "dumb"})
    assert can_be_drawn_on({"TERM": "vt100"})
    assert can_be_drawn_on({})


@pytest.mark.parametrize("stop", STOPS, ids=str)
async def test_no_colour_is_drawn_where_none_is_wanted(
    workspace: Workspace, add_job: AddJob, stop: Stop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with standing_at(stop, workspace, add_job) as app:
        for text, style in segments(app):
            assert style is None or (style.color is None and style.bgcolor is None), text


@pytest.mark.parametrize(
    ("stop", "keys", "marked"),
    [
        ("jobs", ("j",), "too-fast"),  # the row under the cursor
        ("plans", ("g",), " GB"),
        ("export", ("j",), "Export this table as JSON"),
        ("question", (), "No, leave it as it is"),  # the button
        ("new job", (), "Balanced"),  # the cards, at the one that is chosen
        ("palette", ("down",), "with these settings"),
        ("models", (), "350M"),
    ],
)
async def test_what_has_the_focus_is_seen_without_colours(
    workspace: Workspace,
    add_job: AddJob,
    monkeypatch: pytest.MonkeyPatch,
    stop: str,
    keys: tuple[str, ...],
    marked: str,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with standing_at(AT[stop], workspace, add_job) as app:
        await app.press(*keys)
        await app.pilot.pause()
        assert marked in standing_out(app)


async def test_a_field_with_the_focus_is_seen_without_colours(
    workspace: Workspace, add_job: AddJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with standing_at(AT["new job"], workspace, add_job) as app:
        seen = []
        for _ in range(20):
            await app.press("tab")
            await app.pilot.pause()
            seen.append(standing_out(app))
        assert all(seen)
        # One after the other, whatever they stand for.
        assert len(set(seen)) > 10


async def test_a_dialog_hides_what_is_below_where_it_cannot_be_dimmed(
    workspace: Workspace, add_job: AddJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with standing_at(AT["question"], workspace, add_job) as app:
        assert "first-try" not in app.text


def standing_out(app: Session) -> str:
    """Return the text that is reversed or underlined."""
    return "".join(
        text for text, style in segments(app) if style and (style.reverse or style.underline)
    )


async def test_the_chosen_preset_has_another_border(workspace: Workspace, add_job: AddJob) -> None:
    add_jobs(workspace, add_job)
    async with session(frozen_app(workspace, ascii_only=True)) as app:
        await app.press("n")
        await app.sees("#=  target Balanced  =")
        assert "+-  bolt Fast  -" in app.text
