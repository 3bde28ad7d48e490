"""Names that a terminal would obey, or that nobody expects, through every command."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.figures import Figures
from tests.faults.programs import environment
from vapor_tui import paths
from vapor_tui.cli.app import run as run_program

NAMES = {
    "markup": "[bold red]x[/] [/] [link=file:///etc/passwd]y",
    "ANSI": "abc\x1b[2J\x1b[31mred",
    "OSC 52": "abc\x1b]52;c;cm0gLXJmIC8=\x07",
    "title": "abc\x1b]0;owned\x1b\\",
    "NUL": "abc\x00def",
    "C1": "abc\x9b31m\x9d52;c;x\x9c",
    "bidi": "abc\u202etxt.exe\u2066\u2069",
    "invisible": "abc\u200b\ufeff\u00ad\U000e0041",
    "line breaks": "abc\n\r\v\f\x85\u2028def",
    "lone surrogate": "abc\ud800\udc80def",
    "wide": "漢字かな交じり文\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "combining": "z" + "\u0335\u0489" * 40,
    "SQL": "x'); DROP TABLE training_jobs; --",
    "format": "{name} %s %(x)s {0.__class__}",
}
UNSAFE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
MEGABYTE = 1_000_000

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """Runs a command on a database of the test's own; returns its code and both streams."""

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run_program(["--db", str(tmp_path / "names.db"), *map(str, arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data.jsonl"
    path.write_text(json.dumps({"prompt": "p" * 40, "completion": "c" * 40}) + "\n")
    return path


def _stored(name: str) -> str:
    """Return a name as it is kept: only what no file can hold is replaced."""
    return name.encode("utf-8", "replace").decode()


def test_hostile_names_are_kept_and_shown_harmless(
    call: Call, data: Path, figures: Figures
) -> None:
    code, _, err = call("datasets", "add", data, "--name", NAMES["OSC 52"])
    assert code == 0, err
    for name in NAMES.values():
        code, _, err = call("submit", 1, "--name", name, "--speed", "max")
        assert code == 0, err
    assert call("worker", "--once", "--speed", "max")[0] == 0
    shown = [("jobs", "--limit", 100), ("notifications",), ("datasets", "list")]
    shown += [("datasets", "show", 1), ("logs", 1), ("metrics", 1)]
    shown += [("show", number) for number in range(1, len(NAMES) + 1)]
    shown += [("datasets", "show", name) for name in NAMES.values()]
    shown += [("jobs", "--search", NAMES["ANSI"]), ("jobs", "--search", NAMES["lone surrogate"])]
    for command in shown:
        code, out, err = call(*command)
        assert code in (0, 2), err
        assert not UNSAFE.search(out), (command, out)
        assert not UNSAFE.search(err), (command, err)
        assert "unexpected" not in err
    kept = json.loads(call("jobs", "--limit", 100, "--json")[1])["jobs"]
    assert [job["name"] for job in reversed(kept)] == [_stored(name) for name in NAMES.values()]
    figures.fault("a hostile name", len(NAMES))


def test_a_hostile_file_name_is_kept_and_shown_harmless(
    call: Call, tmp_path: Path, data: Path, figures: Figures
) -> None:
    file = tmp_path / os.fsdecode(b"a\x1b[31m\xff\n.jsonl")
    file.write_bytes(data.read_bytes())
    for command in (
        ("datasets", "add", file),
        ("datasets", "list"),
        ("datasets", "show", 1),
        ("run", file, "--speed", "max"),
        ("jobs",),
        ("datasets", "add", f"{file}x"),
    ):
        code, out, err = call(*command)
        assert code in (0, 2), err
        assert not UNSAFE.search(out), (command, out)
        assert not UNSAFE.search(err), (command, err)
        assert "unexpected" not in err
    figures.fault("a hostile file name")


def test_bytes_that_are_no_text_are_taken_from_the_command_line(
    call: Call, tmp_path: Path, data: Path, figures: Figures
) -> None:
    """As the operating system passes them: lone surrogates inside the program."""
    command = [sys.executable, "-m", "vapor_tui", "--db", tmp_path / "names.db"]
    name = b"abc\xff\x80\x9bdef"
    submitted = subprocess.run(
        [*command, "submit", data, "--name", name],
        env=environment(LOGNAME=paths.owner()),
        capture_output=True,
        check=False,
    )
    assert submitted.returncode == 0, submitted.stderr
    code, out, err = call("jobs")
    assert code == 0, err
    assert "abc" in out
    assert not UNSAFE.search(out)
    figures.fault("a hostile name")


def test_a_megabyte_is_refused_or_cut(call: Call, data: Path, figures: Figures) -> None:
    long = "x" * MEGABYTE
    code, _, err = call("submit", data, "--name", long)
    assert (code, "at most 100 characters" in err) == (2, True)
    assert call("submit", data, "--model", long)[0] == 2
    code, _, err = call("datasets", "add", data, "--name", long)
    assert code in (0, 2), err
    for command in (
        ("datasets", "list"),
        ("jobs", "--search", long),
        ("jobs", "--search", "x " * 5_000),
        ("show", "1"),
        (long,),
    ):
        code, out, err = call(*command)
        assert code in (0, 2), err[:300]
        assert "unexpected" not in err[:300]
        assert len(out) < 10_000
    figures.fault("a hostile name")


def test_hostile_records_are_kept_and_shown_harmless(
    call: Call, tmp_path: Path, figures: Figures
) -> None:
    path = tmp_path / "records.jsonl"
    records = [{"prompt": name, "completion": name} for name in NAMES.values()]
    path.write_text("\n".join(json.dumps(record) for record in records) + "\nnot \x1b[31m json\n")
    call("datasets", "add", path, "--name", "records")
    for command in (("datasets", "show", 1), ("datasets", "list"), ("run", path)):
        code, out, err = call(*command)
        assert code in (0, 2), err
        assert not UNSAFE.search(out + err), (command, out + err)
        assert "unexpected" not in err
    figures.fault("hostile records")
