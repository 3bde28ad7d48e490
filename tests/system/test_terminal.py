"""A person at a real terminal: from nothing to a finished run, by keyboard alone."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import count_unread
from tests.system.terminal import ESCAPE, Terminal
from vapor_tui.domain.lifecycle import Status
from vapor_tui.services.exports import metric_rows
from vapor_tui.services.jobs import get_job
from vapor_tui.services.workspace import Workspace, open_workspace

ENTER, CTRL_S, CTRL_C, CTRL_Q = "\r", "\x13", "\x03", "\x11"
F2, F4, F5 = "\x1bOQ", "\x1bOS", "\x1b[15~"

Open = Callable[..., Terminal]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "terminal.db"


@pytest.fixture
def open_app(database: Path) -> Iterator[Open]:
    terminals: list[Terminal] = []

    def start(*arguments: str, **options: Any) -> Terminal:
        terminal = Terminal(["--db", str(database), *arguments], **options)
        terminals.append(terminal)
        return terminal

    yield start
    for terminal in terminals:
        terminal.close()


@pytest.fixture
def look(database: Path) -> Iterator[Callable[[], Workspace]]:
    opened: list[Workspace] = []

    def workspace() -> Workspace:
        opened.append(open_workspace(database))
        return opened[-1]

    yield workspace
    for each in opened:
        each.close()


@pytest.mark.parametrize(("columns", "rows"), [(120, 40), (80, 24)])
def test_from_configuration_to_a_completed_job(
    open_app: Open, look: Callable[[], Workspace], columns: int, rows: int
) -> None:
    terminal = open_app("--speed", "max", columns=columns, rows=rows)
    terminal.wait_for("rehearse", "plan a job")
    terminal.press("n")
    terminal.wait_for("New job", "Balanced")
    terminal.press(CTRL_S)
    terminal.wait_for("No dataset selected. Choose one from Datasets")
    terminal.press(F5)
    terminal.wait_for("support-chats", "168 pairs")
    terminal.press(CTRL_S)
    terminal.wait_for("COMPLETED", "126 of 126" if columns >= 120 else "126/126")
    terminal.press("q")
    terminal.wait_for("100 %", "completed")
    terminal.press("q")
    assert terminal.wait_until_left() == 0

    workspace = look()
    job = get_job(workspace, 1)
    assert job is not None
    assert job.status is Status.COMPLETED
    assert len(list(metric_rows(workspace, 1))) == job.total_steps == 126


def test_an_unknown_job_is_named(open_app: Open) -> None:
    terminal = open_app("--job", "7")
    terminal.wait_for("7", "There is no job")


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_hands_the_job_back_and_ends_the_app(
    open_app: Open, look: Callable[[], Workspace], number: signal.Signals
) -> None:
    terminal = open_app("--speed", "20s")
    terminal.wait_for("rehearse")
    terminal.press("r")
    terminal.wait_for("RUNNING", "training, epoch 1")
    os.kill(terminal.pid, number)
    begun = time.monotonic()
    code = terminal.wait_until_left()
    assert time.monotonic() - begun < 3  # a second on an idle machine
    assert code == 128 + number

    workspace = look()
    job = get_job(workspace, 1)
    assert job is not None
    assert job.status is Status.QUEUED
    assert job.lease_owner is None
    assert len(list(metric_rows(workspace, 1))) == job.current_step


def test_quitting_says_which_jobs_wait_and_how_they_go_on(open_app: Open, database: Path) -> None:
    terminal = open_app("--speed", "60")
    terminal.wait_for("rehearse")
    terminal.press("r")
    terminal.wait_for("RUNNING")
    terminal.press(CTRL_Q)
    assert terminal.wait_until_left() == 0
    said = " ".join(terminal.text.split())
    assert "Job 1 waits for a worker again; nothing is lost" in said
    assert "--db" in said
    assert database.name in said
    assert "worker or open the app again" in said

    onlooker = open_app("--no-worker")
    onlooker.wait_for("1 active job has no worker")
    onlooker.press(CTRL_Q)
    assert onlooker.wait_until_left() == 0
    assert "for a worker again" not in onlooker.text


def test_run_hands_back_on_ctrl_c_and_says_how_to_go_on(
    open_app: Open, look: Callable[[], Workspace], tmp_path: Path
) -> None:
    data = tmp_path / "chats.jsonl"
    data.write_text('{"prompt": "question", "completion": "answer"}\n' * 200)
    terminal = open_app("run", str(data), "--speed", "60")
    terminal.wait_for("epoch 1 of 3")
    started = time.monotonic()
    terminal.press(CTRL_C)
    assert terminal.wait_until_left() == 130
    assert time.monotonic() - started < 3
    assert "back in the queue" in terminal.text
    assert "vapor-tui worker --once" in terminal.text

    workspace = look()
    job = get_job(workspace, 1)
    assert job is not None
    assert job.status is Status.QUEUED
    assert len(list(metric_rows(workspace, 1))) == job.current_step


def test_everything_is_done_by_keyboard_alone(
    open_app: Open, look: Callable[[], Workspace], tmp_path: Path
) -> None:
    """A new person's first hour, without a mouse."""
    file = tmp_path / "chats.jsonl"
    file.write_text('{"prompt": "question", "completion": "answer"}\n' * 40)
    terminal = open_app("--speed", "max")

    terminal.wait_for("rehearse", "plan a job")
    terminal.press("r")
    terminal.wait_for("COMPLETED")
    terminal.press("N")
    terminal.wait_for("Note on")
    terminal.press("works at once" + CTRL_S)
    terminal.wait_for("works at once", "Settings")
    terminal.press("q")
    terminal.wait_for("status all", "completed")

    terminal.press("2")
    terminal.wait_for("support-chats", "ready")
    terminal.press("n")
    terminal.wait_for("Add a dataset")
    terminal.press(str(file) + ENTER)
    terminal.wait_for("chats", "40")
    terminal.press("t")
    terminal.wait_for("New job", "Balanced", "chats")
    terminal.press(F4)
    terminal.wait_for("The same job from a shell", "submit")
    terminal.press(ESCAPE)
    terminal.press(F2)
    terminal.wait_for("A6000", "adopt")
    terminal.press("q")
    terminal.wait_for("New job")
    terminal.press(CTRL_S)
    terminal.wait_for("COMPLETED", "30 of 30")

    terminal.press("1")
    terminal.wait_for("status all", "2 jobs")
    terminal.press("#")
    terminal.wait_for("Tags")
    terminal.press("baseline" + ENTER)
    terminal.wait_for("search", "open")
    terminal.press(ENTER)
    terminal.wait_for("COMPLETED", "baseline")
    terminal.press("q")
    terminal.wait_for("status all", "2 jobs")
    terminal.press(" j ")
    terminal.wait_for("2 marked")
    terminal.press("c")
    terminal.wait_for("Settings that differ", "Final loss")
    terminal.press("q")
    terminal.wait_for("2 marked")
    terminal.press(ESCAPE)
    terminal.wait_for("/ search")
    terminal.press("y")
    terminal.wait_for("New job like #")
    terminal.press(ESCAPE)
    terminal.wait_for("status all", "2 jobs")

    terminal.press("3")
    terminal.wait_for("U all read", "Training completed")
    terminal.press("Uf")
    terminal.wait_for("Nothing is unread")
    terminal.press("1")
    terminal.wait_for("status all")
    terminal.press("gd")
    terminal.wait_for("Delete #2")
    terminal.press("y")
    terminal.wait_for("1 job")
    terminal.press(CTRL_C + CTRL_C)
    assert terminal.wait_until_left() == 0

    workspace = look()
    job = get_job(workspace, 1)
    assert job is not None
    assert job.status is Status.COMPLETED
    assert job.notes == "works at once"
    assert get_job(workspace, 2) is None
    assert count_unread(workspace) == 0
