"""The colours: one accent for what can be acted on, one colour a status, nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual.theme import Theme


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one theme, each named by what it is for."""

    dark: bool
    background: str
    surface: str
    panel: str
    cursor: str
    """Behind the row or the field that has the focus."""
    foreground: str
    bright: str
    """Text on `cursor`."""
    dim: str
    faint: str
    """Lines and rests of bars: nothing that has to be read."""
    primary: str
    secondary: str
    accent: str
    chart_line: str
    chart_raw: str
    chart_eval: str
    curves: tuple[str, ...]
    """Six curves on one chart."""
    running: str
    completed: str
    failed: str
    cancelled: str
    queued: str
    paused: str

    def theme(self, name: str) -> Theme:
        """Return these colours under the names that the styles use."""
        return Theme(
            name=name,
            dark=self.dark,
            primary=self.primary,
            secondary=self.secondary,
            accent=self.accent,
            foreground=self.foreground,
            background=self.background,
            surface=self.surface,
            panel=self.panel,
            success=self.completed,
            warning=self.paused,
            error=self.failed,
            variables={
                "dim": self.dim,
                "faint": self.faint,
                "chart-line": self.chart_line,
                "chart-raw": self.chart_raw,
                "chart-eval": self.chart_eval,
                **{f"curve-{number}": colour for number, colour in enumerate(self.curves, 1)},
                "status-running": self.running,
                "status-completed": self.completed,
                "status-failed": self.failed,
                "status-cancelled": self.cancelled,
                "status-queued": self.queued,
                "status-paused": self.paused,
                "text-muted": self.dim,
                "text-disabled": self.dim,
                "footer-background": self.surface,
                "footer-key-foreground": self.accent,
                "footer-description-foreground": self.dim,
                "block-cursor-background": self.cursor,
                "block-cursor-foreground": self.bright,
                "block-cursor-text-style": "none",
                "input-selection-background": f"{self.accent} {'35%' if self.dark else '25%'}",
            },
        )


PALETTES = {
    "vapor-dark": Palette(
        dark=True,
        background="#11151c",
        surface="#171c26",
        panel="#1f2632",
        cursor="#222d3e",
        foreground="#d8dee9",
        bright="#ffffff",
        dim="#8b96a8",
        faint="#4a5466",
        primary="#7aa2f7",
        secondary="#9db4e0",
        accent="#7dc4ff",
        chart_line="#f2a97e",
        chart_raw="#75594a",
        chart_eval="#ffffff",
        curves=("#f2a97e", "#7dc4ff", "#9ece6a", "#d7a6ff", "#f2d479", "#5fd7c0"),
        running="#4fd6be",
        completed="#9ece6a",
        failed="#f7768e",
        cancelled="#a9a08c",
        queued="#bb9af7",
        paused="#e0af68",
    ),
    "vapor-light": Palette(
        dark=False,
        background="#fbfbf9",
        surface="#f1f1ee",
        panel="#e6e7e6",
        cursor="#dfe9fb",
        foreground="#1d2430",
        bright="#0b1a33",
        dim="#586172",
        faint="#b4bac4",
        primary="#1f54b5",
        secondary="#44588a",
        accent="#0a58ca",
        chart_line="#a63f0c",
        chart_raw="#e3b99f",
        chart_eval="#101418",
        curves=("#a63f0c", "#0a58ca", "#2f6d12", "#7a2fb5", "#7a5c00", "#00695c"),
        running="#00695c",
        completed="#2f6d12",
        failed="#b3002d",
        cancelled="#665c48",
        queued="#6a35b0",
        paused="#8a5200",
    ),
    # All text at least 7:1, lines at least 3:1.
    "vapor-contrast": Palette(
        dark=True,
        background="#000000",
        surface="#0a0d12",
        panel="#14181f",
        cursor="#00305a",
        foreground="#ffffff",
        bright="#ffffff",
        dim="#d3dae3",
        faint="#8b96a8",
        primary="#9db4ff",
        secondary="#b9c9ef",
        accent="#9ad8ff",
        chart_line="#ffc39a",
        chart_raw="#b08060",
        chart_eval="#ffffff",
        curves=("#ffc39a", "#9ad8ff", "#b9ea82", "#dccbff", "#ffe08a", "#6ff0d8"),
        running="#6ff0d8",
        completed="#b9ea82",
        failed="#ffbac5",
        cancelled="#dcd4c2",
        queued="#dccbff",
        paused="#ffd28a",
    ),
    # Status colours that differ in lightness or along blue and yellow, whichever cone is missing.
    "vapor-safe": Palette(
        dark=True,
        background="#11151c",
        surface="#171c26",
        panel="#1f2632",
        cursor="#222d3e",
        foreground="#d8dee9",
        bright="#ffffff",
        dim="#8b96a8",
        faint="#4a5466",
        primary="#7aa2f7",
        secondary="#9db4e0",
        accent="#7dc4ff",
        chart_line="#fff07a",
        chart_raw="#6f6a45",
        chart_eval="#ffffff",
        curves=("#ed7b2c", "#6599f5", "#46ffbf", "#ffff5c", "#acc1d8", "#ae919a"),
        running="#6599f5",
        completed="#46ffbf",
        failed="#ed7b2c",
        cancelled="#acc1d8",
        queued="#ae919a",
        paused="#ffff5c",
    ),
}

THEMES = tuple(palette.theme(name) for name, palette in PALETTES.items())
DEFAULT_THEME = "vapor-dark"

WITHOUT_COLOURS = {"block-cursor-text-style": "reverse", "input-cursor-text-style": "reverse"}
"""What a ground says otherwise, and has to be said without one."""


def checked(name: str, known: Iterable[str]) -> str:
    """Return the name of a theme that is known; raises ConfigError for any other one."""
    if name in known:
        return name
    from vapor_tui.config import mistake

    raise mistake(f"there is no such theme, only {', '.join(sorted(known))}", "theme")


def fallbacks(dark: bool) -> dict[str, str]:
    """Return our own variables for a theme that does not know them, as Textual's own do not."""
    own = PALETTES["vapor-dark" if dark else "vapor-light"].theme("").variables
    prefixes = ("dim", "faint", "status-", "chart-", "curve-")
    return {name: value for name, value in own.items() if name.startswith(prefixes)}
