"""The lines of events.jsonl: what a trainer in a run folder tells of itself, one object a line.

A trainer appends a line when it has something to tell and never changes one:

    {"type": "stage", "time": 1767225600.0, "stage": "training", "epoch": 1, "total_steps": 750}
    {"type": "metrics", "time": 1767225601.5, "step": 10, "epoch": 0.04, "loss": 2.31}
    {"type": "log", "time": 1767225602.0, "text": "saved checkpoint-10"}
    {"type": "end", "time": 1767226600.0, "outcome": "completed", "artifact": "adapter"}

`time` is in seconds since the epoch. What is not finite is written "NaN", "Infinity" or
"-Infinity". Unknown fields are ignored, so that a newer trainer can be read by an older program.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from vapor_tui.domain.lifecycle import Stage
from vapor_tui.domain.sources import Outcome

LARGEST_STEP = 10**12
"""A larger number is damage, not a step."""

Time = Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)]
Text = Annotated[str, Field(max_length=100_000)]
Count = Annotated[int, Field(ge=0, le=LARGEST_STEP)]


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, ser_json_inf_nan="strings")

    time: Time | None = None


class StageEvent(_Event):
    """The run has come to another stage; totals are told once they are known."""

    type: Literal["stage"] = "stage"
    stage: Stage
    epoch: Count = 0
    total_steps: Count | None = None
    total_epochs: Count | None = None


class MetricsEvent(_Event):
    """What was measured at a step; a later event for the same step completes or corrects it."""

    type: Literal["metrics"] = "metrics"
    step: Annotated[int, Field(gt=0, le=LARGEST_STEP)]
    epoch: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    loss: float | None = None
    accuracy: float | None = None
    learning_rate: float | None = None
    grad_norm: float | None = None
    eval_loss: float | None = None
    tokens_per_second: float | None = None


class LogEvent(_Event):
    """A line that the trainer printed."""

    type: Literal["log"] = "log"
    text: Text


class EndEvent(_Event):
    """The last line of a run: it decides how the run ended."""

    type: Literal["end"] = "end"
    outcome: Outcome
    reason: Text = ""
    artifact: Text | None = None


RunEvent: TypeAlias = Annotated[
    StageEvent | MetricsEvent | LogEvent | EndEvent, Field(discriminator="type")
]

run_event: TypeAdapter[RunEvent] = TypeAdapter(RunEvent)
"""Reads a line with `validate_json`; raises ValidationError for one that is no event."""
