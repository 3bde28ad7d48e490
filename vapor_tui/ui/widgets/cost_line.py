"""The cost panel in one line, for screens where it stands below the form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.reactive import reactive

from vapor_tui.domain.formats import count, duration, money
from vapor_tui.ui.glyphs import INJECTED_SHORT, SIMULATED_SHORT, SIMULATED_STYLE, percent
from vapor_tui.ui.widgets.cost_panel import budget_share
from vapor_tui.ui.widgets.lines import GAP, Line, LinesView, joined

if TYPE_CHECKING:
    from vapor_tui.services.plans import Plan


class CostLine(LinesView):
    """Total, duration, share of the budget and steps."""

    DEFAULT_CSS = """
    CostLine { height: 1; min-width: 10; }
    """

    plan: reactive[Plan | None] = reactive(None)
    """The last valid one."""
    is_stale: reactive[bool] = reactive(False)
    """Whether the form has become invalid since."""
    injection: reactive[str] = reactive("")
    """The fault that is to be rehearsed; nothing for a run that is to go well."""

    def on_mount(self) -> None:
        self._show()

    def watch_plan(self) -> None:
        self._show()

    def watch_is_stale(self) -> None:
        self._show()

    def watch_injection(self) -> None:
        self._show()

    def _show(self) -> None:
        mark: Line = ((SIMULATED_SHORT, SIMULATED_STYLE),)
        if self.injection:
            mark = ((INJECTED_SHORT, "bold status-paused"),)
        self.show([summary(self.plan, self.is_stale, mark)])


def summary(plan: Plan | None, is_stale: bool, mark: Line) -> Line:
    """Return the figures in the order of their weight; what has no room is cut off."""
    if plan is None:
        return (("no figures yet", "dim"),)
    found, share = plan.estimate, budget_share(plan)
    style = "dim" if is_stale else "bold"
    parts: list[Line] = [
        ((f"{money(found.total_cost):>7}", style), (f" {duration(found.seconds):>6}", style)),
        mark,
        (("last valid", "dim"),) if is_stale else (),
    ]
    if plan.memory is not None and not plan.memory.fits:
        parts.append((("does not fit", "error"),))
    if share is not None:
        parts.append(((f"{percent(share).strip()} of budget", "dim" if share <= 1 else "warning"),))
    parts.append(((f"{count(found.total_steps)} steps", "dim"),))
    return joined(parts, GAP[:2])
