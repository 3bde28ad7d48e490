"""What is copied: a screen as the command that prints it, and what a person selected."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from textual.screen import Screen
from textual.widgets import Input

from vapor_tui.domain.text import printable

if TYPE_CHECKING:
    from vapor_tui.ui.app import VaporApp

_SHOWN_SECONDS = 6.0
"""Longer than others: where the terminal does not copy, it is read from there."""


def copy_command(app: VaporApp, *words: str) -> str:
    """Copy `vapor-tui` with these words, quoted for a shell, on the present database.

    Returns the command. It is shown too: not every terminal lets a program copy.
    """
    database = app.backend.database
    place = ("--db", str(database)) if database is not None else ()
    command = shlex.join(("vapor-tui", *place, *words))
    app.copy_to_clipboard(command)
    app.notify(printable(command), title="Copied", timeout=_SHOWN_SECONDS, markup=False)
    return command


def has_selection(screen: Screen[Any]) -> bool:
    """Say whether text is selected, in a field or on the screen, that ctrl+c copies."""
    field = screen.focused
    return bool(isinstance(field, Input) and field.selected_text) or bool(
        screen.get_selected_text()
    )
