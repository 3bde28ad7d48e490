"""What `estimate` prints: one plan in full, or all choices of GPUs in a table."""

from __future__ import annotations

from collections.abc import Sequence

from vapor_tui.cli.output import print_json, print_line, print_table
from vapor_tui.domain.calibration import Calibration
from vapor_tui.domain.formats import ABSENT, count, duration, fine_duration, money, money_range
from vapor_tui.domain.memory import MemoryEstimate
from vapor_tui.domain.plans import PlanRow
from vapor_tui.services.plans import Plan, calibrated, memory_document

_LABEL = 14


def print_plan(plan: Plan, found: Calibration | None) -> None:
    """Print the figures, labels at the left and values in one column."""
    settings, listed = plan.draft.settings, plan.estimate
    epochs = plan.draft.hyperparameters.epochs
    workload = listed.workload
    rows = [
        ("dataset", f"{workload.name}: {count(workload.pairs)} pairs, {workload.tokens:,} tokens"),
        ("model", f"{settings.base_model}{f', {plan.model.summary}' if plan.model else ''}"),
        ("GPUs", f"{settings.gpu_count} × {settings.gpu_type}"),
        ("compute", money(listed.compute_cost)),
        ("storage", money(listed.storage_cost)),
        ("total", money(listed.total_cost)),
        ("duration", duration(listed.seconds)),
        ("rate", f"{money(listed.hourly_rate)}/h"),
        (
            "steps",
            f"{count(listed.total_steps)} = {count(listed.steps_per_epoch)} × {epochs} "
            f"epoch{'s' if epochs > 1 else ''}",
        ),
        ("speed", f"{listed.tokens_per_second:,.0f} tok/s"),
        ("for the model", _for_model(plan)),
        ("memory", _memory(plan.memory)),
    ]
    if found is not None:
        figure = calibrated(plan, found)
        rows.append(
            (
                "calibrated",
                f"{money(figure.total_cost)} ± {figure.uncertainty:.0%} of the speed, "
                f"from {found.runs} finished runs",
            )
        )
    for label, value in rows:
        print_line(f"{label:<{_LABEL}}{value}")
    if plan.budget_warning:
        print_line(f"{'warning':<{_LABEL}}{budget_sentence(plan)}")


def budget_sentence(plan: Plan) -> str:
    """Return how the dearer estimate compares with a budget that is below it."""
    budget = plan.draft.settings.budget
    return f"{money(plan.larger_cost)} is above the budget of {money(budget)}"


def print_comparison(rows: Sequence[PlanRow], *, as_json: bool) -> None:
    """Print a row for every GPU type and count; "*" marks those that nothing dominates."""
    if as_json:
        print_json({"plans": [_document(row) for row in rows]})
        return
    print_table(
        ("", "GPU", "count", "time", "cost", "list cost", "$/M tokens", "memory", "fits"),
        [
            (
                "*" if row.is_on_frontier else "",
                row.gpu.type,
                row.gpu_count,
                fine_duration(row.seconds),
                money(row.total_cost),
                money(row.listed.total_cost),
                f"{row.cost_per_million_tokens:.2f}",
                f"{row.memory.total:.1f} of {row.memory.available:g} GB" if row.memory else ABSENT,
                _fits(row.memory),
            )
            for row in rows
        ],
    )
    print_line("* every cheaper choice that fits is slower")


def _document(row: PlanRow) -> dict[str, object]:
    return {
        "gpu_type": row.gpu.type,
        "gpu_count": row.gpu_count,
        "estimated_duration_hours": round(row.seconds / 3600, 4),
        "estimated_cost": round(row.total_cost, 2),
        "list_cost": round(row.listed.total_cost, 2),
        "cost_per_million_tokens": round(row.cost_per_million_tokens, 2),
        "memory": None if row.memory is None else memory_document(row.memory),
        "on_frontier": row.is_on_frontier,
    }


def _for_model(plan: Plan) -> str:
    figure = plan.for_model
    if figure is None:
        return "unknown: nothing is known here of this model's size"
    return (
        f"{money(figure.total_cost)} ({money_range(figure.cost_low, figure.cost_high)}), "
        f"{duration(figure.seconds)} at {figure.tokens_per_second:,.0f} tok/s "
        f"± {figure.uncertainty:.0%}"
    )


def _memory(memory: MemoryEstimate | None) -> str:
    if memory is None:
        return "unknown: nothing is known here of this model's size"
    parts = ", ".join(f"{name} {size:.1f}" for name, size in memory.parts.items())
    return f"{memory.total:.1f} of {memory.available:g} GB per GPU, {_fits(memory)} ({parts})"


def _fits(memory: MemoryEstimate | None) -> str:
    if memory is None:
        return ABSENT
    if not memory.fits:
        return "does not fit"
    return "tight" if memory.is_tight else "fits"
