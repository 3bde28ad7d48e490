"""A centred message with the keys that lead on from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.message import Message
from textual.reactive import var

from vapor_tui.ui.widgets.lines import Line, LinesView, line_width
from vapor_tui.ui.wrapping import wrapped

_WIDEST = 76


@dataclass(frozen=True, slots=True)
class Choice:
    """A key, what it does in a few words, what that means, and the action behind the key."""

    key: str
    label: str
    explanation: str
    action: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What a panel says; all of it safe to show."""

    title: str
    text: str = ""
    choices: Sequence[Choice] = ()
    is_bad: bool = False


class MessagePanel(LinesView):
    """Fills its place with one message in the middle; a click on a choice is its key."""

    DEFAULT_CSS = """
    MessagePanel { height: 1fr; }
    """

    notice: var[Notice] = var(Notice(""), init=False)

    class Chosen(Message):
        """A choice was clicked: its action is wanted."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    def on_resize(self, _event: events.Resize) -> None:
        self.watch_notice()

    def watch_notice(self) -> None:
        width, height = self.content_size
        block = notice_lines(self.notice, min(width - 4, _WIDEST))
        indent = (width - max((line_width(line) for line in block), default=0)) // 2
        above = max((height - len(block)) * 2 // 5, 0)
        padding: Line = ((" " * max(indent, 0), ""),)
        self.show([*[()] * above, *((*padding, *line) if line else () for line in block)])

    def on_click(self, event: events.Click) -> None:
        y = event.y - self.gutter.top
        text = "".join(part for part, _ in self.lines[y]) if y < len(self.lines) else ""
        for choice in self.notice.choices:
            if text.strip().startswith(f"{choice.key} "):
                self.post_message(self.Chosen(choice.action))


def notice_lines(notice: Notice, width: int) -> list[Line]:
    """Return a notice as a block of lines of at most this width."""
    title = "bold status-failed" if notice.is_bad else "bold foreground"
    lines: list[Line] = [((part, title),) for part in _wrapped(notice.title, width)]
    if notice.text:
        lines += [(), *(((part, "foreground"),) for part in _wrapped(notice.text, width))]
    keys = max((len(choice.key) for choice in notice.choices), default=0)
    for choice in notice.choices:
        gap = " " * (keys + 3)
        lines += [
            (),
            (
                (f"{choice.key:<{keys}}   ", "bold accent"),
                (choice.label, "foreground"),
            ),
            *(
                ((f"{gap}{part}", "dim"),)
                for part in _wrapped(choice.explanation, width - len(gap))
            ),
        ]
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    return wrapped(text, max(width, 10))
