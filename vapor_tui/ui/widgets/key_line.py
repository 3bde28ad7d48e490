"""The last line of a screen: the keys that matter now."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.binding import Binding
from textual.dom import DOMNode
from textual.reactive import var
from textual.screen import Screen

from vapor_tui.ui.line_filters import spelled_out
from vapor_tui.ui.widgets.lines import Line, LinesView, line_width

ALWAYS = Binding.Group("always")
"""Group of the keys that keep their place at the end of the line, however little room there is."""

_GAP = "   "


@dataclass(frozen=True, slots=True)
class Key:
    """A key that does something now; `node` is where its action lives."""

    label: str
    description: str
    tooltip: str
    action: str
    node: DOMNode
    is_shown: bool
    is_pinned: bool

    @property
    def line(self) -> Line:
        return ((self.label, "bold accent"), (f" {self.description}{_GAP}", "dim"))


def active_keys(screen: Screen[object]) -> list[Key]:
    """Return what can be pressed on a screen now, one entry for each action."""
    focused, app = screen.focused, screen.app
    spelled = spelled_out if getattr(app, "ascii_only", False) else str
    found: dict[tuple[str, int], Key] = {}
    for key, (node, binding, enabled, tooltip) in screen.active_bindings.items():
        if not enabled or not binding.description or binding.system:
            continue
        if focused is not None and focused.check_consume_key(key, _character(key)):
            continue
        found.setdefault(
            (binding.action, id(node)),
            Key(
                app.get_key_display(binding),
                spelled(binding.description),
                tooltip,
                binding.action,
                node,
                binding.show,
                binding.group is ALWAYS,
            ),
        )
    return list(found.values())


def _character(key: str) -> str | None:
    """Return what a key types into a field; None for one that types nothing."""
    if len(key) == 1:
        return key
    return {"slash": "/", "question_mark": "?", "space": " "}.get(key)


class KeyLine(LinesView):
    """Shows the keys in the room there is; clicking on one does what it does."""

    DEFAULT_CSS = """
    KeyLine { dock: bottom; height: 1; padding: 0 1; background: $surface; }
    """

    keys: var[tuple[Key, ...]] = var((), init=False)
    foremost: var[str] = var("", init=False)
    """The action whose key comes first at present, so that it has room; empty for none."""

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._take_keys)
        self._take_keys(self.screen)

    def on_resize(self, _event: events.Resize) -> None:
        self.watch_keys()

    def watch_foremost(self) -> None:
        self.watch_keys()

    def watch_keys(self) -> None:
        line: Line = ()
        for key in self._fitting():
            line += key.line
        # Without the last gap, for which there may be no room.
        self.show([(*line[:-1], *((text.rstrip(), style) for text, style in line[-1:]))])

    async def on_click(self, event: events.Click) -> None:
        at = event.x - self.gutter.left
        for key in self._fitting():
            size = line_width(key.line)
            if 0 <= at < size:
                await self.app.run_action(key.action, key.node)
            at -= size

    def _take_keys(self, screen: Screen[object]) -> None:
        if self.is_attached:
            self.keys = tuple(key for key in active_keys(screen) if key.is_shown)

    def _fitting(self) -> list[Key]:
        pinned = [key for key in self.keys if key.is_pinned]
        room = self.room - sum(line_width(key.line) for key in pinned) + len(_GAP)
        shown = []
        for key in sorted(self.keys, key=lambda key: key.action != self.foremost):
            room -= 0 if key.is_pinned else line_width(key.line)
            if room < 0:
                break
            if not key.is_pinned:
                shown.append(key)
        return [*shown, *pinned]
