"""The single lines of a monitor: what it is, the latest figures, and its narrow form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from vapor_tui.domain.cost_plan import (
    billed_seconds,
    drift,
    planned_cost,
    planned_seconds_left,
)
from vapor_tui.domain.formats import ABSENT, age, count, duration, loss_text, money
from vapor_tui.domain.health.findings import HealthKind
from vapor_tui.domain.lifecycle import HELD, Status
from vapor_tui.domain.sources import FORMAT_NAMES, LIVE
from vapor_tui.domain.text import printable, printable_lines
from vapor_tui.ui.glyphs import (
    ATTACHED,
    EVALUATION,
    SIMULATED,
    SIMULATED_SHORT,
    TAG,
    badge,
    bar,
    percent,
    simulated_marks,
    status_style,
)
from vapor_tui.ui.gpu_lines import gpu_line
from vapor_tui.ui.widgets.lines import GAP, Line, fitted, joined, line_width
from vapor_tui.ui.wrapping import wrapped

if TYPE_CHECKING:
    from vapor_tui.domain.forecast import Forecast, Silence
    from vapor_tui.domain.health.findings import Finding
    from vapor_tui.domain.jobs import Job
    from vapor_tui.ui.gpu_lines import GpuState

NAME_LENGTH = 40
_LEAST_BAR, _LONGEST_BAR = 20, 44
"""Cells of a bar with its label and its percentage, in a narrow terminal."""
_BAR_LABEL = 8
_PACE = 7
_TOKENS = len("99,999 tok/s")
_DURATION = 6
"""Cells of a number that gets longer and shorter, so that what follows it stays in its place."""
HEALTH_WORDS = {
    HealthKind.NAN: "NaN loss",
    HealthKind.DIVERGENCE: "diverging",
    HealthKind.SPIKE: "loss spike",
    HealthKind.STALLED: "stalled",
    HealthKind.EVAL_RISING: "eval rising",
    HealthKind.SLOW: "slow",
    HealthKind.PLATEAU: "plateau",
}
_GRAVE = (HealthKind.NAN, HealthKind.DIVERGENCE, HealthKind.STALLED)
_DAYS_OF_A_WEEK = 7
_OVERDUE_SECONDS = 5.0
"""After its expected end a job may go on for so long before that is said."""
UNKNOWN_LENGTH = "its log does not say how long it is"
_LEAST_NAME = 12
"""Cells that a name keeps beside what else a line says."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What the curve of a run says in numbers; None where there is none yet."""

    smoothed: float | None = None
    best: float | None = None
    best_step: int = 0
    evaluations: Sequence[float] = ()
    first_bad_step: int | None = None
    """Where the loss was first not a finite number."""
    steps_per_second: float | None = None
    """On the wall clock."""
    is_quiet: bool = False
    """Whether no step has come for much longer than usual."""
    findings: Sequence[Finding] = ()
    """What is wrong at present, the gravest first."""
    recovery: Finding | None = None
    """What was over last."""
    forecast: Forecast | Silence | None = None
    """None while it is not made yet."""
    gpus: GpuState = None
    """Of this machine; None before they have been read."""


def state_line(job: Job) -> Line:
    """Return the badge with the stage."""
    line = badge(job.status, job.desired, word=job.status_word, loud=True)
    if job.stage_label == job.status_word:
        return line
    return (*line, (f"  {job.stage_label}", "foreground"))


def identity_line(job: Job, width: int) -> Line:
    """Return badge, stage and what is trained on what, as much as there is room for."""
    details: list[Line] = []
    if job.base_model:
        details.append(((printable(job.base_model, NAME_LENGTH), "foreground"),))
    if job.dataset_name:
        pairs = f" {count(job.dataset_pairs)} pairs" if job.dataset_pairs else ""
        name = printable(job.dataset_name, NAME_LENGTH)
        details.append(((name, "foreground"), (pairs, "dim")))
    if gpu := job.gpu_config:
        details.append(((f"{gpu.count} × {printable(gpu.type, NAME_LENGTH)}", "foreground"),))
    if job.tags:
        details.append(((" ".join(f"{TAG}{printable(tag)}" for tag in job.tags), "dim"),))
    state, mark = state_line(job), _marks(job)[0]
    while details and line_width(joined([state, *details, mark])) > width:
        details.pop()
    return joined([state, *details, mark])


