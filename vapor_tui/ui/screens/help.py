"""Every key of a screen, taken from its bindings."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widgets import Static

from vapor_tui.ui.screens.finishing import DialogScreen
from vapor_tui.ui.widgets.lines import FittedLines, Line, fitted, line_width, spread

_KEY_WIDTH = 14
_GROUPS = ("On this screen", "Where the cursor is", "Everywhere")
_EVERYWHERE = ("app.", "screen.")
"""What the names of those keys begin with that every screen has."""


@dataclass(frozen=True, slots=True)
class HelpEntry:
    """What an action's keys are, what it does, and the name to remap it by."""

    keys: list[str]
    words: str
    binding_id: str


@dataclass(frozen=True, slots=True)
class HelpGroup:
    """Actions that belong together."""

    title: str
    entries: tuple[HelpEntry, ...]


class HelpScreen(DialogScreen[None]):
    """A list of keys with what each does."""

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape,q,question_mark,enter",
            "dismiss",
            "Close",
            id="help.close",
            tooltip="Close this help",
        ),
        Binding("down,j", "scroll(1)", "Down", show=False, id="help.down", tooltip="Scroll down"),
        Binding("up,k", "scroll(-1)", "Up", show=False, id="help.up", tooltip="Scroll up"),
        Binding(
            "pagedown,ctrl+f",
            "turn(1)",
            "Next page",
            show=False,
            id="help.next_page",
            tooltip="Go down by what fits on the screen",
        ),
        Binding(
            "pageup,ctrl+b",
            "turn(-1)",
            "Previous page",
            show=False,
            id="help.previous_page",
            tooltip="Go up by what fits on the screen",
        ),
        Binding("g,home", "first", "First", show=False, id="help.first", tooltip="Go to the top"),
        Binding("G,end", "last", "Last", show=False, id="help.last", tooltip="Go to the end"),
    ]

    def __init__(self, keys: Sequence[HelpGroup]) -> None:
        super().__init__()
        self._keys = keys

    @classmethod
    def of(cls, screen: Screen[Any]) -> HelpScreen:
        """Return the help of a screen: its keys as they are bound and apply now."""
        return cls(keys_of(screen))

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static("Keys", id="title")
            with VerticalScroll():
                yield FittedLines()
            yield Static(
                "esc closes    config.toml remaps keys by the names at the right", id="hint"
            )

    @on(FittedLines.Resized)
    def _show(self) -> None:
        view = self.query_one(FittedLines)
        if width := view.content_size.width:
            view.show(help_lines(self._keys, width))

    def action_scroll(self, lines: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def action_turn(self, pages: int) -> None:
        scroll = self.query_one(VerticalScroll)
        scroll.scroll_relative(y=pages * scroll.size.height, animate=False)

    def action_first(self) -> None:
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def action_last(self) -> None:
        self.query_one(VerticalScroll).scroll_end(animate=False)


def keys_of(screen: Screen[Any]) -> list[HelpGroup]:
    """Return every action that a key does on a screen now.

    First what the screen does, then what the part with the focus does, then what goes
    everywhere.
    """
    groups: dict[str, dict[tuple[str, int], HelpEntry]] = {title: {} for title in _GROUPS}
    for node, binding, enabled, tooltip in screen.active_bindings.values():
        if not enabled or not tooltip:
            continue
        entries = groups[_group_of(node, binding)]
        entry = entries.setdefault(
            (binding.action, id(node)), HelpEntry([], tooltip, binding.id or "")
        )
        entry.keys.append(screen.app.get_key_display(binding))
    return [
        HelpGroup(title, tuple(entries.values())) for title, entries in groups.items() if entries
    ]


def _group_of(node: DOMNode, binding: Binding) -> str:
    here, within, everywhere = _GROUPS
    if isinstance(node, App) or (binding.id or "").startswith(_EVERYWHERE):
        return everywhere
    return here if isinstance(node, Screen) else within


def help_lines(groups: Sequence[HelpGroup], width: int) -> list[Line]:
    """Return the keys of each group, what they do, and at the right edge what remaps them."""
    lines: list[Line] = []
    for group in groups:
        lines += [(), ((group.title, "bold foreground"),)]
        for entry in group.entries:
            lines += _entry_lines(entry, width)
    return lines[1:]


def _entry_lines(entry: HelpEntry, width: int) -> list[Line]:
    keys = f"{'  '.join(entry.keys):<{_KEY_WIDTH}}"
    indent = " " * (_KEY_WIDTH + 2)
    parts = textwrap.wrap(entry.words, max(width - len(indent), 10))
    lines: list[Line] = [((indent, ""), (part, "foreground")) for part in parts]
    lines[0] = (*fitted(((keys, "bold accent"),), _KEY_WIDTH), ("  ", ""), *lines[0][1:])
    name: Line = ((entry.binding_id, "dim"),)
    if line_width(lines[-1]) + 2 + line_width(name) > width:
        lines.append(())
    lines[-1] = spread(lines[-1], name, width)
    return lines
