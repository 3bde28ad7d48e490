"""Drawing what the terminal and the person can see: in our themes, in ASCII, without colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.app import App
from textual.binding import Binding
from textual.filter import LineFilter
from textual.screen import Screen
from textual.scrollbar import ScrollBar, ScrollBarRender

from vapor_tui.ui import themes
from vapor_tui.ui.line_filters import AsciiOnly, Colourless, WholeCells, spelled_out
from vapor_tui.ui.thrift import thrifty


class DrawingApp(App[None]):
    """An app whose every line goes through the filters that its terminal needs."""

    def __init__(self, *, ascii_only: bool = False) -> None:
        super().__init__()
        self.ascii_only = ascii_only
        for theme in themes.THEMES:
            self.register_theme(theme)
        self.theme = themes.DEFAULT_THEME
        # What every scroll bar is drawn by: Textual has no place for it but the class.
        ScrollBar.renderer = WholeCells if ascii_only else ScrollBarRender
        self._own_filters = [
            *([AsciiOnly()] if ascii_only else []),
            *([Colourless()] if self.no_color else []),
        ]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return themes.fallbacks(self.current_theme.dark)

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), *self._own_filters]

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        super()._display(screen, thrifty(renderable))

    def get_key_display(self, binding: Binding) -> str:
        display = super().get_key_display(binding)
        return spelled_out(display) if self.ascii_only else display

    def get_css_variables(self) -> dict[str, str]:
        variables = super().get_css_variables()
        return variables | themes.WITHOUT_COLOURS if self.no_color else variables
