"""The pages that tell people of the program, and what stands in them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
PAGES = (README, CONTRIBUTING, *sorted((ROOT / "docs").glob("*.md")))

_BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.DOTALL | re.MULTILINE)


def page(name: str) -> str:
    """Return the text of a page of docs/."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """Return what stands between a heading and the next one of its rank, its sections included."""
    begin = text.index(f"{heading}\n")
    rank = heading.partition(" ")[0]
    end = re.search(rf"^#{{1,{len(rank)}}} ", text[begin + len(heading) :], re.MULTILINE)
    return text[begin : begin + len(heading) + end.start()] if end else text[begin:]


def blocks(text: str, language: str) -> list[str]:
    """Return the fenced blocks of a language, in their order."""
    return [found[3] for found in _BLOCK.finditer(text) if found[2] == language]


def prose(text: str) -> str:
    """Return a text without its fenced blocks."""
    return _BLOCK.sub("", text)


def table(text: str) -> list[list[str]]:
    """Return the rows of the tables in a text, without headings, each as its cells."""
    rows: list[list[str]] = []
    heading = True
    for line in text.splitlines():
        if not line.startswith("|"):
            heading = True
        elif heading:
            heading = False
        elif not re.fullmatch(r"[|\- ]+", line):
            rows.append([cell.strip() for cell in line.strip("|").split(" | ")])
    return rows


def quoted(text: str) -> list[str]:
    """Return what stands in backticks."""
    return re.findall(r"`([^`]+)`", text)


def anchors(path: Path) -> set[str]:
    """Return the names under which a page's headings can be linked to."""
    headings = re.findall(r"^#+ (.+)$", prose(path.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
