"""What tells curves apart that share a chart: a colour, a mark and a kind of line each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vapor_tui.ui.widgets.lines import Span


@dataclass(frozen=True, slots=True)
class CurveStyle:
    """One look of a curve; no two have the same mark, so that colour is never needed."""

    colour: str
    """Name of a theme colour."""
    mark: str
    on: int
    off: int
    """Columns that are drawn and left out in turn; 0 leaves none out."""
    stroke: str
    """The line as it is drawn in a legend."""

    @property
    def sample(self) -> Span:
        """A short piece of the curve."""
        return (f"{self.stroke}{self.mark}{self.stroke}", self.colour)


STYLES = (
    CurveStyle("curve-1", "●", 1, 0, "─"),
    CurveStyle("curve-2", "■", 3, 1, "╌"),
    CurveStyle("curve-3", "▲", 1, 1, "┈"),
    CurveStyle("curve-4", "◆", 6, 2, "╴"),
    CurveStyle("curve-5", "○", 2, 2, "┄"),
    CurveStyle("curve-6", "□", 1, 2, "·"),
)
CURVE_STYLES = tuple(style.colour for style in STYLES)


def styles_of(job_ids: Sequence[int]) -> dict[int, CurveStyle]:
    """Return a style for each job: its own, or the next free one when another job has that.

    A job keeps its style from one comparison to the next wherever that is possible.
    """
    taken: dict[int, int] = {}
    for job_id in sorted(job_ids):
        place = (job_id - 1) % len(STYLES)
        while place in taken.values():
            place = (place + 1) % len(STYLES)
        taken[job_id] = place
    return {job_id: STYLES[taken[job_id]] for job_id in job_ids}
