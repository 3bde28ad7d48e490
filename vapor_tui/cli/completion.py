"""Answers a shell that completes a command line.

Typer writes the shells' scripts (`--install-completion`) and would answer them too, but only after
it has imported every command. This answers from the table in `commands.json` instead, which a test
keeps up to date, in a twentieth of a second.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vapor_tui.cli.completion_values import Offer, values
from vapor_tui.log import start_logging

log = logging.getLogger(__name__)

VARIABLE = "_VAPOR_TUI_COMPLETE"
"""What a script sets to be answered; its value names the shell."""
TABLE = Path(__file__).with_name("commands.json")

_PLAIN = re.compile(r"[\w.,@%+=/-]+")
"""What any shell takes for one word as it stands."""
_NOT_TOLD = re.compile(r"[^\w .,;%/+=@×-]+")
"""What is left out of explanations, since zsh evaluates them."""


@dataclass
class _Line:
    """The command line up to the word that is being completed."""

    command: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    awaits: str = ""
    """The option whose value comes next."""
    has_options: bool = True
    """Whether no `--` stood before."""


def answers(shell: str) -> bool:
    """Say whether a shell is answered here; Typer answers the others."""
    return shell in _SHELLS


def complete(shell: str) -> int:
    """Print what a shell asks for; return the exit code, which tells fish whether there is any.

    Nothing is offered where that fails: what is printed now would stand in the line being typed.
    """
    try:
        words, incomplete = _SHELLS[shell]()
        found = [offer for offer in offers(words, incomplete) if _can_be_typed(offer.value)]
    except Exception:  # whatever it is, it is logged
        start_logging()
        log.exception("completion failed")
        found = []
    if shell == "complete_zsh":
        sys.stdout.write(_for_zsh(found))
    elif shell == "complete_fish":
        if os.environ.get("_TYPER_COMPLETE_FISH_ACTION") == "is-args":
            return 0 if found else 1
        sys.stdout.writelines(f"{offer.value}\t{_told(offer)}\n" for offer in found)
    else:
        sys.stdout.writelines(f"{offer.value}\n" for offer in found)
    return 0


def _can_be_typed(value: str) -> bool:
    """Say whether any shell takes a value for one word, and the terminal's encoding has it."""
    encoding = sys.stdout.encoding
    has_all = value.encode(encoding, "replace").decode(encoding) == value
    return has_all and _PLAIN.fullmatch(value) is not None


def offers(words: Sequence[str], incomplete: str) -> list[Offer]:
    """Return what a word can become that stands after these words of a command line."""
    table: dict[str, dict[str, Any]] = json.loads(TABLE.read_text(encoding="utf-8"))
    line = _read(table, words)
    prefix, incomplete = _joined(line, incomplete)
    return [
        Offer(prefix + offer.value, offer.help)
        for offer in _possible(table, line, incomplete)
        if offer.value.startswith(incomplete)
    ]


def _read(table: dict[str, dict[str, Any]], words: Sequence[str]) -> _Line:
    line = _Line()
    for word in words:
        here = table[" ".join(line.command)]
        if line.awaits:
            if word != "=":  # bash takes --gpu=H100 for three words
                line.options[line.awaits], line.awaits = word, ""
        elif line.has_options and word == "--":
            line.has_options = False
        elif line.has_options and word.startswith("-") and word != "-":
            name, equals, value = word.partition("=")
            if here["options"].get(name, {}).get("takes") is None:
                continue
            if equals:
                line.options[name] = value
            else:
                line.awaits = name
        elif word in here["commands"]:
            line.command.append(word)
        else:
            line.arguments.append(word)
    return line


def _joined(line: _Line, incomplete: str) -> tuple[str, str]:
    """Return what the shell keeps of a word like --gpu=H1, and the part to be completed."""
    if line.awaits:
        return "", "" if incomplete == "=" else incomplete
    if line.has_options and incomplete.startswith("--") and "=" in incomplete:
        line.awaits, _, value = incomplete.partition("=")
        return f"{line.awaits}=", value
    return "", incomplete


def _possible(table: dict[str, dict[str, Any]], line: _Line, incomplete: str) -> Iterator[Offer]:
    here = table[" ".join(line.command)]
    if line.awaits:
        takes = here["options"].get(line.awaits, {}).get("takes") or ""
        yield from values(line.awaits, takes, line.command, line.arguments, line.options)
    elif line.has_options and incomplete.startswith("-"):
        for name, option in here["options"].items():
            yield Offer(name, option["help"])
    else:
        if not line.arguments:  # else a word stands where a command belongs
            for name, text in here["commands"].items():
                yield Offer(name, text)
        takes = _argument(here["arguments"], len(line.arguments))
        yield from values("", takes, line.command, line.arguments, line.options)


def _argument(arguments: Sequence[str], number: int) -> str:
    """Return what the argument after so many is, in the words of the help; "" for one too many."""
    if number < len(arguments):
        return arguments[number]
    return arguments[-1] if arguments and arguments[-1].endswith("...") else ""


def _for_zsh(found: Sequence[Offer]) -> str:
    if not found:
        return "_files"
    listed = "\n".join(f'"{offer.value}":"{_told(offer)}"' for offer in found)
    return f"_arguments '*: :(({listed}))'"


def _told(offer: Offer) -> str:
    return " ".join(_NOT_TOLD.sub(" ", offer.help).split())


def _bash_words() -> tuple[list[str], str]:
    words = _split(os.environ.get("COMP_WORDS", ""))
    try:
        number = int(os.environ.get("COMP_CWORD", ""))
    except ValueError:
        number = len(words)
    return words[1:number], words[number] if number < len(words) else ""


def _typed_words() -> tuple[list[str], str]:
    """Return the words of zsh and fish, which tell the line up to the cursor."""
    typed = os.environ.get("_TYPER_COMPLETE_ARGS", "")
    words = _split(typed)[1:]
    if words and not typed[-1].isspace():
        return words[:-1], words[-1]
    return words, ""


def _split(text: str) -> list[str]:
    """Return the words of a command line, the last one also where its quote is still open."""
    lexer = shlex.shlex(text, posix=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    words: list[str] = []
    try:
        words.extend(iter(lexer.get_token, None))
    except ValueError:
        words.append(lexer.token)
    return words


_SHELLS = {
    "complete_bash": _bash_words,
    "complete_zsh": _typed_words,
    "complete_fish": _typed_words,
}
