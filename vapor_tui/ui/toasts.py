"""Which notifications pop up, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from textual.app import App

from vapor_tui.domain.health.findings import ADVICE
from vapor_tui.domain.text import printable

if TYPE_CHECKING:
    from vapor_tui.domain.notifications import Notification

MOST_AT_ONCE = 3
_SECONDS = {"low": 3.0, "normal": 4.0, "high": 8.0}
_NAME_LENGTH = 24


@dataclass(frozen=True, slots=True)
class Toast:
    """A message that goes away by itself; safe to show."""

    title: str
    message: str
    severity: Literal["information", "warning", "error"]
    seconds: float


def toasts_of(
    news: Sequence[Notification],
    watched: int | None,
    count: int | None = None,
    *,
    most: int = MOST_AT_ONCE,
) -> list[Toast]:
    """Return what to pop up for new notifications, oldest first.

    `count` says how many there are where `news` are only the most important of them, and `most`
    how many toasts there is room for.

    What is of low priority and belongs to the job that is being watched shows there already.
    Of many at once only the most important are told, and how many more there are.
    """
    told = [note for note in news if not _shows_already(note, watched)]
    wanted = len(told) + max(0, (count or 0) - len(news))
    if not told or wanted <= most:
        return [_toast(note) for note in told]
    order = {"high": 0, "normal": 1, "low": 2}
    first = sorted(told, key=lambda note: order[note.priority])[: max(1, most - 1)]
    toasts = [_toast(note) for note in first]
    rest = f"{wanted - len(first)} more"
    if most == 1:
        return [replace(toasts[0], title=f"{toasts[0].title}, and {rest}")]
    return [
        *toasts,
        Toast("More news", f"{rest} notifications", "information", _SECONDS["normal"]),
    ]


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
    job = "" if note.job_id is None else f"#{note.job_id} "
    title = printable(f"{job}{note.title}")
    return Toast(title, printable(_shortened(note)), severity, _SECONDS[note.priority])


def _shortened(note: Notification) -> str:
    """Return a message without its advice, which the monitor and the list give, or a long name."""
    text = note.message
    if found := note.metadata.get("health"):
        text = text.removesuffix(f". {ADVICE.get(found)}")
    name = note.job_name or ""
    return text.replace(f'"{name}"', f'"{printable(name, _NAME_LENGTH)}"', 1)
