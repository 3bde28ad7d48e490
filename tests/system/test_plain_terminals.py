"""Real terminals without Unicode, without colours, and without anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system.terminal import Terminal

Open = Callable[..., Terminal]
CTRL_C = "\x03"
COLOUR = re.compile(rb"\x1b\[(?:[0-9;:]*[;:])?(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:[;:][0-9;:]*)?m")


@pytest.fixture
def open_app(tmp_path: Path) -> Iterator[Open]:
    terminals: list[Terminal] = []

    def start(*arguments: str, **options: Any) -> Terminal:
        database = str(tmp_path / "terminal.db")
        terminals.append(Terminal(["--db", database, *arguments], **options))
        return terminals[-1]

    yield start
    for terminal in terminals:
        terminal.close()


def rehearse(terminal: Terminal) -> None:
    """Go from the first screen to a finished run, back to the list, and into a new job."""
    terminal.wait_for("rehearse")
    terminal.press("r")
    terminal.wait_for("COMPLETED")
    terminal.press("q")
    terminal.wait_for("100 %")
    terminal.press("n")
    terminal.wait_for("LoRA rank")


def test_a_locale_without_unicode_gets_ascii_alone(open_app: Open) -> None:
    terminal = open_app("--speed", "max", LC_ALL="C")
    rehearse(terminal)
    assert terminal.written.isascii()
    assert "#=  target Balanced  =" in terminal.text


def test_a_console_with_few_glyphs_gets_ascii_alone(open_app: Open) -> None:
    terminal = open_app(TERM="linux")
    terminal.wait_for("rehearse")
    assert terminal.written.isascii()


def test_ascii_can_be_preferred(open_app: Open, config_directory: Path) -> None:
    (config_directory / "config.toml").write_text("ascii = true\n")
    terminal = open_app("--speed", "max")
    rehearse(terminal)
    assert terminal.written.isascii()


def test_no_colour_reaches_the_terminal_where_none_is_wanted(open_app: Open) -> None:
    coloured = open_app()
    coloured.wait_for("rehearse")
    assert COLOUR.search(coloured.written)
    coloured.press("q")  # or its worker takes the job of the other
    coloured.wait_until_left()
    terminal = open_app("--speed", "max", NO_COLOR="1")
    rehearse(terminal)
    assert COLOUR.search(terminal.written) is None


def test_a_terminal_that_cannot_be_drawn_on_is_answered_in_a_sentence(open_app: Open) -> None:
    terminal = open_app(TERM="dumb")
    assert terminal.wait_until_left() == 2
    assert "needs a terminal that can be drawn on" in terminal.text
    assert b"\x1b" not in terminal.written


def test_a_theme_that_there_is_not_is_named(open_app: Open, config_directory: Path) -> None:
    (config_directory / "config.toml").write_text('theme = "vapour"\n')
    terminal = open_app(columns=250)
    assert terminal.wait_until_left() == 2
    assert "there is no such theme, only" in terminal.text
    assert "vapor-contrast" in terminal.text


def test_keys_and_theme_are_taken_from_the_preferences(
    open_app: Open, config_directory: Path
) -> None:
    (config_directory / "config.toml").write_text(
        'theme = "vapor-contrast"\n[keys]\n"jobs.new" = "ctrl+n"\n'
    )
    terminal = open_app()
    terminal.wait_for("^n new")
    terminal.press("\x0e")
    terminal.wait_for("LoRA rank")


def test_ctrl_c_twice_leaves(open_app: Open) -> None:
    terminal = open_app()
    terminal.wait_for("rehearse", "q quit")
    terminal.press(CTRL_C)
    terminal.wait_for("Press ctrl+c again to quit")
    terminal.press(CTRL_C)
    assert terminal.wait_until_left() == 0
