"""Which notifications pop up, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from textual.app import App

from vapor_tui.domain.text import printable

if TYPE_CHECKING:
    from vapor_tui.domain.notifications import Notification

MOST_AT_ONCE = 3
_SECONDS = {"low": 3.0, "normal": 6.0, "high": 12.0}


@dataclass(frozen=True, slots=True)
class Toast:
    """A message that goes away by itself; safe to show."""

    title: str
    message: str
    severity: Literal["information", "warning", "error"]
    seconds: float


def toasts_of(
    news: Sequence[Notification], watched: int | None, count: int | None = None
) -> list[Toast]:
    """Return what to pop up for new notifications, oldest first.

    `count` says how many there are where `news` are only the most important of them.

    What is of low priority and belongs to the job that is being watched shows there already.
    Of many at once only the most important are told, and how many more there are.
    """
    told = [note for note in news if not _shows_already(note, watched)]
    wanted = len(told) + max(0, (count or 0) - len(news))
    if wanted > MOST_AT_ONCE:
        order = {"high": 0, "normal": 1, "low": 2}
        first = sorted(told, key=lambda note: order[note.priority])[: MOST_AT_ONCE - 1]
        rest = wanted - len(first)
        return [
            *(_toast(note) for note in first),
            Toast("More news", f"{rest} more notifications", "information", _SECONDS["normal"]),
        ]
    return [_toast(note) for note in told]


def show_toasts(app: App[Any], toasts: Sequence[Toast], *, with_bell: bool) -> None:
    """Let toasts pop up, with the terminal's bell if there are any."""
    if toasts and with_bell:
        app.bell()
    for toast in toasts:
        app.notify(
            toast.message,
            title=toast.title,
            severity=toast.severity,
            timeout=toast.seconds,
            markup=False,
        )


def _shows_already(note: Notification, watched: int | None) -> bool:
    return note.priority == "low" and note.job_id is not None and note.job_id == watched


def _toast(note: Notification) -> Toast:
    severity: Literal["information", "warning", "error"] = "information"
    if note.priority == "high":
        severity = "error" if note.type == "job_failed" else "warning"
    return Toast(printable(note.title), printable(note.message), severity, _SECONDS[note.priority])
