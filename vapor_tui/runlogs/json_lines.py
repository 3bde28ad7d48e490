"""Logs of one JSON object a line: our own events.jsonl, LLaMA-Factory's, and plain ones."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from pydantic import JsonValue, ValidationError

from vapor_tui.domain.metrics import VALUE_COLUMNS
from vapor_tui.domain.run_events import (
    EndEvent,
    LogEvent,
    MetricsEvent,
    StageEvent,
    run_event,
)
from vapor_tui.domain.sources import LogFormat, Outcome
from vapor_tui.runlogs import names
from vapor_tui.runlogs.ledger import Ledger

_DONE = 100.0


def decoded(line: str) -> dict[str, Any] | None:
    """Return the object that stands in a line; None for anything else."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


class _JsonLines:
    breaks: ClassVar[bytes] = b"\n"

    def __init__(self, memory: dict[str, JsonValue]) -> None:
        pass

    def settle(self, ledger: Ledger) -> None:
        """Every line stands for itself."""

    def memory(self) -> dict[str, JsonValue]:
        return {}


class PlainLines(_JsonLines):
    """Objects with a step and a loss under their usual names."""

    format: ClassVar[LogFormat] = LogFormat.JSONL

    def feed(self, line: str, ledger: Ledger) -> None:
        """Take an object of metrics; any other line is passed over."""
        record = decoded(line)
        if record is not None:
            ledger.record(record)


class TrainerLog(_JsonLines):
    """What LLaMA-Factory writes into trainer_log.jsonl: steps, totals, per cent, times."""

    format: ClassVar[LogFormat] = LogFormat.TRAINER_LOG

    def feed(self, line: str, ledger: Ledger) -> None:
        """Take what the trainer logged at a step; 100 % of the steps are the end of the run."""
        record = decoded(line)
        if record is None:
            return
        step, total = (names.whole(record.get(key)) for key in ("current_steps", "total_steps"))
        if step is not None and step < ledger.step:
            ledger.goes_on()  # the same file tells of another start
        ledger.record(record)
        ledger.ran(names.clock_seconds(record.get("elapsed_time")))
        share = names.number(record.get("percentage"))
        if step >= total if step and total else share == _DONE:
            ledger.end(Outcome.COMPLETED)


class OwnEvents(_JsonLines):
    """The events of a run folder of ours. The last one decides how the run ended."""

    format: ClassVar[LogFormat] = LogFormat.EVENTS

    def feed(self, line: str, ledger: Ledger) -> None:
        """Take an event; one of a kind that is not known yet is passed over."""
        try:
            event = run_event.validate_json(line)
        except ValidationError:
            return
        if (at := names.moment(event.time)) is not None:
            ledger.at(at)
        match event:
            case StageEvent():
                ledger.goes_on()
                ledger.total(steps=event.total_steps or 0, epochs=event.total_epochs or 0)
            case MetricsEvent():
                measured = ((name, getattr(event, name)) for name in VALUE_COLUMNS)
                values = {name: value for name, value in measured if value is not None}
                ledger.point(event.step, event.epoch, values, at)
            case LogEvent():
                ledger.line(event.text)
            case EndEvent():
                ledger.end(event.outcome, event.reason, event.artifact)
