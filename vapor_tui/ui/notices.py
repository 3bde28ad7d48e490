"""What the list of jobs says where there is nothing to list, or nobody to work on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vapor_tui.domain.formats import money
from vapor_tui.domain.text import printable
from vapor_tui.ui.glyphs import SIMULATED, SIMULATED_SHORT
from vapor_tui.ui.widgets.lines import Line, joined, line_width
from vapor_tui.ui.widgets.message_panel import Choice, Notice

if TYPE_CHECKING:
    from vapor_tui.domain.totals import Tally, Totals
    from vapor_tui.services.overview import Overview

WELCOME = Notice(
    "No jobs yet",
    choices=(
        Choice(
            "r",
            "rehearse: run the sample dataset (simulated)",
            "A small fine-tune on the simulator: no GPU, no cost, half a minute",
            "rehearse",
        ),
        Choice(
            "n", "plan a job", "Choose model, data and GPUs, and see time and cost first", "new"
        ),
        Choice(
            "a",
            "attach to a run",
            "Watch a training that was started elsewhere, by what it logs",
            "attach",
        ),
    ),
)

NO_MATCH = Notice("No job matches", choices=(Choice("esc", "list all jobs again", "", "clear"),))

NO_NOTIFICATIONS = Notice(
    "No notifications yet",
    "When a job is queued, starts, ends, fails or comes near its budget, you are told, "
    "and it is kept here until you delete the job.",
    (Choice("q", "back", "", "leave"),),
)

NOTHING_UNREAD = Notice(
    "Nothing is unread", choices=(Choice("f", "list everything again", "", "filter"),)
)


_PERIODS = ("today", "this month")
_MONEY = 10
"""Cells of a sum that grows, so that what follows it stays in its place."""


def totals_line(totals: Totals, width: int) -> Line:
    """Return what real jobs and what simulated jobs come to, each by themselves.

    In little room their numbers are left out, which the first line of the screen has too, and
    in less the month.
    """
    tallies = (("real", totals.real), (SIMULATED.lower(), totals.simulated))
    kinds = [(name, tally) for name, tally in tallies if tally.total]
    short = [(name.replace(SIMULATED.lower(), SIMULATED_SHORT), tally) for name, tally in kinds]
    forms = (
        [_tally(name, tally, _PERIODS, _MONEY, has_counts=True) for name, tally in kinds],
        [_tally(name, tally, _PERIODS, _MONEY) for name, tally in kinds],
        [_tally(name, tally, ("today", "month")) for name, tally in short],
        [_tally(name, tally, ("today",)) for name, tally in short],
    )
    lines = [joined(form) for form in forms]
    return next((line for line in lines if line_width(line) <= width), lines[-1])


def _tally(
    name: str, tally: Tally, periods: Sequence[str], cells: int = 0, *, has_counts: bool = False
) -> Line:
    line: Line = ((name, "dim"),)
    if has_counts:
        line += ((f" {tally.running} running  {tally.queued} queued ", "foreground"),)
    for spent, period in zip((tally.today, tally.month), periods, strict=False):
        line += ((f" {money(spent):>{cells}}", "foreground"), (f" {period}", "dim"))
    return line


def not_opened(reason: str, *, is_of_catalogue: bool = False) -> Notice:
    """Return what is said when the database, or a person's own catalogue, cannot be opened."""
    return Notice(
        "Your own GPUs, models or presets cannot be read"
        if is_of_catalogue
        else "The database cannot be opened",
        printable(reason),
        (
            Choice("r", "try again", "Once what stands in the way is mended", "open_again"),
            Choice("q", "quit", "Nothing was changed", "leave"),
        ),
        is_bad=True,
    )


def waiting_lines(overview: Overview) -> list[Line]:
    """Return the line that says why jobs wait in vain, or for long; none when there is no need."""
    active, waiting = (
        overview.running + overview.queued - overview.waiting.foreign,
        overview.waiting,
    )
    if active and not overview.has_worker:
        sentence = f"{_jobs(active, 'active job')} no worker. Start one with: "
        return [((sentence, "status-paused"), ("vapor-tui worker", "bold foreground"))]
    if waiting.foreign:
        sentence = f"{_jobs(waiting.foreign, 'queued job')} an engine that this version doesn't run"
        return [((sentence, "status-paused"),)]
    if waiting.ready and overview.held_separately:
        sentence = (
            f"The queue waits for the separate worker, which has {overview.held_separately} "
            "running. Start another with: "
        )
        return [((sentence, "dim"), ("vapor-tui worker", "bold foreground"))]
    return []


def _jobs(number: int, what: str) -> str:
    return f"1 {what} has" if number == 1 else f"{number} {what}s have"
