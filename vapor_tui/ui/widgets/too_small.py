"""What is shown in a terminal that is too small for the screens."""

from __future__ import annotations

from textual import events
from textual.geometry import Size
from textual.widgets import Static

SMALLEST = Size(60, 18)


class TooSmall(Static):
    """Says how large the terminal must be and is; styles show it in place of everything else."""

    DEFAULT_CSS = """
    TooSmall { width: 100%; height: 100%; content-align: center middle; text-align: center; }
    """

    def __init__(self) -> None:
        super().__init__(markup=False)

    def on_mount(self) -> None:
        self._describe(self.app.size)

    def on_resize(self, _event: events.Resize) -> None:
        self._describe(self.app.size)

    def _describe(self, size: Size) -> None:
        needed = f"{SMALLEST.width} x {SMALLEST.height}"
        self.update(f"vapor-tui needs {needed},\nthis terminal is {size.width} x {size.height}")
