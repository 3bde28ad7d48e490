"""Lines of styled text, of which only the cells that change are drawn again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
_styles: dict[tuple[str, bool], dict[str, Style]] = {}
"""By theme and whether there are no colours, and then by name."""


def style_of(app: App[object], name: str) -> Style:
    """Return the style that words like "bold status-failed on panel" mean in the present theme."""
    return _styles_of(app, (name,))[name]


def _styles_of(app: App[object], names: Iterable[str]) -> Mapping[str, Style]:
    """Return styles by name, these among them."""
    styles = _styles.setdefault((app.theme, app.no_color), {})
    for name in names:
        if name not in styles:
            styles[name] = _parsed(app, name)
    return styles


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


def text_width(text: str) -> int:
    """Return how many cells a text takes; most of what is shown is ASCII, one cell a character."""
    return len(text) if text.isascii() else cell_len(text)


def line_width(line: Line) -> int:
    """Return how many cells a line takes."""
    return sum([text_width(text) for text, _ in line])


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
        part = text if text_width(text) <= room else set_cell_size(text, room)
        cut.append((part, style))
        room -= text_width(part)
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
        width = self.size.width
        regions = [
            Region(start, y, end - start, 1)
            for y, (old, new) in enumerate(zip(before, after, strict=True))
            if old != new
            for start, end in [changed_cells(fitted(old, width), fitted(new, width))]
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
    ground, styles = widget.rich_style, _styles_of(widget.app, (style for _, style in line))
    segments = [Segment(text, ground + styles[style]) for text, style in line if text]
    return Strip(segments).simplify()  # one escape sequence a style


def changed_cells(before: Line, after: Line) -> tuple[int, int]:
    """Return the first and the end cell of what differs between two lines as they are drawn."""
    first = _same_spans(before, after)
    old, new = before[first:], after[first:]
    at = line_width(before[:first])
    if line_width(old) == line_width(new) and (last := _same_spans(old[::-1], new[::-1])):
        old, new = old[:-last], new[:-last]
    start, end = _changed(old, new)
    return at + start, at + end


def _same_spans(before: Line, after: Line) -> int:
    """Return with how many equal spans two lines begin."""
    pairs = zip(before, after, strict=False)
    shorter = min(len(before), len(after))
    return next((i for i, (old, new) in enumerate(pairs) if old != new), shorter)


def _changed(before: Line, after: Line) -> tuple[int, int]:
    size = max(line_width(before), line_width(after))
    old, new = _cells(before), _cells(after)
    if old is None or new is None:
        return 0, size
    old += [(" ", "")] * (size - len(old))
    new += [(" ", "")] * (size - len(new))
    start = next((i for i in range(size) if old[i] != new[i]), 0)
    end = next((i + 1 for i in reversed(range(size)) if old[i] != new[i]), size)
    return start, end


def _cells(line: Line) -> list[Span] | None:
    """Return a line cell by cell; None where its characters do not take a cell each.

    How many cells an emoji and what is joined to it take is not the sum of its parts.
    """
    if not all(text.isascii() or all(cell_len(c) == 1 for c in text) for text, _ in line):
        return None
    return [(character, style) for text, style in line for character in text]
