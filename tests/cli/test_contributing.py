"""What CONTRIBUTING.md and docs/ name of the project's files is there, and holds what it should."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.pages import CONTRIBUTING, PAGES, ROOT, blocks, prose, quoted

PACKAGE = ROOT / "vapor_tui"
TEXT = CONTRIBUTING.read_text(encoding="utf-8")
_PATH = re.compile(r"\.?[\w-][\w.-]*(/[\w.-]*)+|\w+\.py")
_FOLDERS = {path.name for root in (ROOT, PACKAGE) for path in root.iterdir() if path.is_dir()}


def file_of(name: str) -> Path | None:
    """Return the file or folder that a page calls so."""
    return next((path for root in (ROOT, PACKAGE) if (path := root / name).exists()), None)


def paths_in(text: str) -> list[str]:
    """Return the paths among what stands in backticks, those in commands included."""
    return [word for words in quoted(text) for word in words.split() if _PATH.fullmatch(word)]


def named_with_files(text: str) -> list[tuple[str, str]]:
    """Return each name that a text says to be in a file, and the file.

    Either "`name` of `file`", "`name` in `file`", "`name` (`file`", or "`file`: … `name`" up to
    the end of a clause.
    """
    name, file = r"`([\w-]+)`", r"`([\w/]+\.py)`"
    pairs = re.findall(rf"{name}\s+(?:of\s+|in\s+|\(){file}", text)
    for path, clause in re.findall(rf"{file}: ([^;.]*)", text):
        pairs += [(word, path) for word in re.findall(name, clause)]
    return pairs


def defines(file: Path, name: str) -> bool:
    """Say whether a module has a class, a function, a constant, a field or an option of a name."""
    text = file.read_text(encoding="utf-8")
    if name.startswith("--"):
        return f'"{name}"' in text
    return bool(re.search(rf"^\s*(?:(?:class|def|async def) {name}\b|{name}\b.*[:=])", text, re.M))


def test_every_path_it_names_exists() -> None:
    found = paths_in(prose(TEXT))
    assert len(found) > 40
    assert [name for name in found if file_of(name) is None] == []


def test_every_path_in_its_commands_exists() -> None:
    words = "".join(blocks(TEXT, "sh")).split()
    found = [word for word in words if _PATH.fullmatch(word) and not word.startswith(".venv/")]
    modules = re.findall(r"-m (tests\.\w+)", TEXT)
    assert len(found) > 4
    assert len(modules) > 3
    assert [name for name in found if file_of(name) is None] == []
    for module in modules:
        name = module.replace(".", "/")
        assert file_of(f"{name}.py") or file_of(f"{name}/__main__.py"), module


@pytest.mark.parametrize("page", [p for p in PAGES if p != CONTRIBUTING], ids=lambda p: p.name)
def test_every_path_that_a_page_for_users_names_exists(page: Path) -> None:
    """Those of the project: a user's own folders and metrics such as `train/loss` are others."""
    found = paths_in(prose(page.read_text(encoding="utf-8")))
    ours = [name for name in found if "/" in name and name.partition("/")[0] in _FOLDERS]
    assert [name for name in ours if file_of(name) is None] == []


def test_the_names_it_gives_with_a_file_are_defined_there() -> None:
    pairs = named_with_files(TEXT)
    assert len(pairs) > 15
    for name, path in pairs:
        file = file_of(path)
        assert file is not None, path
        assert defines(file, name), (name, path)


def test_the_house_has_the_folders_that_there_are() -> None:
    house = TEXT.partition("\n    vapor_tui/\n")[2].partition("\n\n")[0]
    told = set(re.findall(r"^ {6}(\w+)/ ", house, re.MULTILINE))
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert told == packages
    assert all(file_of(name) for name in re.findall(r"^ {4}(\w+)/ ", house, re.MULTILINE))
