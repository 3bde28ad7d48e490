"""The blocks at the side of a monitor: progress, cost, health, settings."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from vapor_tui.domain.cost_plan import drift, planned_cost, projected_cost
from vapor_tui.domain.forecast import Silence
from vapor_tui.domain.formats import ABSENT, count, duration, loss_text, money, plain_number
from vapor_tui.domain.lifecycle import Status
from vapor_tui.domain.text import printable
from vapor_tui.ui.glyphs import SIMULATED, bar, percent
from vapor_tui.ui.gpu_lines import gpu_block
from vapor_tui.ui.monitor_lines import (
    Figures,
    bars,
    ended_line,
    failure_text,
    health_sign,
    health_style,
    left_line,
    note_text,
    simulated_elapsed,
    simulated_left,
    source_line,
    speed_line,
    speed_width,
    steps_text,
    steps_width,
)
from vapor_tui.ui.widgets.lines import Line, fitted, joined, line_width

if TYPE_CHECKING:
    from vapor_tui.domain.jobs import Job

_LABEL = 9
_DURATION = 6
"""Cells of a duration, so that what stands beside it stays in its place."""
_LONGEST_REASON = 6
_LONGEST_NOTE = 4
_MOST_FINDINGS = 3
_MOST_FOUND = 14
_FEWEST_FOR_A_WAY = 2
_LEVEL_SHARE = 0.01
"""Evaluations that differ by no more than this share of the best are level."""
_ADVICE = "r tries again after the last stored step, y plans a new job with these settings"
_ADVICE_ELSEWHERE = "It was started elsewhere, and is started again there"
_ADVICE_ON_REPETITION = "It would fail again: y plans a new job with other settings"


def side_lines(job: Job, now: datetime, figures: Figures, width: int, height: int) -> list[Line]:
    """Return the blocks, one under the other, as many whole ones as there is height for."""
    return _under_one_another(
        [
            failure_block(job, width),
            progress_block(job, now, figures, width),
            cost_block(job, width),
            health_block(job, figures, width),
            *_further_blocks(job, figures, width),
        ],
        height,
    )


def detail_lines(job: Job, now: datetime, figures: Figures, width: int, height: int) -> list[Line]:
    """Return the blocks in the order of what a small terminal shows nowhere else."""
    return _under_one_another(
        [
            failure_block(job, width),
            health_block(job, figures, width),
            cost_block(job, width),
            *_further_blocks(job, figures, width),
            progress_block(job, now, figures, width),
        ],
        height,
    )


def _further_blocks(job: Job, figures: Figures, width: int) -> list[list[Line]]:
    return [
        gpu_block(job, figures.gpus, width),
        found_settings_block(job, width) if job.is_attached else settings_block(job),
        note_block(job, width),
    ]


def _under_one_another(blocks: Sequence[list[Line]], height: int) -> list[Line]:
    lines: list[Line] = []
    for block in blocks:
        gap: list[Line] = [()] if lines and block else []
        if len(lines) + len(gap) + len(block) > height:
            break
        lines += gap + block
    return lines


def progress_block(job: Job, now: datetime, figures: Figures, width: int) -> list[Line]:
    """Return both bars, steps, speeds and times."""
    lines = [_heading("Progress"), *bars(job, width), *_step_lines(job, figures, width)]
    if job.is_attached:
        lines.append((*_label("source"), *source_line(job, now)))
    if job.status.has_ended:
        took = _pair("took", duration(job.elapsed(now)))
        if (watched := job.watched(now)) is not None:
            took = _pair("watched", duration(watched))
        return [*lines, _two(took, ended_line(job, now), width)]
    elapsed = (*_label("elapsed"), *_beside(duration(job.elapsed(now)), simulated_elapsed(job)))
    if (watched := job.watched(now)) is not None:
        elapsed = _pair("watched", duration(watched))
    return [
        *lines,
        elapsed,
        (*_label("left"), *joined([left_line(job, now), simulated_left(job)], "  ")),
    ]


def _step_lines(job: Job, figures: Figures, width: int) -> list[Line]:
    """Return steps and speeds: in one line where the most that they can become has room."""
    step, speed = _pair("step", steps_text(job, " of ")), speed_line(job, figures)
    longest = _LABEL + steps_width(job, " of ")
    left = max(_column(width), longest + 1)
    if left + speed_width(job) <= width:
        return [(*fitted(step, left), *speed)]
    return [step, (*_label("speed"), *speed)] if speed else [step]


def cost_block(job: Job, width: int) -> list[Line]:
    """Return what is spent against what was planned; nothing where no price is known."""
    if job.is_attached:
        return []
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


def health_block(job: Job, figures: Figures, width: int) -> list[Line]:
    """Return what is wrong with the run and what to do, how evaluations go, and the forecast."""
    lines = [_heading("Health")]
    for finding in figures.findings[:_MOST_FINDINGS]:
        style = health_style(finding.kind)
        said = textwrap.wrap(f"step {count(finding.step)}: {finding.what}", max(width - 2, 10))
        sign: Line = ((f"{health_sign(finding.kind)} ", style),)
        lines += [(*sign, (said[0], style)), *(((f"  {part}", style),) for part in said[1:])]
        if not job.status.has_ended:
            advised = textwrap.wrap(finding.advice, max(width - 2, 10))
            lines += [((f"  {part}", "dim"),) for part in advised]
    if not figures.findings:
        lines += _unremarkable(figures, width)
    lines.append(_evaluations(job, figures))
    goes_on = not job.status.has_ended and job.ends_at_step == job.total_steps
    return [*lines, *_forecast(figures, width)] if goes_on else lines


def _unremarkable(figures: Figures, width: int) -> list[Line]:
    if figures.first_bad_step is not None:
        step = count(figures.first_bad_step)
        return [((f"✗ the loss is not a number at step {step}", "status-failed"),)]
    if figures.best is None:
        return [(("nothing measured yet", "dim"),)]
    lines: list[Line] = [(("✓ ", "status-completed"), ("nothing unusual", "foreground"))]
    if (finding := figures.recovery) is not None:
        said = textwrap.wrap(f"step {count(finding.step)}: {finding.what}", max(width - 2, 10))
        lines += [((f"  {part}", "dim"),) for part in said]
    return lines


def _evaluations(job: Job, figures: Figures) -> Line:
    if evaluated := figures.evaluations:
        latest = ", ".join(loss_text(value) for value in evaluated[-3:])
        return (*_pair("eval", latest), (f"  {_way(evaluated)}", "dim"))
    is_awaited = not job.status.has_ended and not job.is_attached
    none_yet = "after the first epoch" if is_awaited else "none"
    return (*_label("eval"), (none_yet, "dim"))


def _way(evaluated: Sequence[float]) -> str:
    """Return where evaluations go, judged by the best of them."""
    finite = [value for value in evaluated if math.isfinite(value)]
    last = evaluated[-1]
    if len(evaluated) < _FEWEST_FOR_A_WAY or not finite or not math.isfinite(last):
        return ""
    best = min(finite)
    if last - best > _LEVEL_SHARE * abs(best):
        return f"above its best {loss_text(best)}"
    return "falling" if evaluated[-2] - last > _LEVEL_SHARE * abs(best) else "level"


def _forecast(figures: Figures, width: int) -> list[Line]:
    made = figures.forecast
    if made is None:
        return []
    if isinstance(made, Silence):
        first, *rest = textwrap.wrap(f"later: {made.reason}", max(width - _LABEL, 10))
        return [
            (*_label("forecast"), (first, "dim")),
            *((*_label(""), (part, "dim")) for part in rest),
        ]
    return [
        (
            *_label("forecast"),
            ("at end ", "dim"),
            (f"{loss_text(made.low)} … {loss_text(made.high)}", "foreground"),
            ("  80 % band", "dim"),
        )
    ]


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


def found_settings_block(job: Job, width: int) -> list[Line]:
    """Return what was found beside the log of a run that was started elsewhere."""
    found = job.run_settings or {}
    pairs: list[Line] = []
    for name, value in list(found.items())[:_MOST_FOUND]:
        shown = plain_number(value) if isinstance(value, float) else str(value)
        pairs.append(((f"{printable(name)} ", "dim"), (printable(shown, width // 2), "foreground")))
    lines: list[Line] = []
    for pair in pairs:
        longer = joined([lines[-1], pair], "  ") if lines else pair
        if lines and line_width(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(pair)
    return [_heading("Settings"), *lines] if lines else []


def failure_block(job: Job, width: int) -> list[Line]:
    """Return why a job failed and what can be done, or why it was stopped."""
    reason = failure_text(job, width)
    if not reason:
        return []
    if job.status is Status.CANCELLED:
        return [
            (("Not watched any more" if job.is_attached else "Stopped", "bold foreground"),),
            *(((part, "foreground"),) for part in reason[:_LONGEST_REASON]),
        ]
    advice = _ADVICE_ON_REPETITION if job.error_repeats else _ADVICE
    if job.is_attached:
        advice = _ADVICE_ELSEWHERE
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


def _beside(value: str, simulated: Line) -> Line:
    return joined([((f"{value:<{_DURATION}}", "foreground"),), simulated], "  ")


def _pair(label: str, value: str) -> Line:
    return (*_label(label), (value, "foreground"))


def _two(left: Line, right: Line, width: int) -> Line:
    """Return two parts whose second begins in the same column in every line, if it can."""
    return (*fitted(left, max(_column(width), line_width(left) + 1)), *right) if right else left


def _column(width: int) -> int:
    return max(width * 21 // 48, 18)