def title_line(job: Job, clock: str, width: int) -> Line:
    """Return number, name, state and mark in one line, for a terminal with few of them."""
    number = f"#{job.id} "
    status = badge(job.status, job.desired, word=job.status_word, loud=True)
    least = len(number) + min(len(job.name), _LEAST_NAME) + line_width(status) + 4
    rights = [joined([mark, ((clock, "dim"),)], "  ") for mark in _marks(job)]
    right = next((line for line in rights if line_width(line) <= width - least), rights[-1])
    state = state_line(job)
    room = width - line_width(right) - len(number) - 4
    if line_width(state) > room - _LEAST_NAME:
        state = status
    longest = max(room - line_width(state), _LEAST_NAME)
    name: Line = ((number, "dim"), (printable(job.name, longest), "bold foreground"))
    left = joined([name, state], "  ")
    return (*fitted(left, max(width - line_width(right) - 1, 0)), (" ", ""), *right)


def values_line(job: Job, figures: Figures, width: int) -> Line:
    """Return the latest losses; in little room the least important ones are left out."""
    smooth: Line = ()
    best: Line = ()
    evaluated: Line = ()
    if figures.smoothed is not None:
        smooth = (("smoothed ", "dim"), (loss_text(figures.smoothed), "chart-line"))
    if figures.best is not None:
        step = f" @ {count(figures.best_step)}"
        best = (("best ", "dim"), (loss_text(figures.best), "foreground"), (step, "dim"))
    if figures.evaluations:
        latest = loss_text(figures.evaluations[-1])
        mark: Line = ((f"{EVALUATION} ", "chart-eval"), ("eval ", "dim"))
        evaluated = (*mark, (latest, "foreground"))
    now: Line = (("loss ", "dim"), (job.current_metrics.shown("loss"), "bold foreground"))
    choices = ((now, smooth, best, evaluated), (now, best, evaluated), (now, evaluated))
    lines = [joined(parts) for parts in choices]
    return next((line for line in lines if line_width(line) <= width), now)


def speed_line(job: Job, figures: Figures) -> Line:
    """Return steps and tokens a second, of a job that has ended its last tokens a second."""
    line: Line = ()
    if not job.status.has_ended:
        stands_still = figures.is_quiet or job.status not in HELD
        text = _pace(None if stands_still else figures.steps_per_second)
        line = ((f"{text:<{_PACE}} ", "foreground"),)
        if stands_still:
            return line
    tokens = job.current_metrics.tokens_per_second
    return line if tokens is None else (*line, (f"{tokens:,.0f} tok/s", "foreground"))


def speed_width(job: Job) -> int:
    """Return the cells that the usual speeds of a job take at most."""
    pace = 0 if job.status.has_ended else _PACE + 1
    return pace + (0 if job.current_metrics.tokens_per_second is None else _TOKENS)


def _pace(steps_per_second: float | None) -> str:
    """Return steps a second, of slow ones two digits: large models take minutes for one."""
    if steps_per_second is None:
        return f"{ABSENT}/s"
    form = ".2g" if steps_per_second < 0.1 else ".1f" if steps_per_second < 1000 else ",.0f"
    return f"{steps_per_second:{form}}/s"


