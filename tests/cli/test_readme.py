"""The README keeps what it says: its commands work, its settings and keys exist."""

from __future__ import annotations

import importlib
import pkgutil
import re
import shlex
from pathlib import Path

import pytest
from textual.binding import Binding

import vapor_tui.ui
from tests.actions import SPELLED, rows
from tests.cli.conftest import Cli
from vapor_tui.cli.app import _COMMANDS
from vapor_tui.config import Preferences, parse_preferences

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
USE = README[README.index("## Use") : README.index("### Datasets")]
KEYS = README[README.index("## Keys") : README.index("## Configuration")]
CONFIG = re.search(r"```toml\n(.*?)```", README, re.DOTALL)


def commands() -> list[str]:
    block = re.search(r"```sh\n(.*?)```", USE, re.DOTALL)
    assert block is not None
    return [line.split("  #")[0].strip() for line in block[1].splitlines()]


def test_its_commands_work(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("chats.jsonl").write_text('{"prompt": "a question", "completion": "an answer"}\n' * 40)
    shown = commands()
    assert len(shown) > 6
    for line in shown:
        code, _, err = cli(*shlex.split(line)[1:])
        assert code == 0, f"{line}: {err}"


def test_it_names_every_command() -> None:
    words = set(re.findall(r"[a-z]+", "".join(re.findall(r"`[^`]*`", USE))))
    assert set(_COMMANDS) <= words


def test_it_names_every_setting() -> None:
    assert CONFIG is not None
    text = CONFIG[1]
    parse_preferences(text, "README.md")
    for name, field in Preferences.model_fields.items():
        inside = getattr(field.annotation, "model_fields", None)
        for wanted in inside or [name]:
            assert re.search(rf"^{wanted} = |^\[{wanted}\]", text, re.MULTILINE), wanted


def test_its_keys_do_something() -> None:
    known = {"ctrl+p"}  # Textual's own
    for found in pkgutil.walk_packages(vapor_tui.ui.__path__, "vapor_tui.ui."):
        for value in vars(importlib.import_module(found.name)).values():
            for binding in getattr(value, "BINDINGS", ()) if isinstance(value, type) else ():
                if isinstance(binding, Binding):
                    known |= {SPELLED.get(key, key) for key in binding.key.split(",")}
    first = [line.split("|")[1] for line in KEYS.splitlines() if line.startswith("| `")]
    named = {key for cell in first for key in re.findall(r"`([^`]+)`", cell)}
    assert len(named) > 30
    assert named <= known


def test_it_lists_every_action() -> None:
    """After a change of keys: `python -m tests.actions` writes the table anew."""
    assert [row for row in rows() if row not in README] == []


def test_its_pictures_are_there() -> None:
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", README)
    assert len(pictures) > 2
    assert all((ROOT / picture).exists() for picture in pictures)
