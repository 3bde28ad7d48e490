"""`notifications` as a script uses it, and what config.toml has to say to commands."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from vapor_tui.cli.app import run as run_program

Answer = tuple[int, str, str]
"""Exit code, standard output, standard error."""
Cli = Callable[..., Answer]


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs a command on a database of the test's own."""

    def call(*arguments: object) -> Answer:
        capsys.readouterr()
        code = run_program(["--db", str(tmp_path / "cli.db"), *map(str, arguments)])
        return (code, *capsys.readouterr())

    return call


@pytest.fixture
def configured(config_directory: Path) -> Callable[[str], None]:
    def write(text: str) -> None:
        (config_directory / "config.toml").write_text(text, encoding="utf-8")

    return write


@pytest.fixture
def told(tmp_path: Path) -> Path:
    """The file that the program of `hook` appends what it reads to."""
    return tmp_path / "told.jsonl"


@pytest.fixture
def hook(tmp_path: Path, told: Path) -> str:
    """An on_event that keeps what it reads."""
    path = tmp_path / "hook.sh"
    path.write_text(f'#!/bin/sh\ncat >> "{told}"\n')
    path.chmod(0o755)
    return f'on_event = ["{path}"]\n'


def _listed(cli: Cli, *options: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(cli("notifications", *options, "--json")[1])[
        "notifications"
    ]
    return found


def test_without_any_it_says_so(cli: Cli) -> None:
    assert cli("notifications")[:2] == (0, "No notifications\n")
    assert cli("notifications", "--unread")[:2] == (0, "Nothing new\n")


def test_the_list_marks_what_is_unread_and_shows_numbers(cli: Cli) -> None:
    for _ in range(3):
        cli("notifications", "test")
    assert cli("notifications", "read", 2)[:2] == (0, "Marked 1 read\n")
    lines = cli("notifications")[1].splitlines()
    assert [line.split()[:2] for line in lines] == [["*", "3"], ["2", "0s"], ["*", "1"]]
    assert [note["id"] for note in _listed(cli, "--unread")] == [3, 1]
    assert [note["id"] for note in _listed(cli, "--limit", "1")] == [3]


def test_marking_all_and_marking_back(cli: Cli) -> None:
    for _ in range(2):
        cli("notifications", "test")
    assert json.loads(cli("notifications", "read", "--all", "--json")[1]) == {"marked": 2}
    assert _listed(cli, "--unread") == []
    assert cli("notifications", "unread", 1)[:2] == (0, "Marked 1 unread\n")
    assert [note["id"] for note in _listed(cli, "--unread")] == [1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("read",), "Give either"),
        (("read", "1", "--all"), "Give either"),
        (("read", "1", "99"), "There is no notification 99"),
        (("read", "x"), "Invalid value"),
        (("read", "0"), "Invalid value"),
        (("--limit", "0"), "Invalid value"),
    ],
)
def test_wrong_input_is_answered_and_marks_nothing(
    cli: Cli, arguments: tuple[str, ...], said: str
) -> None:
    cli("notifications", "test")
    code, _, err = cli("notifications", *arguments)
    assert code == 2
    assert said in err
    assert len(_listed(cli, "--unread")) == 1


def test_an_error_is_a_document_too(cli: Cli) -> None:
    code, out, err = cli("notifications", "read", 7, "--json")
    assert (code, err) == (2, "")
    assert json.loads(out) == {"error": "There is no notification 7", "details": {}}


def test_a_test_runs_the_program_once(
    cli: Cli, configured: Callable[[str], None], hook: str, told: Path
) -> None:
    configured(hook)
    assert cli("notifications", "test")[0] == 0
    assert cli("worker", "--once")[0] == 0
    [event] = map(json.loads, told.read_text().splitlines())
    assert (event["id"], event["type"], event["job_id"]) == (1, "test", None)


def test_a_test_tells_how_the_program_failed(
    cli: Cli, configured: Callable[[str], None], tmp_path: Path
) -> None:
    path = tmp_path / "bad.sh"
    path.write_text("#!/bin/sh\nprintf 'no \\033[31mchannel\\n' >&2\nexit 4\n")
    path.chmod(0o755)
    configured(f'on_event = ["{path}"]')
    code, out, err = cli("notifications", "test")
    assert code == 1
    assert "exit code 4" in out
    assert "channel" in err
    assert "\x1b" not in err
    document = json.loads(cli("notifications", "test", "--json")[1])
    assert document["on_event"]["exit_code"] == 4
    assert document["notification"]["type"] == "test"


def test_a_test_without_a_program_says_so(cli: Cli) -> None:
    code, out, _ = cli("notifications", "test")
    assert code == 0
    assert "There is no on_event" in out


def test_run_has_told_everything_when_it_ends(
    cli: Cli, configured: Callable[[str], None], hook: str, told: Path
) -> None:
    configured(hook)
    cli("datasets", "add", "--sample")
    assert cli("run", 1, "--preset", "fast", "--speed", "max")[0] == 0
    events = [json.loads(line)["type"] for line in told.read_text().splitlines()]
    assert events == ["job_queued", "job_started", "job_completed"]


def test_what_is_submitted_is_told_by_the_worker(
    cli: Cli, configured: Callable[[str], None], hook: str, told: Path
) -> None:
    cli("datasets", "add", "--sample")
    cli("submit", 1, "--preset", "fast")
    configured(hook)
    cli("worker", "--once", "--speed", "max")
    events = [json.loads(line)["type"] for line in told.read_text().splitlines()]
    assert events == ["job_started", "job_completed"], "and not what came before on_event"


@pytest.mark.parametrize("command", [("worker", "--once"), ("notifications", "test")])
def test_a_mistake_in_the_preferences_is_named(
    cli: Cli, configured: Callable[[str], None], command: tuple[str, ...]
) -> None:
    configured("bell = true\non_event = 3\n")
    code, _, err = cli(*command)
    assert code == 2
    assert 'line 2, "on_event"' in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("bel = true", 'line 1, "bel": there is no such setting'),
        ('bell = true\ntheme = "neon"', 'line 2, "theme": there is no such theme'),
        ('[keys]\njobs.new = "foo"', '"foo" is no key'),
    ],
)
def test_a_mistake_for_the_app_is_named_before_it_opens(
    cli: Cli,
    configured: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    said: str,
) -> None:
    def never(_: object) -> None:
        raise AssertionError("the screen was opened")

    monkeypatch.setattr("vapor_tui.ui.app.VaporApp.run", never)
    monkeypatch.setattr("sys.stdin", _Terminal())
    monkeypatch.setattr("vapor_tui.cli.opening.sys.stdout.isatty", lambda: True)
    configured(text)
    code, out, err = cli()
    assert (code, out) == (2, "")
    assert said in err


class _Terminal:
    """Standard error as a terminal that keeps what it gets."""

    def __init__(self) -> None:
        self.text = ""

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        pass


@pytest.mark.parametrize(
    ("before", "after", "rings"), [(("--bell",), (), 1), ((), ("--bell",), 1), ((), (), 0)]
)
def test_run_rings_when_its_job_has_ended(
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    before: tuple[str, ...],
    after: tuple[str, ...],
    rings: int,
) -> None:
    cli("datasets", "add", "--sample")
    terminal = _Terminal()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", terminal)
        code, _, _ = cli(*before, "run", 1, "--preset", "fast", "--speed", "max", *after)
    assert code == 0
    assert terminal.text.count("\a") == rings


def test_nothing_rings_where_there_is_no_terminal(cli: Cli) -> None:
    assert "\a" not in "".join(map(str, cli("--bell", "notifications", "test")))
