"""How `show` tells of a job's health, its forecast and its history."""

from __future__ import annotations

from typing import Any

from vapor_tui.cli.output import print_line
from vapor_tui.domain.forecast import Forecast
from vapor_tui.domain.formats import loss_text
from vapor_tui.services.health import JobHealth

_LABEL = 28
_EVENTS_SHOWN = 40


def health_document(health: JobHealth) -> dict[str, Any]:
    """Return `health`, what is wrong now and what was, and `forecast`, null with the reason."""
    made = health.forecast
    band = _band(made) if isinstance(made, Forecast) else None
    why_not = None if isinstance(made, Forecast) else made.reason
    return {
        "health": {
            "findings": [
                {
                    "kind": finding.kind.value,
                    "step": finding.step,
                    "what": finding.what,
                    "advice": finding.advice,
                }
                for finding in health.findings
            ],
            "history": [
                {
                    "kind": change.finding.kind.value,
                    "step": change.finding.step,
                    "what": change.finding.what,
                    "over": change.is_over,
                }
                for change in health.changes
            ],
        },
        "forecast": band,
        "forecast_missing": why_not,
    }


def print_health(health: JobHealth) -> None:
    """Print findings with advice, the forecast, and the latest of what happened."""
    for finding in health.findings:
        print_line(f"{'health':<{_LABEL}}step {finding.step:,}: {finding.what}")
        print_line(f"{'':<{_LABEL}}{finding.advice}")
    if not health.findings:
        said = "nothing unusual" if health.is_measured else "nothing measured yet"
        print_line(f"{'health':<{_LABEL}}{said}")
    made = health.forecast
    if isinstance(made, Forecast):
        span = f"{loss_text(made.low)} to {loss_text(made.high)}"
        print_line(f"{'loss at the end':<{_LABEL}}{span} ({made.of})")
    else:
        print_line(f"{'loss at the end':<{_LABEL}}no forecast: {made.reason}")
    left_out = max(0, len(health.events) - _EVENTS_SHOWN)
    print_line(f"events, the last {_EVENTS_SHOWN}" if left_out else "events")
    for event in health.events[left_out:]:
        what = f"{event.what} {_change(event.what, event.before, event.after)}"
        print_line(
            f"  {event.at:%Y-%m-%d %H:%M:%S}  {what:<32}  {event.who}  {event.note}".rstrip()
        )


def _change(what: str, before: str | None, after: str | None) -> str:
    if what == "health":
        return after or f"{before} over"
    return " -> ".join(part for part in (before, after) if part)


def _band(made: Forecast) -> dict[str, Any]:
    low, mid, high = (round(value, 4) for value in (made.low, made.mid, made.high))
    return {"low": low, "mid": mid, "high": high, "of": made.of}
