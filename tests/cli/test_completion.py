"""What a shell is offered for each word of a command line."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.commands import text
from tests.conftest import AddDataset, AddJob
from vapor_tui import paths
from vapor_tui.cli import completion, entry
from vapor_tui.cli.entry import start
from vapor_tui.cli.settings import Settings
from vapor_tui.domain.lifecycle import Action, Status
from vapor_tui.log import log_file
from vapor_tui.services.jobs import apply_actions
from vapor_tui.services.workspace import Workspace

Offered = Callable[[str], list[str]]


@pytest.fixture
def offered(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Offered:
    """Answers what the last word of a command line can become."""
    monkeypatch.setenv("VAPOR_TUI_DB", str(workspace.database.path))
    monkeypatch.setattr(paths, "owner", lambda: workspace.owner)

    def offered(line: str) -> list[str]:
        *words, incomplete = line.split(" ")
        return [offer.value for offer in completion.offers(words[1:], incomplete)]

    return offered


def test_the_table_names_every_command_and_option() -> None:
    """After a change of the command line: `python -m tests.commands` writes the table anew."""
    assert completion.TABLE.read_text(encoding="utf-8") == text()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("vapor-tui est", ["estimate"]),
        ("vapor-tui datasets ", ["add", "list", "show", "delete"]),
        ("vapor-tui run x --gpu", ["--gpu", "--gpus"]),
        ("vapor-tui run --gpu H1", ["H100"]),
        ("vapor-tui run --gpu = H1", ["H100"]),
        ("vapor-tui run --gpu=H1", ["--gpu=H100"]),
        ("vapor-tui --speed m", ["max"]),
        ("vapor-tui --speed max sub", ["submit"]),
        ("vapor-tui submit x --preset ", ["fast", "balanced", "quality"]),
        ("vapor-tui run x --model LFM2-1", ["LFM2-1.2B"]),
        ("vapor-tui jobs --status c", ["completed", "cancelled"]),
        ("vapor-tui jobs --sort -c", ["-cost"]),
        ("vapor-tui datasets list --sort t", ["tokens"]),
        ("vapor-tui run x --inject ", ["oom"]),
        ("vapor-tui compare --by ", ["step", "epoch", "time", "simulated"]),
        ("vapor-tui jobs -- --st", []),
        ("vapor-tui run x --validation ", []),
        ("vapor-tui nothing --like --this ", []),
    ],
)
def test_words(offered: Offered, line: str, expected: list[str]) -> None:
    assert offered(line) == expected


def test_a_job_is_offered_to_what_can_be_done_with_it(
    offered: Offered, workspace: Workspace, add_job: AddJob
) -> None:
    add_job(), add_job(), add_job()
    apply_actions(workspace, {2: Action.PAUSE, 3: Action.CANCEL})
    assert offered("vapor-tui show ") == ["3", "2", "1"]
    assert offered("vapor-tui --job ") == ["3", "2", "1"]
    assert offered("vapor-tui pause ") == ["1"]
    assert offered("vapor-tui resume ") == ["2"]
    assert offered("vapor-tui delete ") == ["3"]
    assert offered("vapor-tui compare 2 ") == ["3", "1"]
    assert offered("vapor-tui show 2 ") == []
    assert offered("vapor-tui --db elsewhere.db show ") == []
    [two] = completion.offers(["show"], "2")
    assert two.help.endswith(f", {Status.PAUSED}")


def test_a_dataset_is_offered_by_a_name_that_is_one_word_and_else_by_its_number(
    offered: Offered, add_dataset_row: AddDataset
) -> None:
    for name in ("support-chats", "two words", "$(reboot)", "12", "Übung", "-rf", "--json"):
        add_dataset_row(name)
    assert offered("vapor-tui run ") == ["7", "6", "Übung", "4", "3", "2", "support-chats"]
    assert offered("vapor-tui clone 1 --dataset s") == ["support-chats"]


@pytest.mark.parametrize("variable", [False, True])
def test_the_home_directory_stands_for_the_same_in_a_command_and_in_its_completion(
    variable: bool, tmp_path: Path, offered: Offered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    option = "" if variable else "--db=~/own.db "
    if variable:
        monkeypatch.setenv("VAPOR_TUI_DB", "~/own.db")
    assert start([*option.split(), "datasets", "add", "--sample"]) == 0
    assert (Path.home() / "own.db").exists()
    assert not (tmp_path / "~").exists()
    assert offered(f"vapor-tui {option}run ") == ["support-chats"]
    if not variable:
        assert start(["estimate", "support-chats", *option.split()]) == 0
        assert not (tmp_path / "~").exists()


def test_the_app_takes_the_home_directory_for_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Settings] = []
    monkeypatch.setattr(entry, "has_terminal", lambda: True)
    monkeypatch.setattr(entry, "open_app", lambda settings: opened.append(settings) or 0)
    monkeypatch.setenv("VAPOR_TUI_DB", "~/own.db")
    assert start([]) == 0
    assert [settings.database for settings in opened] == [Path.home() / "own.db"]


@pytest.mark.parametrize(
    ("column", "value"), [("status", "'dreaming'"), ("status", "x'ff'"), ("name", "x'ff'")]
)
@pytest.mark.parametrize("cast", ["{}", "CAST({} AS TEXT)"])
def test_a_row_with_a_value_that_nobody_has_written_is_left_out(
    offered: Offered, workspace: Workspace, add_job: AddJob, column: str, value: str, cast: str
) -> None:
    add_job(), add_job()
    with closing(sqlite3.connect(workspace.database.path)) as by_hand, by_hand:
        by_hand.execute("PRAGMA ignore_check_constraints=ON")
        triggers = by_hand.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            by_hand.execute(f"DROP TRIGGER {name}")
        by_hand.execute(f"UPDATE training_jobs SET {column} = {cast.format(value)} WHERE id = 2")
    for command in ("show", "pause"):
        assert offered(f"vapor-tui {command} ") == ["1"]


def test_a_dataset_without_a_name_is_left_out(
    offered: Offered, workspace: Workspace, add_dataset_row: AddDataset
) -> None:
    add_dataset_row("chats"), add_dataset_row("nameless")
    with closing(sqlite3.connect(workspace.database.path)) as by_hand, by_hand:
        by_hand.execute("UPDATE datasets SET name = x'ff' WHERE id = 2")
    assert offered("vapor-tui run ") == ["chats"]


@pytest.mark.parametrize("shell", ["complete_bash", "complete_zsh", "complete_fish"])
def test_an_unexpected_error_is_logged_and_nothing_is_offered(
    shell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_arguments: object) -> None:
        raise KeyError("nobody thought of it")

    monkeypatch.setattr(completion, "offers", fail)
    monkeypatch.setenv(completion.VARIABLE, shell)
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "vapor-tui show ")
    assert start([]) == 0
    nothing = "_files" if shell == "complete_zsh" else ""
    assert capsys.readouterr() == (nothing, "")
    assert "nobody thought of it" in log_file().read_text(encoding="utf-8")


@pytest.mark.parametrize("line", ["run x --al", "run "])
def test_what_the_encoding_of_the_terminal_lacks_is_no_error(
    line: str, workspace: Workspace, add_dataset_row: AddDataset
) -> None:
    add_dataset_row("plain", owner=paths.owner()), add_dataset_row("Übung", owner=paths.owner())
    ran = subprocess.run(
        [sys.executable, "-m", "vapor_tui"],
        env={
            **os.environ,
            "PYTHONIOENCODING": "ascii",
            "VAPOR_TUI_DB": str(workspace.database.path),
            "_TYPER_COMPLETE_ARGS": f"vapor-tui {line}",
            completion.VARIABLE: "complete_fish",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stderr == ""
    values = [offer.partition("\t")[0] for offer in ran.stdout.splitlines()]
    assert values == (["--alpha"] if "--al" in line else ["plain"])


def test_what_was_not_read_is_offered_to_be_read(offered: Offered, add_job: AddJob) -> None:
    add_job()  # of which a person is told
    assert offered("vapor-tui notifications read ") == ["1"]
    assert offered("vapor-tui notifications unread ") == []


def test_a_persons_own_entries_are_offered(offered: Offered, config_directory: Path) -> None:
    (config_directory / "presets.toml").write_text('[[preset]]\nid = "mine"\nname = "Mine"\n')
    assert offered("vapor-tui run x --preset m") == ["mine"]
    assert offered("vapor-tui presets delete ") == ["mine"]
    (config_directory / "presets.toml").write_text('[[preset]]\nid = "--yes"\nname = "Yes"\n')
    (config_directory / "gpus.toml").write_text('[[gpu]]\ntype = "--json"\n')
    assert offered("vapor-tui presets delete ") == []
    assert "--yes" not in offered("vapor-tui run x --preset ")
    assert "--json" not in offered("vapor-tui run x --gpu ")
    (config_directory / "presets.toml").write_text("[[preset")
    assert offered("vapor-tui presets delete ") == []


def test_what_a_shell_would_evaluate_is_not_told(
    offered: Offered,
    workspace: Workspace,
    add_job: AddJob,
    config_directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (config_directory / "gpus.toml").write_text('[[gpu]]\ntype = "`reboot`\'"\n')
    add_job(name='it\'s "$(reboot)" `here`:\\ \x1b[31m)')
    monkeypatch.setenv(completion.VARIABLE, "complete_zsh")
    for line in ("vapor-tui show ", "vapor-tui run --gpu "):
        monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line)
        assert start([]) == 0
        printed = capsys.readouterr().out
        inside = printed.removeprefix("_arguments '*: :((").removesuffix("))'")
        assert inside != printed
        assert not set(inside.replace('":"', "")) & set("'`$\\:()\x1b")


@pytest.mark.parametrize("line", ["vapor-tui show 'a", 'vapor-tui "show', "", "vapor-tui"])
def test_a_line_that_is_not_finished_is_no_error(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for shell in ("complete_bash", "complete_zsh", "complete_fish"):
        monkeypatch.setenv(completion.VARIABLE, shell)
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", "1")
        monkeypatch.setenv("_TYPER_COMPLETE_ARGS", line)
        assert start([]) == 0
    assert capsys.readouterr().err == ""


def test_completing_imports_neither_typer_nor_the_commands() -> None:
    """They take seconds, and a person has pressed a key."""
    code = (
        "import sys; from vapor_tui.cli.entry import start; start([]);"
        "print([m for m in ('typer', 'pydantic', 'sqlalchemy', 'textual') if m in sys.modules])"
    )
    words = {"COMP_WORDS": "vapor-tui show ", "COMP_CWORD": "2"}
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **words, completion.VARIABLE: "complete_bash"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "[]\n"


def test_the_program_calls_itself_by_its_name_however_it_is_started() -> None:
    command = [sys.executable, "-m", "vapor_tui", "jobs", "--nothing"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 2
    assert "Usage: vapor-tui jobs" in ran.stderr
