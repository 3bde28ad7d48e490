"""A comparison as rows of text, the same in a terminal's table and on the screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from vapor_tui.domain.comparison import Compared, Comparison, Outcome
from vapor_tui.domain.formats import ABSENT, count, duration, loss_text, money
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.traces import FINAL_WEIGHT


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """What came of the jobs in one respect: a text for each of them."""

    label: str
    values: tuple[str, ...]


def outcome_rows(comparison: Comparison, now: datetime | None = None) -> tuple[OutcomeRow, ...]:
    """Return the results; those that no job has are left out."""
    outcomes = [(compared, compared.outcome(now)) for compared in comparison.jobs]
    rows = [
        OutcomeRow(label, tuple(show(compared, outcome) for compared, outcome in outcomes))
        for label, show in _ROWS
    ]
    return tuple(row for row in rows if set(row.values) != {ABSENT})


def money_text(job: Job, usd: float | None) -> str:
    """Return dollars, marked where nobody pays them."""
    if usd is None:
        return ABSENT
    return f"{money(usd)} sim" if job.is_simulated else money(usd)


def _final_loss(compared: Compared, outcome: Outcome) -> str:
    if "loss" in compared.job.current_metrics.non_finite:
        return compared.job.current_metrics.shown("loss")
    return loss_text(outcome.final_loss)


def _best(value: float | None, step: int | None) -> str:
    return ABSENT if value is None or step is None else f"{loss_text(value)} @ {count(step)}"


def _cost(compared: Compared, outcome: Outcome) -> str:
    return money_text(compared.job, outcome.cost or None)


def _tokens(_compared: Compared, outcome: Outcome) -> str:
    tokens = outcome.tokens_per_second
    return ABSENT if tokens is None else f"{tokens:,.0f}"


_ROWS: tuple[tuple[str, Callable[[Compared, Outcome], str]], ...] = (
    (f"Final loss, smoothed {FINAL_WEIGHT:g}", _final_loss),
    ("Last loss", lambda c, _: c.job.current_metrics.shown("loss")),
    ("Best loss @ step", lambda _, o: _best(o.best_loss, o.best_step)),
    ("Last eval loss", lambda _, o: loss_text(o.eval_loss)),
    ("Best eval loss @ step", lambda _, o: _best(o.best_eval_loss, o.best_eval_step)),
    ("Cost", _cost),
    ("Cost per 1.0 of loss", lambda c, o: money_text(c.job, o.cost_per_drop)),
    ("Duration", lambda _, o: duration(o.seconds)),
    ("Duration, simulated", lambda _, o: duration(o.simulated_seconds)),
    ("Tokens per second", _tokens),
    ("Progress", lambda c, _: f"{c.job.progress:.0f} %"),
)
