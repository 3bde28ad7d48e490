"""Completion in real shells, set up as a person does it: `vapor-tui --install-completion`."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.conftest import AddJob
from tests.system.terminal import Terminal
from vapor_tui import paths
from vapor_tui.services.workspace import Workspace

CLEAR_LINE = "\x15"
SHELLS = {
    "bash": ("bash", "--noprofile", "-i"),
    "zsh": ("zsh", "-i"),
    "fish": ("fish", "-i"),
}


@contextmanager
def _shell(name: str) -> Iterator[Terminal]:
    """Start a shell and wait until it takes commands; end it afterwards."""
    terminal = Terminal([], program=SHELLS[name], columns=160)
    terminal.press("echo rea''dy\r")
    terminal.wait_for("\nready")
    try:
        yield terminal
    finally:
        terminal.close()


@pytest.fixture
def _program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program under its name, as an installation brings it."""
    script = tmp_path / "bin" / "vapor-tui"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m vapor_tui "$@"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    # What a person would be asked or told when a shell starts for the first time.
    (Path.home() / ".zshrc").write_text("zstyle ':completion:*' list-prompt ''\nPS1='$ '\n")
    (Path.home() / ".bashrc").write_text("bind 'set bell-style none'\n")
    config = Path.home() / ".config" / "fish" / "config.fish"
    config.parent.mkdir(parents=True)
    config.write_text("set -g fish_greeting\n")


@pytest.mark.usefixtures("_program")
@pytest.mark.parametrize("name", SHELLS)
def test_a_shell_completes_commands_options_and_values(
    name: str, workspace: Workspace, add_job: AddJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    add_job()
    monkeypatch.setenv("VAPOR_TUI_DB", str(workspace.database.path))
    monkeypatch.setenv("USER", workspace.owner)
    monkeypatch.setenv("LOGNAME", workspace.owner)
    assert paths.owner() == workspace.owner

    with _shell(name) as shell:
        shell.press("vapor-tui --install-completion\r")
        shell.wait_for("completion installed in")
    with _shell(name) as shell:
        if name == "zsh":  # its first completion only loads the script
            shell.press(f"vapor-tui \t{CLEAR_LINE}")
        for typed, completed in (
            ("vapor-tui est", "vapor-tui estimate zz"),
            ("vapor-tui run x --gpu H10", "--gpu H100 zz"),
            ("vapor-tui run x --learn", "--learning-rate zz"),
            ("vapor-tui jobs --status queu", "--status queued zz"),
            ("vapor-tui show ", "show 1 zz"),
        ):
            shell.press(f"{typed}\t")
            shell.wait_for(completed.removesuffix(" zz"))
            shell.press("zz")  # behind the space that ends a word
            shell.wait_for(completed)
            shell.press(CLEAR_LINE)
