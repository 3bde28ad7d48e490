"""Lines of styled text, of which only the cells that change are drawn again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from rich.cells import cell_len, set_cell_size
from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import App
from textual.color import Color
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import var
from textual.strip import Strip
from textual.widget import Widget

Span: TypeAlias = tuple[str, str]
"""A text that is safe to show, and its style: words of Rich's and names of theme colours."""
Line: TypeAlias = tuple[Span, ...]

GAP = "   "

_ATTRIBUTES = ("bold", "italic", "underline", "reverse")
CURSOR_GROUND = "block-cursor-background"
"""The ground of what the cursor is on."""
_styles: dict[tuple[str, str, bool], Style] = {}


def style_of(app: App[object], name: str) -> Style:
    """Return the style that words like "bold status-failed on panel" mean in the present theme."""
    key = (app.theme, name, app.no_color)
    if key not in _styles:
        _styles[key] = _parsed(app, name)
    return _styles[key]


def _parsed(app: App[object], name: str) -> Style:
    words = name.split()
    back = words[words.index("on") + 1] if "on" in words else None
    front = words[: words.index("on")] if "on" in words else words
    colours = [word for word in front if word not in _ATTRIBUTES]
    return Style(
        color=_colour(app, colours[0]) if colours else None,
        bgcolor=_colour(app, back) if back else None,
        bold="bold" in words or None,
        italic="italic" in words or None,
        underline="underline" in words or None,
        # Without colours a ground is not seen.
        reverse="reverse" in words or (back == CURSOR_GROUND and app.no_color) or None,
    )


def _colour(app: App[object], variable: str) -> RichColor:
    return Color.parse(app.theme_variables[variable]).rich_color


def line_width(line: Line) -> int:
    """Return how many cells a line takes."""
    return sum(cell_len(text) for text, _ in line)


def fitted(line: Line, width: int) -> Line:
    """Return a line in exactly this many cells: padded, or cut with an ellipsis."""
    have = line_width(line)
    if have == width:
        return line
    if have < width:
        return (*line, (" " * (width - have), ""))
    cut: list[Span] = []
    room = width - 1
    for text, style in line:
        part = text if cell_len(text) <= room else set_cell_size(text, room)
        cut.append((part, style))
        room -= cell_len(part)
        if room <= 0:
            break
    return (*cut, ("…", cut[-1][1])) if width > 0 else ()


def spread(left: Line, right: Line, width: int) -> Line:
    """Return a line with one part at its left end and one, which matters more, at its right."""
    room = width - line_width(right)
    if room <= 0:
        return fitted(right, width)
    return (*fitted(left, room), *right)


def joined(parts: Iterable[Line], gap: str = GAP) -> Line:
    """Return the parts that are not empty, one after the other."""
    spans: list[Span] = []
    for part in parts:
        if part:
            spans += [(gap, ""), *part] if spans else part
    return tuple(spans)


class LinesView(Widget):
    """Shows lines of text. What owns it says what they are; this draws the difference."""

    DEFAULT_CSS = """
    LinesView { width: 1fr; height: auto; }
    """
    ALLOW_SELECT = False

    lines: var[tuple[Line, ...]] = var((), init=False)

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines from the top; what does not fit is cut off."""
        self.lines = tuple(lines)

    @property
    def plain(self) -> str:
        """The text without styles."""
        return "\n".join("".join(text for text, _ in line) for line in self.lines)

    @property
    def room(self) -> int:
        """How many cells a line has; before the first layout, if it spans the whole terminal.

        What is shown with it stands in the first frame instead of the one after it.
        """
        return self.content_size.width or self.app.size.width - self.styles.gutter.width

    def watch_lines(self, before: tuple[Line, ...], after: tuple[Line, ...]) -> None:
        if len(before) != len(after):
            self.refresh(layout=self.styles.is_auto_height)
            return
        regions = [
            Region(start, y, end - start, 1)
            for y, (old, new) in enumerate(zip(before, after, strict=True))
            if old != new
            for start, end in [changed_cells(old, new)]
        ]
        if regions:
            self.refresh(*regions)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self.lines)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return max((line_width(line) for line in self.lines), default=0)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        line = self.lines[y] if y < len(self.lines) else ()
        return strip_of(self, fitted(line, width))


class FittedLines(LinesView):
    """Lines that depend on the room there is: tells its screen when that changes."""

    class Resized(Message):
        """There is another room to fill."""

    def on_resize(self, _event: events.Resize) -> None:
        self.post_message(self.Resized())


def strip_of(widget: Widget, line: Line) -> Strip:
    """Return a line as Textual draws it, on the widget's own background."""
    app = widget.app
    strip = Strip([Segment(text, style_of(app, style)) for text, style in line if text])
    return strip.apply_style(widget.rich_style).simplify()  # one escape sequence a style


def changed_cells(before: Line, after: Line) -> tuple[int, int]:
    """Return the first and the end cell of what differs between two lines."""
    old, new = _cells(before), _cells(after)
    size = max(len(old), len(new))
    old += [(" ", "")] * (size - len(old))
    new += [(" ", "")] * (size - len(new))
    start = next((i for i in range(size) if old[i] != new[i]), 0)
    end = next((i + 1 for i in reversed(range(size)) if old[i] != new[i]), size)
    return start, end


def _cells(line: Line) -> list[Span]:
    """Return a line cell by cell; a wide character fills both of its cells."""
    cells: list[Span] = []
    for text, style in line:
        for character in text:
            size = cell_len(character)
            cells += [(character, style)] * size
    return cells
