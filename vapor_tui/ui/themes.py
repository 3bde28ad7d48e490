"""The colours: one accent for what can be acted on, one colour a status, nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from textual.color import Color
from textual.theme import Theme

DARK = Theme(
    name="vapor-dark",
    dark=True,
    primary="#7aa2f7",
    secondary="#9db4e0",
    accent="#7dc4ff",
    foreground="#d8dee9",
    background="#11151c",
    surface="#171c26",
    panel="#1f2632",
    success="#9ece6a",
    warning="#e0af68",
    error="#f7768e",
    variables={
        "dim": "#8b96a8",
        "faint": "#4a5466",
        "chart-line": "#f2a97e",
        "chart-raw": "#75594a",
        "chart-eval": "#ffffff",
        "curve-1": "#f2a97e",
        "curve-2": "#7dc4ff",
        "curve-3": "#9ece6a",
        "curve-4": "#d7a6ff",
        "curve-5": "#f2d479",
        "curve-6": "#5fd7c0",
        "status-running": "#4fd6be",
        "status-completed": "#9ece6a",
        "status-failed": "#f7768e",
        "status-cancelled": "#a9a08c",
        "status-queued": "#bb9af7",
        "status-paused": "#e0af68",
        "footer-background": "#171c26",
        "footer-key-foreground": "#7dc4ff",
        "footer-description-foreground": "#8b96a8",
        "block-cursor-background": "#222d3e",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-text-style": "none",
        "input-selection-background": "#7dc4ff 35%",
    },
)

LIGHT = Theme(
    name="vapor-light",
    dark=False,
    primary="#1f54b5",
    secondary="#44588a",
    accent="#0a58ca",
    foreground="#1d2430",
    background="#fbfbf9",
    surface="#f1f1ee",
    panel="#e6e7e6",
    success="#2f6d12",
    warning="#8a5200",
    error="#b3002d",
    variables={
        "dim": "#586172",
        "faint": "#b4bac4",
        "chart-line": "#a63f0c",
        "chart-raw": "#e3b99f",
        "chart-eval": "#101418",
        "curve-1": "#a63f0c",
        "curve-2": "#0a58ca",
        "curve-3": "#2f6d12",
        "curve-4": "#7a2fb5",
        "curve-5": "#7a5c00",
        "curve-6": "#00695c",
        "status-running": "#00695c",
        "status-completed": "#2f6d12",
        "status-failed": "#b3002d",
        "status-cancelled": "#665c48",
        "status-queued": "#6a35b0",
        "status-paused": "#8a5200",
        "footer-background": "#f1f1ee",
        "footer-key-foreground": "#0a58ca",
        "footer-description-foreground": "#586172",
        "block-cursor-background": "#dfe9fb",
        "block-cursor-foreground": "#0b1a33",
        "block-cursor-text-style": "none",
        "input-selection-background": "#0a58ca 25%",
    },
)

THEMES = (DARK, LIGHT)
DEFAULT_THEME = DARK.name


def checked(name: str, known: Iterable[str]) -> str:
    """Return the name of a theme that is known; raises ConfigError for any other one."""
    if name in known:
        return name
    from vapor_tui.config import mistake

    raise mistake(f"there is no such theme, only {', '.join(sorted(known))}", "theme")


def fallbacks(dark: bool) -> dict[str, str]:
    """Return our own variables for a theme that does not know them, as Textual's own do not."""
    own = (DARK if dark else LIGHT).variables
    prefixes = ("dim", "faint", "status-", "chart-", "curve-")
    return {name: value for name, value in own.items() if name.startswith(prefixes)}


def contrast(front: str, back: str) -> float:
    """Return how well one colour stands out from another: 1 not at all, 4.5 enough for text.

    The ratio of the Web Content Accessibility Guidelines, 2.1.
    """
    lighter, darker = sorted((_luminance(front), _luminance(back)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    linear = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
        for part in Color.parse(colour).normalized
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
