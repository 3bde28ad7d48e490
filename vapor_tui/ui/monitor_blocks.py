"""The blocks at the side of a monitor: progress, cost, health, settings."""

from __future__ import annotations

import textwrap
from datetime import datetime
from typing import TYPE_CHECKING

from vapor_tui.domain.cost_plan import drift, planned_cost, projected_cost
from vapor_tui.domain.formats import ABSENT, count, duration, money, plain_number
from vapor_tui.domain.lifecycle import Status
from vapor_tui.domain.text import printable
from vapor_tui.ui.glyphs import SIMULATED, bar, percent
from vapor_tui.ui.monitor_lines import (
    Figures,
    bars,
    ended_line,
    failure_text,
    left_line,
    loss,
    note_text,
    simulated_left,
    speed_line,
)
from vapor_tui.ui.widgets.lines import Line, fitted, joined

if TYPE_CHECKING:
    from vapor_tui.domain.jobs import Job

_LABEL = 9
_LONGEST_REASON = 6
_LONGEST_NOTE = 4
_ADVICE = "r tries again after the last stored step, y plans a new job with these settings"
_ADVICE_ON_REPETITION = "It would fail again: y plans a new job with other settings"


def side_lines(job: Job, now: datetime, figures: Figures, width: int, height: int) -> list[Line]:
    """Return the blocks, one under the other, as many whole ones as there is height for."""
    blocks = [
        failure_block(job, width),
        progress_block(job, now, figures, width),
        cost_block(job, width),
        health_block(job, figures),
        settings_block(job),
        note_block(job, width),
    ]
    lines: list[Line] = []
    for block in blocks:
        gap: list[Line] = [()] if lines and block else []
        if len(lines) + len(gap) + len(block) > height:
            break
        lines += gap + block
    return lines


def progress_block(job: Job, now: datetime, figures: Figures, width: int) -> list[Line]:
    """Return both bars, steps, speeds and times."""
    steps = f"{count(job.current_step)} of {count(job.total_steps)}"
    lines = [
        _heading("Progress"),
        *bars(job, width),
        _two(_pair("step", steps), speed_line(job, figures), width),
    ]
    if job.status.has_ended:
        took = _pair("took", duration(job.elapsed(now)))
        return [*lines, _two(took, ended_line(job, now), width)]
    return [
        *lines,
        _pair("elapsed", duration(job.elapsed(now))),
        (*_label("left"), *joined([left_line(job, now), simulated_left(job)], "  ")),
    ]


def cost_block(job: Job, width: int) -> list[Line]:
    """Return what is spent against what was planned."""
    lines = [_heading(f"Cost  {SIMULATED.lower()}" if job.is_simulated else "Cost")]
    estimated: Line = (("estimate    ", "dim"), (money(job.estimated_total_cost), "foreground"))
    total = job.current_cost if job.final_cost is None else job.final_cost
    if job.status.has_ended:
        lines.append(_two(_pair("final", money(total)), estimated, width))
    else:
        planned = planned_cost(job)
        plan: Line = (("plan by now ", "dim"), (f"{money(planned):<7}", "foreground"))
        plan += ((f" {drift(total, planned)}", "dim"),)
        lines += [
            _two(_pair("spent", money(total)), plan, width),
            _two(_pair("at end", money(projected_cost(job))), estimated, width),
        ]
    if job.budget:
        lines.append(_budget_line(job, total, width))
    return lines


def _budget_line(job: Job, spent: float, width: int) -> Line:
    share = spent / job.budget if job.budget else 0.0
    style = "status-failed" if share >= 1 else "status-paused" if share >= 0.8 else "dim"
    amount = f"{money(job.budget)}  "
    text = f" {percent(share)}"
    drawn = bar(share, max(width - _LABEL - len(amount) - len(text), 4), style)
    return (*_label("budget"), (amount, "foreground"), *drawn, (text, "foreground"))


def health_block(job: Job, figures: Figures) -> list[Line]:
    """Return what is certain: whether the losses are numbers, and how evaluations go."""
    evaluated = figures.evaluations
    if figures.first_bad_step is not None:
        step = count(figures.first_bad_step)
        state: Line = ((f"✗ the loss is not a number at step {step}", "status-failed"),)
    elif figures.best is None:
        state = (("nothing measured yet", "dim"),)
    else:
        state = (("✓ ", "status-completed"), ("every loss is a finite number", "foreground"))
    lines = [_heading("Health"), state]
    if len(evaluated) > 1:
        way = "falling" if evaluated[-1] < evaluated[-2] else "rising"
        lines.append(_pair("eval", f"{way}: {', '.join(loss(value) for value in evaluated[-3:])}"))
    elif evaluated:
        lines.append(_pair("eval", loss(evaluated[-1])))
    elif not job.status.has_ended:
        lines.append((*_label("eval"), ("after the first epoch", "dim")))
    return lines


def settings_block(job: Job) -> list[Line]:
    """Return the hyperparameters that people compare."""
    values = job.hyperparameters
    if values is None:
        return []
    rows = [
        (
            ("learning_rate", plain_number(values.learning_rate)),
            ("", values.lr_scheduler_type),
            ("batch", str(values.batch_size)),
        ),
        (
            ("rank", str(values.lora_rank)),
            ("alpha", str(values.lora_alpha)),
            ("dropout", plain_number(values.lora_dropout)),
        ),
        (("preset", printable(job.preset_id or ABSENT, 16)), ("seed", str(job.seed))),
    ]
    return [
        _heading("Settings"),
        *(
            joined(
                [
                    ((f"{name} " if name else "", "dim"), (value, "foreground"))
                    for name, value in row
                ],
                "  ",
            )
            for row in rows
        ),
    ]


def note_block(job: Job, width: int) -> list[Line]:
    """Return what a person has written on the job, or how it begins."""
    parts = note_text(job, width)
    if not parts:
        return []
    shown: list[Line] = [((part, "foreground"),) for part in parts[:_LONGEST_NOTE]]
    if len(parts) > _LONGEST_NOTE:
        shown.append((("… N shows all of it", "dim"),))
    return [_heading("Note"), *shown]


def failure_block(job: Job, width: int) -> list[Line]:
    """Return why a job failed and what can be done, or why it was stopped."""
    reason = failure_text(job, width)
    if not reason:
        return []
    if job.status is Status.CANCELLED:
        return [
            (("Stopped", "bold foreground"),),
            *(((part, "foreground"),) for part in reason[:_LONGEST_REASON]),
        ]
    advice = _ADVICE_ON_REPETITION if job.error_repeats else _ADVICE
    return [
        (("Failed", "bold status-failed"),),
        *(((part, "status-failed"),) for part in reason[:_LONGEST_REASON]),
        *(((part, "dim"),) for part in textwrap.wrap(advice, max(width, 10))),
    ]


def _heading(text: str) -> Line:
    title, _, rest = text.partition("  ")
    return ((title, "bold foreground"), (f"  {rest}" if rest else "", "dim"))


def _label(text: str) -> Line:
    return ((f"{text:<{_LABEL}}", "dim"),)


def _pair(label: str, value: str) -> Line:
    return (*_label(label), (value, "foreground"))


def _two(left: Line, right: Line, width: int) -> Line:
    """Return two parts whose second begins in the same column in every line."""
    return (*fitted(left, max(width * 21 // 48, 18)), *right) if right else left