def left_line(job: Job, now: datetime) -> Line:
    """Return how long a job still takes, and the time of day when it ends."""
    if job.status is Status.PAUSED:
        return ((Status.PAUSED.value, "foreground"),)
    expected = job.estimated_completion_at
    late = (now - expected).total_seconds() if expected is not None else 0.0
    if job.status.is_active and late > _OVERDUE_SECONDS:
        return (("overdue", "status-paused"),)
    line: Line = ((f"{duration(job.seconds_left(now)):<{_DURATION}}", "foreground"),)
    if job.estimated_completion_at is not None and job.status.is_active:
        ends = job.estimated_completion_at.astimezone(now.tzinfo)
        line += ((f" → {_clock(ends, now)}", "foreground"),)
    return line


def _clock(moment: datetime, now: datetime) -> str:
    """Return the time of day, with the weekday or the day when it is not today."""
    days = (moment.date() - now.date()).days
    if days == 0:
        return f"{moment:%H:%M}"
    return f"{moment:%a %H:%M}" if 0 < days < _DAYS_OF_A_WEEK else f"{moment:%d %b %H:%M}"


def simulated_left(job: Job) -> Line:
    """Return how long a simulated job would still take in earnest."""
    return _simulated(planned_seconds_left(job) if job.is_simulated else None)


def simulated_elapsed(job: Job) -> Line:
    """Return how long what a simulated job has done would have taken in earnest."""
    return _simulated(billed_seconds(job) if job.is_simulated else None)


def _simulated(seconds: float | None) -> Line:
    return () if seconds is None else ((f"({SIMULATED.lower()} {duration(seconds)})", "dim"),)


def ended_line(job: Job, now: datetime) -> Line:
    """Return when a job ended, with the day unless it was today."""
    if job.completed_at is None:
        return ()
    ended = job.completed_at.astimezone(now.tzinfo)
    return (("ended ", "dim"), (_clock(ended, now), "foreground"))


def bar_line(label: str, share: float, style: str, width: int) -> Line:
    """Return a labelled bar with its percentage, in exactly this width."""
    text = f" {percent(share)}"
    drawn = bar(share, max(width - _BAR_LABEL - 1 - len(text), 1), style)
    return ((f"{label:<{_BAR_LABEL}} ", "dim"), *drawn, (text, "foreground"))


def bars(job: Job, width: int) -> list[Line]:
    """Return the bar of the whole run and that of the present epoch."""
    style, epoch = status_style(job.status), max(job.current_epoch, 1)
    share = 1.0 if job.status is Status.COMPLETED else job.epoch_progress / 100
    if not job.has_progress:
        unknown: Line = ((f"{'overall':<{_BAR_LABEL}} ", "dim"), (UNKNOWN_LENGTH, "dim"))
        lines = [fitted(unknown, width)]
        return [
            *lines,
            bar_line(f"epoch {epoch}", share, style, width) if job.current_epoch else (),
        ]
    return [
        bar_line("overall", job.progress / 100, style, width),
        bar_line(f"epoch {epoch}", share, style, width),
    ]


def brief_lines(job: Job, now: datetime, figures: Figures, width: int) -> list[Line]:
    """Return progress and cost in a few lines of a narrow terminal."""
    steps: Line = ((steps_text(job, "/"), "foreground"),)
    steps = fitted(steps, steps_width(job, "/"))
    beside = width - len(GAP) - line_width(steps) - len(GAP)
    whens = _brief_whens(job, now)
    when = next((w for w in whens if line_width(w) + _LEAST_BAR <= beside), whens[-1])
    longest = min(max(width - 32, 24), _LONGEST_BAR)
    overall, epoch = bars(job, min(max(beside - line_width(when), _LEAST_BAR), longest))
    return [
        *(((part, "status-failed"),) for part in failure_text(job, width)[:2]),
        joined([overall, steps, when]),
        joined([epoch, speed_line(job, figures)]),
        joined(
            [source_line(job, now) if job.is_attached else _brief_cost(job), health_word(figures)]
        ),
        *([gpus] if (gpus := gpu_line(job, figures.gpus, width)) else []),
        *(((("note ", "dim"), (part, "foreground"))) for part in note_text(job, width - 5)[:1]),
    ]


