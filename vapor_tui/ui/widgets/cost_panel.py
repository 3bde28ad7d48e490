"""What the job in the form will take: cost, time, steps and memory, and the budget."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.reactive import reactive

from vapor_tui.domain.formats import ABSENT, count, duration, money
from vapor_tui.domain.text import printable
from vapor_tui.ui.glyphs import SIMULATED, bar, percent
from vapor_tui.ui.widgets.lines import Line, LinesView, fitted, spread

if TYPE_CHECKING:
    from vapor_tui.services.plans import Plan

_WIDEST = 44
_PARTS_GAP = "  "


class CostPanel(LinesView):
    """Figures aligned at the right edge, so that nothing moves when one gets longer."""

    DEFAULT_CSS = """
    CostPanel { min-width: 20; }
    """

    plan: reactive[Plan | None] = reactive(None)
    """The last valid one."""
    is_stale: reactive[bool] = reactive(False)
    """Whether the form has become invalid since."""

    def on_mount(self) -> None:
        self._show()

    def on_resize(self) -> None:
        self._show()

    def watch_plan(self) -> None:
        self._show()

    def watch_is_stale(self) -> None:
        self._show()

    def _show(self) -> None:
        width = min(self.size.width, _WIDEST)
        lines = tuple(panel_lines(self.plan, width))
        if self.is_stale:
            title = (("Cost", "bold"), ("  last valid", "dim"))
            lines = (_title(title, width), *map(dimmed, lines[1:]))
        self.show(lines)


def panel_lines(plan: Plan | None, width: int) -> Iterable[Line]:
    """Yield the lines of the panel, each in exactly this many cells."""
    yield _title((("Cost", "bold"),), width)
    if plan is None:
        yield fitted((("no figures yet", "dim"),), width)
        return
    found, epochs = plan.estimate, plan.draft.hyperparameters.epochs
    steps = f"{count(found.total_steps)} = {count(found.steps_per_epoch)} × {epochs} epochs"
    yield _row("compute", money(found.compute_cost), width)
    yield _row("storage", money(found.storage_cost), width)
    yield _row("total", money(found.total_cost), width, "bold")
    yield _row("", "", width)
    yield _row("duration", duration(found.seconds), width, "bold")
    yield _row("rate", f"{money(found.hourly_rate)}/h", width)
    yield _row("steps", steps, width)
    yield _row("speed", f"{found.tokens_per_second:,.0f} tok/s", width)
    yield _row("dataset", printable(found.workload.name or ABSENT), width)
    yield _row("", "", width)
    yield from model_lines(plan, width)
    yield from memory_lines(plan, width)
    yield from budget_lines(plan, width)


def model_lines(plan: Plan, width: int) -> Iterable[Line]:
    """Yield what the size of this model makes of time and cost; nothing for an unknown one."""
    model, found = plan.model, plan.for_model
    if model is None or found is None:
        return
    bounds = f"{money(found.cost_low)} … {money(found.cost_high)}"
    yield _row(f"for {printable(model.id, 20)}", money(found.total_cost), width, "bold")
    yield _row(f"± {percent(found.uncertainty).strip()} speed", bounds, width)
    speed = f"{found.tokens_per_second:,.0f} tok/s"
    yield _row(speed, duration(found.seconds), width, "bold")
    yield _row("", "", width)


def memory_lines(plan: Plan, width: int) -> Iterable[Line]:
    """Yield what each GPU has to hold, part by part; nothing for an unknown model."""
    memory = plan.memory
    if memory is None:
        return
    if memory.fits:
        word, style = ("tight", "warning") if memory.is_tight else ("fits", "success")
    else:
        word, style = "does not fit", "error"
    needs = f"{memory.total:.1f} of {memory.available:g} GB"
    yield spread((("memory  ", "dim"), (word, style)), ((needs, "foreground"),), width)
    yield bar(memory.total / memory.available, width, style)
    half = (width - len(_PARTS_GAP)) // 2
    parts = [
        _row(name, f"{size:.1f}" if size < 100 else f"{size:.0f}", half)
        for name, size in memory.parts.items()
    ]
    for left, right in zip(parts[::2], parts[1::2], strict=True):
        yield fitted((*left, (_PARTS_GAP, ""), *right), width)
    yield _row("", "", width)


def budget_lines(plan: Plan, width: int) -> Iterable[Line]:
    """Yield the budget and how the dearer estimate stands to it."""
    share, budget = budget_share(plan), plan.draft.settings.budget
    if share is None or budget is None:
        yield _row("budget", "none set", width, "dim")
        return
    style = "success" if share <= 1 else "warning"
    left = budget - plan.larger_cost
    words = f"{money(left)} to spare" if left >= 0 else f"{money(-left)} over budget"
    yield _row("budget", money(budget), width)
    yield bar(share, width, style)
    yield _row(percent(share).strip(), words, width, style)


def budget_share(plan: Plan) -> float | None:
    """Return the part of the budget that the dearer estimate takes; None without a budget."""
    budget = plan.draft.settings.budget
    return plan.larger_cost / budget if budget else None


def dimmed(line: Line) -> Line:
    """Return a line in the colour of what does not count at present."""
    return tuple((text, "dim") for text, _ in line)


def _title(words: Line, width: int) -> Line:
    return spread(words, ((SIMULATED, "warning"),), width)


def _row(label: str, value: str, width: int, style: str = "foreground") -> Line:
    return spread(((label, "dim"),), ((value, style),), width)
