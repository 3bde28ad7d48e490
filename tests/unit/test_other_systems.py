"""What other systems lack has something in its place."""

from __future__ import annotations

import asyncio
import getpass
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from vapor_tui import paths, processes
from vapor_tui.cli import catalogue
from vapor_tui.domain.sources import FileMark
from vapor_tui.runlogs.tail import Tail
from vapor_tui.services.doctor_database import _permissions
from vapor_tui.storage import schema
from vapor_tui.worker.programs import run_program


@pytest.fixture
def _windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")


async def test_a_program_that_takes_too_long_is_ended_without_groups_of_processes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(os, "killpg")
    begun = time.monotonic()
    ending = await asyncio.wait_for(run_program(["sleep", "60"], b"", timeout=0.2), 30)
    assert ending.reason == "it was ended after 0.2 s"
    assert time.monotonic() - begun < 20


def test_a_log_is_read_without_pread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pread")
    log = tmp_path / "train.log"
    log.write_bytes(b"one\r\ntwo\x1a\r\n")
    assert Tail(log, FileMark(name=log.name)).read(100, ahead=5) == b"two\x1a\r\n"


def test_an_owner_without_a_name_and_without_a_table_of_people_has_a_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_table() -> str:
        raise ModuleNotFoundError("No module named 'pwd'")

    monkeypatch.setattr(getpass, "getuser", no_table)
    monkeypatch.delattr(os, "getuid")
    assert paths.owner() == "user"


@pytest.mark.usefixtures("_windows")
@pytest.mark.parametrize(
    ("editor", "started"),
    [
        (None, ["notepad"]),
        (r"C:\vim\vim.exe -n", [r"C:\vim\vim.exe", "-n"]),
        (r'"C:\Program Files\vim\vim.exe" -n', [r"C:\Program Files\vim\vim.exe", "-n"]),
    ],
)
def test_the_editor_of_windows(
    editor: str | None, started: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    if editor is not None:
        monkeypatch.setenv("EDITOR", editor)
    calls: list[list[str]] = []

    def run(command: list[str], **_options: Any) -> subprocess.CompletedProcess[bytes]:
        calls.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", run)
    catalogue._edit_own_gpus()
    assert [command[:-1] for command in calls] == [started]


@pytest.mark.usefixtures("_windows")
def test_modes_are_not_taken_for_rights_on_windows() -> None:
    path = paths.default_database()
    path.parent.mkdir(parents=True)
    path.touch(0o666)
    [finding] = _permissions(path)
    assert finding.found == "can be written"


def test_a_faster_creator_keeps_its_database_where_nothing_is_renamed_over_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rename(_source: Path, target: Path) -> Path:
        target.write_bytes(b"the other's")
        raise FileExistsError(target)

    monkeypatch.setattr(Path, "rename", rename)
    schema._rename(tmp_path / "mine", tmp_path / "new.db")
    assert (tmp_path / "new.db").read_bytes() == b"the other's"


def test_nobody_is_asked_with_a_signal_where_the_boot_is_not_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On Windows, os.kill with 0 is Ctrl-C."""

    def kill(_pid: int, _number: int) -> None:
        raise AssertionError("a signal")

    monkeypatch.setattr(os, "kill", kill)
    monkeypatch.setattr(processes, "_boot_id", lambda: "")
    gone = processes.ProcessIdentity(processes.platform.node(), "", 2**22 + 1, "1")
    assert not processes.is_provably_gone(gone)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp437"])
def test_what_an_encoding_lacks_is_no_error(encoding: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "vapor_tui", "run", "--help"],
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert b"--gpu" in ran.stdout
