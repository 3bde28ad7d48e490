"""Starts the program: the app at once when there is nothing to parse, else a command."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from vapor_tui.cli.opening import has_terminal, open_app
from vapor_tui.cli.settings import DATABASE_VARIABLE, Settings, database_path
from vapor_tui.log import start_logging


def start(arguments: Sequence[str]) -> int:
    """Run the program and return its exit code."""
    _print_what_can_be()
    shell = os.environ.get("_VAPOR_TUI_COMPLETE")
    if shell is not None:
        from vapor_tui.cli import completion

        if completion.answers(shell):
            return completion.complete(shell)
    if arguments or not has_terminal():
        from vapor_tui.cli.app import run

        return run(arguments)
    # Typer and the pydantic it needs take nearly as long to import as Textual: without an
    # argument the app is on the screen before they would be.
    start_logging()
    database = os.environ.get(DATABASE_VARIABLE)
    try:
        return open_app(Settings(database=database_path(database) if database else None))
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - it is told and logged
        from vapor_tui.cli.app import exit_code_of

        return exit_code_of(error)


def _print_what_can_be() -> None:
    """Put a question mark in the place of what the encoding of a pipe or terminal lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not stream.encoding.lower().startswith("utf"):
            stream.reconfigure(errors="replace")
