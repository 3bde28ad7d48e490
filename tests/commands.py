"""Writes the table of all commands that completion answers from: `python -m tests.commands`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import typer

from vapor_tui.cli.app import app
from vapor_tui.cli.completion import TABLE


def table() -> dict[str, Any]:
    """Return each command with its options, its arguments and the commands below it."""
    root = typer.main.get_command(app)
    return dict(_below(root, root.context_class(root), ()))


def text() -> str:
    """Return the table as it is kept, a line for each command."""
    lines = (
        f"{json.dumps(path)}: {json.dumps(entry, ensure_ascii=False)}"
        for path, entry in table().items()
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _below(command: Any, context: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    names = command.list_commands(context) if hasattr(command, "list_commands") else []
    below = {name: command.get_command(context, name) for name in names}
    yield (
        " ".join(path),
        {
            "commands": {name: _sentence(each.help) for name, each in below.items()},
            "options": dict(_options(command, path)),
            "arguments": [
                parameter.metavar or ""
                for parameter in command.params
                if parameter.param_type_name == "argument"
            ],
        },
    )
    for name, each in below.items():
        yield from _below(each, each.context_class(each, parent=context), (*path, name))


def _options(command: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    for parameter in command.params:
        if parameter.param_type_name == "option":
            takes = None if _takes_nothing(parameter, path) else parameter.metavar or ""
            for name in parameter.opts:
                yield name, {"takes": takes, "help": _sentence(parameter.help)}
    for name in ("--help", "-h"):
        yield name, {"takes": None, "help": "Show the help"}


def _takes_nothing(parameter: Any, path: tuple[str, ...]) -> bool:
    # Typer's own, which versions of Typer describe in different ways.
    return bool(parameter.is_flag) or (not path and parameter.name.endswith("_completion"))


def _sentence(help_text: str | None) -> str:
    """Return the first sentence of a help text, in one line."""
    paragraph = " ".join((help_text or "").split("\n\n")[0].split())
    return paragraph.partition(". ")[0].removesuffix(".")


if __name__ == "__main__":
    TABLE.write_text(text(), encoding="utf-8")