def _brief_whens(job: Job, now: datetime) -> tuple[Line, ...]:
    """Return when a job ends or has ended, in the order in which it is shown if it has room."""
    if job.status.has_ended:
        return (ended_line(job, now),)
    label: Line = (("left ", "dim"),)
    left = left_line(job, now)
    return (*label, *left), (*label, *left[:1])


def steps_text(job: Job, between: str) -> str:
    """Return the present step, and of how many where that is known."""
    total = f"{between}{count(job.total_steps)}" if job.total_steps else ""
    return f"{count(job.current_step)}{total}"


def steps_width(job: Job, between: str) -> int:
    """Return the cells of the steps at their end, so that what follows them stays in its place."""
    at_end = job.model_copy(update={"current_step": max(job.current_step, job.total_steps)})
    return len(steps_text(at_end, between))


def source_line(job: Job, now: datetime) -> Line:
    """Return what an attached job is read from, and how old that is."""
    state = job.source_state
    if state is None or state.changed_at is None:
        return (("not read yet", "dim"),)
    name: Line = ((FORMAT_NAMES[state.format], "foreground"),)
    old = age(state.changed_at, now)
    if job.status.is_active and now - state.changed_at > LIVE:
        return (*name, (f", quiet for {old}", "status-paused"))
    return (*name, (f", written {old} ago", "dim"))


def failure_text(job: Job, width: int) -> list[str]:
    """Return why a job failed or was stopped, in lines of this width; nothing without a reason."""
    if job.status is Status.FAILED:
        reason = printable(job.error_message or "It did not say why")
    elif job.status is Status.CANCELLED and job.error_message:
        reason = printable(job.error_message)
    else:
        return []
    return wrapped(reason, max(width, 10))


def note_text(job: Job, width: int) -> list[str]:
    """Return the note on a job in lines of this width; nothing where there is none."""
    lines = printable_lines(job.notes) if job.notes else []
    return [part for line in lines for part in wrapped(line, max(width, 10)) or [""]]


def health_word(figures: Figures) -> Line:
    """Return how a run fares in a word or two; nothing before it has been measured."""
    if figures.findings:
        kind = figures.findings[0].kind
        return ((f"{health_sign(kind)} {HEALTH_WORDS[kind]}", health_style(kind)),)
    if figures.first_bad_step is not None:
        return ((f"{health_sign(HealthKind.NAN)} {HEALTH_WORDS[HealthKind.NAN]}", "status-failed"),)
    if figures.best is None:
        return ()
    return (("✓ ", "status-completed"), ("healthy", "foreground"))


def health_sign(kind: HealthKind) -> str:
    return "✗" if kind in _GRAVE else "!"


def health_style(kind: HealthKind) -> str:
    """Return the theme's colour of a finding."""
    return "status-failed" if kind in _GRAVE else "status-paused"


def _brief_cost(job: Job) -> Line:
    mark = f" {SIMULATED_SHORT}" if job.is_simulated else ""
    spent = job.current_cost if job.final_cost is None else job.final_cost
    estimated = job.estimated_total_cost
    cost: Line = ((money(spent), "foreground"), (f"{mark} of {money(estimated)}", "dim"))
    if not job.status.has_ended and (off := drift(spent, planned_cost(job))) != ABSENT:
        cost += ((f" ({off})", "dim"),)
    budget: Line = (("budget ", "dim"), (money(job.budget), "foreground")) if job.budget else ()
    return joined([cost, budget])


def _marks(job: Job) -> tuple[Line, ...]:
    """Return what tells where the figures come from, in full and in shorter forms."""
    if job.is_attached:
        return ((),) if job.status is Status.CANCELLED else (((ATTACHED, "bold dim"),),)
    return simulated_marks(job.injection) if job.is_simulated else ((),)
