"""Runs commands as a script does, in the tests' own process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vapor_tui.cli.app import run as run_program

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs a command; the answer is its exit code and what it printed."""

    def call(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run_program(["--db", str(tmp_path / "cli.db"), *map(str, arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call
