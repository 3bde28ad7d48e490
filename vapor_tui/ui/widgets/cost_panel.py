"""What the job in the form will take: cost, time, steps and memory, and the budget."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import events
from textual.message import Message
from textual.reactive import reactive

from vapor_tui.domain.formats import ABSENT, count, duration, money, money_range
from vapor_tui.domain.text import printable
from vapor_tui.ui.glyphs import bar, percent, simulated_mark
from vapor_tui.ui.widgets.lines import Line, LinesView, fitted, line_width, spread

if TYPE_CHECKING:
    from vapor_tui.domain.calibration import Calibration
    from vapor_tui.domain.plans import PlanRow
    from vapor_tui.services.plans import Plan

_WIDEST = 44
_PARTS_GAP = "  "
_COMPARE = "f2"

READING = "reading past runs…"
TOO_FEW = "needs 3 runs"
UNREADABLE = "cannot be read"


@dataclass(frozen=True, slots=True)
class PastRuns:
    """What finished runs of this model on this GPU say; where nothing, `note` tells why."""

    note: str = ""
    found: Calibration | None = None


class CostPanel(LinesView):
    """Figures aligned at the right edge, so that nothing moves when one gets longer."""

    DEFAULT_CSS = """
    CostPanel { min-width: 20; }
    """

    plan: reactive[Plan | None] = reactive(None)
    """The last valid one."""
    is_stale: reactive[bool] = reactive(False)
    """Whether the form has become invalid since."""
    cheapest: reactive[PlanRow | None] = reactive(None)
    """The choice of GPUs that costs least, of those that fit if any does."""
    past_runs: reactive[PastRuns] = reactive(PastRuns())
    injection: reactive[str] = reactive("")
    """The fault that is to be rehearsed; nothing for a run that is to go well."""

    class ComparisonWanted(Message):
        """The line that offers other GPUs was clicked."""

    def on_mount(self) -> None:
        self._show()

    def on_resize(self) -> None:
        self._show()

    def watch_plan(self) -> None:
        self._show()

    def watch_is_stale(self) -> None:
        self._show()

    def watch_cheapest(self) -> None:
        self._show()

    def watch_past_runs(self) -> None:
        self._show()

    def watch_injection(self) -> None:
        self._show()

    def on_click(self, event: events.Click) -> None:
        if self.cheapest is not None and event.y == len(self.lines) - 1:
            self.post_message(self.ComparisonWanted())

    def _show(self) -> None:
        width = min(self.size.width, _WIDEST)
        title: Line = (("Cost", "bold"),)
        lines = panel_lines(self.plan, width, self.past_runs, self.cheapest)
        if self.is_stale:
            title = (*title, ("  last valid", "dim"))
            lines = map(dimmed, lines)
        self.show([spread(title, simulated_mark(self.injection), width), *lines])


def panel_lines(
    plan: Plan | None, width: int, past_runs: PastRuns, cheapest: PlanRow | None
) -> Iterable[Line]:
    """Yield the lines of the panel below its title, each in exactly this many cells."""
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
    yield calibrated_line(plan, past_runs, width)
    yield _row("", "", width)
    yield from memory_lines(plan, width)
    yield from budget_lines(plan, width)
    if cheapest is not None:
        yield _row("", "", width)
        yield compare_line(cheapest, width)


def model_lines(plan: Plan, width: int) -> Iterable[Line]:
    """Yield what the size of this model makes of time and cost; nothing for an unknown one."""
    model, found = plan.model, plan.for_model
    if model is None or found is None:
        return
    bounds = money_range(found.cost_low, found.cost_high)
    yield _row(f"for {printable(model.id, 20)}", money(found.total_cost), width, "bold")
    yield _row(f"± {percent(found.uncertainty).strip()} speed", bounds, width)
    speed = f"{found.tokens_per_second:,.0f} tok/s"
    yield _row(speed, duration(found.seconds), width, "bold")


def calibrated_line(plan: Plan, past_runs: PastRuns, width: int) -> Line:
    """Return what the job costs at the speed that finished runs have had, or why that is unknown.

    One line in any case, so that nothing moves when the answer comes.
    """
    from vapor_tui.services.plans import calibrated

    found = past_runs.found
    if found is None:
        return _row("calibrated", past_runs.note, width, "dim")
    spread_text, runs = percent(found.spread).strip(), f"{found.runs} runs"
    labels = (
        f"calibrated ± {spread_text} speed, from {runs}",
        f"calibrated ± {spread_text} from {runs}",
        f"calibrated ± {spread_text}, {runs}",
        f"calibrated, {runs}",
    )
    value: Line = ((money(calibrated(plan, found).total_cost), "bold"),)
    return spread(((_longest(labels, value, width), "dim"),), value, width)


def compare_line(cheapest: PlanRow, width: int) -> Line:
    """Return the way to the comparison, and the best that it has to offer."""
    if not cheapest.may_fit:
        value: Line = (("none fits", "error"),)
    else:
        gpus = f"({cheapest.gpu_count} × {printable(cheapest.gpu.type)})"
        value = ((money(cheapest.total_cost), "bold"), (f" {gpus}", "foreground"))
    what = "cheapest fit" if cheapest.memory else "cheapest"
    labels = (f" compare plans: {what}", f" plans: {what}", " plans: cheapest", " cheapest")
    room = width - len(_COMPARE)
    label: Line = ((_COMPARE, "bold accent"), (_longest(labels, value, room), "dim"))
    return spread(label, value, width)


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


def _longest(labels: Iterable[str], value: Line, width: int) -> str:
    """Return the first label that leaves a gap before a value, else the last."""
    label = ""
    for label in labels:
        if len(label) + 1 + line_width(value) <= width:
            break
    return label


def _row(label: str, value: str, width: int, style: str = "foreground") -> Line:
    return spread(((label, "dim"),), ((value, style),), width)
