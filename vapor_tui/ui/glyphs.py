"""The signs that are drawn: one for each status, bars, small curves."""

from __future__ import annotations

import math
from collections.abc import Sequence

from vapor_tui.domain import formats
from vapor_tui.domain.lifecycle import Desired, Status, wish_label
from vapor_tui.domain.text import printable
from vapor_tui.ui.widgets.lines import Line

ICONS = {
    Status.QUEUED: "◌",
    Status.INITIALIZING: "◔",
    Status.RUNNING: "▶",
    Status.PAUSED: "‖",
    Status.COMPLETED: "✓",
    Status.FAILED: "✗",
    Status.CANCELLED: "⊘",
}

CURSOR = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"
MARK = "*"
"""Of a row that a person has marked."""
TAG = "#"
FALLING, RISING = "↓", "↑"
ATTACHED = "ATTACHED"
SIMULATED = "SIMULATED"
SIMULATED_SHORT = "sim"
SIMULATED_STYLE = "bold dim"
INJECTED = "INJECTED"
INJECTED_SHORT = "inj"
EVALUATION = "◆"
BAR, BAR_END, BAR_REST = "━", "╸", "─"

_LEVELS = "▁▂▃▄▅▆▇█"


def status_style(status: Status) -> str:
    """Return the theme's colour of a status."""
    return f"status-{Status.RUNNING if status is Status.INITIALIZING else status}"


def badge(
    status: Status, desired: Desired = Desired.RUN, *, word: str = "", loud: bool = False
) -> Line:
    """Return icon and word of a status, or of the change that a person asked for.

    `word` is what the status of this job is called, where that is not its name.
    """
    wish = wish_label(desired) if status in (Status.RUNNING, Status.INITIALIZING) else None
    called = wish or word or status.value
    text = called.upper() if loud else short_wish(called)
    style = status_style(status)
    return ((f"{ICONS[status]} ", style), (text, f"bold {style}" if loud else style))


def short_wish(word: str) -> str:
    """Return a wish in the width of a table's column."""
    return "stopping" if word.startswith("stopping") else word


def simulated_mark(injection: str | None = None) -> Line:
    """Return the mark of everything simulated, and of a fault that was asked for."""
    if injection:
        return ((f"{SIMULATED}, {INJECTED} {printable(injection)}", "bold status-paused"),)
    return ((SIMULATED, SIMULATED_STYLE),)


def simulated_marks(injection: str | None = None) -> tuple[Line, ...]:
    """Return the mark in full, and its shorter forms for lines with little room."""
    full = simulated_mark(injection)
    if not injection:
        return (full,)
    shorter = (f"{SIMULATED}, {INJECTED}", f"{SIMULATED_SHORT}, {INJECTED}")
    return (full, *(((text, "bold status-paused"),) for text in shorter))


def bar(share: float, width: int, style: str) -> Line:
    """Return a bar of exactly `width` cells, filled to a share of 0 to 1 in half cells."""
    share = min(max(share, 0.0), 1.0) if math.isfinite(share) else 0.0
    halves = int(share * width * 2 + 1e-9)
    full, half = divmod(halves, 2)
    rest = width - full - half
    return ((BAR * full + BAR_END * half, style), (BAR_REST * rest, "faint"))


def percent(share: float) -> str:
    """Return a share of 0 to 1 as whole per cent in five characters; 100 only when it is all."""
    return f"{formats.percent(share):>5}"


def levels(shares: Sequence[float | None], width: int) -> str:
    """Return shares of 0 to 1 as columns of that height in exactly `width` cells, the oldest first.

    A cell is the mean of those that it stands for, and blank where none of them is known.
    """
    cells = []
    for cell in range(width):
        part = shares[len(shares) * cell // width : len(shares) * (cell + 1) // width]
        known = [share for share in part if share is not None]
        mean = min(max(sum(known) / len(known), 0.0), 1.0) if known else 0.0
        cells.append(_LEVELS[round(mean * (len(_LEVELS) - 1))] if known else " ")
    return "".join(cells)


def sparkline(values: Sequence[float], width: int) -> str:
    """Return a small curve in exactly `width` characters, the oldest value first."""
    values = [value for value in values if math.isfinite(value)][-width:]
    if not values:
        return " " * width
    halves = [value / 2 for value in values]  # the difference of two of them is always finite
    low, range_ = min(halves), max(halves) - min(halves)
    heights = [(half - low) / range_ if range_ else 0.0 for half in halves]
    drawn = "".join(_LEVELS[round(height * (len(_LEVELS) - 1))] for height in heights)
    return drawn.ljust(width)
