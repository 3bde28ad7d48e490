"""What the list of jobs says where there is nothing to list, or nobody to work on it."""

from __future__ import annotations

from vapor_tui.domain.text import printable
from vapor_tui.ui.widgets.lines import Line
from vapor_tui.ui.widgets.message_panel import Choice, Notice

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


def not_opened(reason: str) -> Notice:
    """Return what is said when the database cannot be opened."""
    return Notice(
        "The database cannot be opened",
        printable(reason),
        (
            Choice("r", "try again", "Once what stands in the way is mended", "open_again"),
            Choice("q", "quit", "Nothing was changed", "leave"),
        ),
        is_bad=True,
    )


def no_worker_lines(active: int, has_worker: bool) -> list[Line]:
    """Return the line that says that jobs wait in vain; none when there is no need."""
    if has_worker or not active:
        return []
    jobs = "1 active job has" if active == 1 else f"{active} active jobs have"
    return [
        (
            (f"{jobs} no worker. Start one with: ", "status-paused"),
            ("vapor-tui worker", "bold foreground"),
        )
    ]
