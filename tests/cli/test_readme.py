"""What the README and docs/ show works: commands, keys, links, pictures."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import shlex
from pathlib import Path

import pytest
import typer
from textual.binding import Binding

import vapor_tui.ui
from tests.actions import SPELLED, rows
from tests.cli.conftest import Cli
from tests.cli.pages import (
    CONTRIBUTING,
    PAGES,
    README,
    ROOT,
    anchors,
    blocks,
    page,
    quoted,
    section,
    table,
)
from tests.pictures import NAMES
from vapor_tui.cli.app import _COMMANDS, app

TEXT = README.read_text(encoding="utf-8")
USE, KEYS = section(TEXT, "## Use"), section(TEXT, "## Keys")

NOT_RUN = {
    "vapor-tui worker --print-unit > ~/.config/systemd/user/vapor-tui.service",  # a shell's
}
OTHERS = {".venv/bin", "python3", "mkdir", "systemctl", "loginctl", "tmux", ".ci/run"}
"""Programs that a page may name beside this one."""


def commands(path: Path) -> list[str]:
    """Return the lines of a page that a shell would take, without their comments."""
    lines = "".join(blocks(path.read_text(encoding="utf-8"), "sh")).splitlines()
    return [line.split("  #")[0].strip() for line in lines if line.strip()]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the pages speak of, which is the present one."""
    place = tmp_path / "place"
    place.mkdir()
    monkeypatch.chdir(place)
    pair = {"prompt": "a question", "completion": "an answer"}
    Path("chats.jsonl").write_text(f"{json.dumps(pair)}\n" * 40)
    # 200 tokens a pair, as in the worked example: a token is estimated as four bytes.
    pair = {"prompt": "q" * 400, "completion": "a" * 400}
    Path("pairs.jsonl").write_text(f"{json.dumps(pair)}\n" * 1000)
    Path("loss.csv").write_text("step,epoch,loss,lr\n1,0.1,2.5,1e-4\n2,0.2,2.4,1e-4\n")
    return place


@pytest.fixture
def own_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example of one's own GPUs, models and presets, where it belongs."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "config" / "vapor-tui"
    folder.mkdir(parents=True)
    _, *examples = blocks(page("configuration.md"), "toml")
    for name, text in zip(("gpus", "models", "presets"), examples, strict=True):
        (folder / f"{name}.toml").write_text(text)


@pytest.mark.parametrize(
    "path", [path for path in PAGES if path != CONTRIBUTING], ids=lambda path: path.name
)
@pytest.mark.usefixtures("files", "own_catalogue")
def test_its_commands_work(cli: Cli, path: Path) -> None:
    for line in commands(path):
        program, *arguments = shlex.split(line)
        if program != "vapor-tui" or line in NOT_RUN:
            assert line in NOT_RUN or program.startswith(tuple(OTHERS)), line
            continue
        code, _, err = cli(*arguments)
        assert code == 0, f"{line}: {err}"


def test_the_fault_of_its_tour_is_found(cli: Cli) -> None:
    tour = section(TEXT, "## Two minutes")
    (line,) = [text for text in quoted(tour) if text.startswith("vapor-tui run")]
    assert cli("datasets", "add", "--sample")[0] == 0
    code, _, err = cli(*shlex.split(line)[1:-1], "max")
    assert code == 0, err
    assert "health spike " in cli("show", "1")[1]


def test_it_shows_commands() -> None:
    shown = {line for path in PAGES for line in commands(path) if line.startswith("vapor-tui")}
    assert len(shown) > 25


def command_tree() -> set[str]:
    """Return every command, those of a group behind its name."""
    group = typer.main.get_command(app)
    names = set()
    for name in _COMMANDS:
        found = group.get_command(None, name)  # type: ignore[attr-defined]
        below = getattr(found, "commands", {})
        names |= {name, *(f"{name} {inner}" for inner in below)}
    return names


def test_its_table_of_commands_is_whole() -> None:
    named = {
        " ".join(word for word in text.split() if word.islower() and not word.startswith("-"))
        for row in table(USE)
        for text in quoted(row[0])
    }
    groups = {name.split()[0] for name in command_tree() if " " in name}
    assert named - {"vapor-tui"} == command_tree() - (groups - named)


def test_it_names_every_option_before_a_command() -> None:
    parameters = typer.main.get_command(app).params
    options = {option for parameter in parameters for option in parameter.opts}
    of_typer = {"--install-completion", "--show-completion"}
    assert [name for name in options - of_typer if name not in USE] == []


def test_the_options_that_its_table_names_exist(cli: Cli) -> None:
    _app, *others = table(USE)
    for row in others:
        named = {text.split()[0] for text in quoted(row[0])}
        helped = "".join(
            cli(*name.split(), "--help")[1] for name in command_tree() if name.split()[0] in named
        )
        for text in quoted(row[1]):
            assert all(option in helped for option in re.findall(r"--[a-z-]+", text)), text


def test_its_keys_do_something() -> None:
    known = {"ctrl+p"}  # Textual's own
    for found in pkgutil.walk_packages(vapor_tui.ui.__path__, "vapor_tui.ui."):
        for value in vars(importlib.import_module(found.name)).values():
            for binding in getattr(value, "BINDINGS", ()) if isinstance(value, type) else ():
                if isinstance(binding, Binding):
                    known |= {SPELLED.get(key, key) for key in binding.key.split(",")}
    named = {key for row in table(KEYS) for key in quoted(row[0])}
    assert len(named) > 30
    assert named <= known


def test_the_list_of_actions_is_whole() -> None:
    """After a change of keys: `python -m tests.actions` writes the table anew."""
    listed = [line for line in page("keys.md").splitlines() if line.startswith("| `")]
    assert listed == list(rows())


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_its_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if target.startswith("https://"):
            continue
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        assert there.is_relative_to(ROOT), target
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), target


def test_its_pictures_can_be_drawn_anew() -> None:
    shown = [
        Path(target)
        for path in PAGES
        for target in re.findall(r"!\[[^]]+\]\(([^)]+)\)", path.read_text(encoding="utf-8"))
    ]
    assert len(shown) > 6
    assert {picture.stem for picture in shown} <= NAMES
    assert {file.stem for file in (ROOT / "data" / "screenshots").iterdir()} == NAMES


def test_every_page_can_be_found_from_the_readme() -> None:
    for path in PAGES:
        assert path == README or f"({path.relative_to(ROOT).as_posix()})" in TEXT, path


def test_the_readme_is_short_enough_to_be_read() -> None:
    assert len(TEXT.splitlines()) <= 350
