"""Going to one of the screens that a key leads to from everywhere."""

from __future__ import annotations

from typing import Any

from textual.app import App
from textual.screen import Screen


def go_to(app: App[Any], kind: type[Screen[Any]]) -> None:
    """Put a screen in front: the one that is open already, if nothing above it is being typed.

    What lies above is left like with the key that goes back; a form stays where it is, and a
    new screen is opened over it.
    """
    from vapor_tui.ui.screens.form_screen import FormScreen

    stack = app.screen_stack
    places = [index for index, screen in enumerate(stack) if type(screen) is kind]
    above = stack[places[-1] + 1 :] if places else []
    if not places or any(isinstance(screen, FormScreen) for screen in above):
        app.push_screen(kind())
        return
    for _ in above:
        app.pop_screen()
