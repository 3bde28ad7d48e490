"""What is known of a run that somebody else started: where it is read from, and how far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

LIVE = timedelta(minutes=10)
"""What was written to within this time is taken for live."""


class LogFormat(StrEnum):
    """What a run's progress is read from."""

    EVENTS = "events"
    TENSORBOARD = "tensorboard"
    TRAINER_LOG = "trainer_log"
    JSONL = "jsonl"
    CSV = "csv"
    OUTPUT = "output"
    TRAINER_STATE = "trainer_state"


FORMAT_NAMES = {
    LogFormat.EVENTS: "events.jsonl",
    LogFormat.TENSORBOARD: "TensorBoard",
    LogFormat.TRAINER_LOG: "trainer_log.jsonl",
    LogFormat.JSONL: "JSONL",
    LogFormat.CSV: "CSV",
    LogFormat.OUTPUT: "captured output",
    LogFormat.TRAINER_STATE: "trainer_state.json",
}
"""What each format is called in a sentence."""


SettingValue: TypeAlias = Annotated[str, StringConstraints(max_length=500)] | bool | int | float

RunSettings: TypeAlias = dict[str, SettingValue]
"""What was set for a run, as found beside its log, under the names of Hyperparameters if any."""


class Outcome(StrEnum):
    """How a run ended, by its own word."""

    COMPLETED = "completed"
    FAILED = "failed"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Rise:
    """How the steps of a log rise, and the points that have fallen behind."""

    top: int = 0
    """The greatest step with a training loss since the run was last started."""
    every: int = 1
    """By how much the greatest one last rose."""
    latest: float = 0.0
    """When the latest point was logged, in seconds since 1970; 0 where the log gives no times."""
    behind: int = 0
    """How many points have just risen far behind the greatest step."""
    first: int = 0
    """The step of the first of these."""
    first_at: float | None = None
    last: int = 0
    """The step of the last of these."""


class RunFacts(BaseModel):
    """What a source has said of its run so far, beside the metrics."""

    model_config = ConfigDict(frozen=True)

    step: int = 0
    """The latest one."""
    epoch: float = 0.0
    total_steps: int = 0
    """0 while the source does not say."""
    total_epochs: int = 0
    started_at: datetime | None = None
    latest_at: datetime | None = None
    """When the latest point was logged, where the source says so."""
    elapsed_seconds: float | None = None
    """How long it has run, where it says only that."""
    outcome: Outcome | None = None
    reason: str = ""
    """Why it failed or was stopped."""
    artifact: str | None = None
    zero_loss_step: int = 0
    """The latest step whose loss was exactly 0: with a grad_norm of NaN it hides a NaN."""
    nan_grad_step: int = 0
    """The latest step whose grad_norm was NaN."""
    rise: Rise = Rise()

    @property
    def seconds_per_step(self) -> float | None:
        """The mean over the run so far, None where its log gives no times."""
        seconds = self.elapsed_seconds
        if self.started_at is not None and self.latest_at is not None:
            seconds = (self.latest_at - self.started_at).total_seconds()
        return seconds / self.step if seconds and self.step else None

    def dated(self, changed_at: datetime) -> RunFacts:
        """Return them with the begin of a run that tells only how long it took until now."""
        if self.started_at is not None or self.elapsed_seconds is None:
            return self
        begun = changed_at - timedelta(seconds=self.elapsed_seconds)
        return self.model_copy(update={"started_at": begun})


class FileMark(BaseModel):
    """How far a file has been read, and how to recognise it."""

    model_config = ConfigDict(frozen=True)

    name: str
    """Relative to the folder that is followed."""
    device: int = 0
    inode: int = 0
    offset: int = 0
    head_size: int = 0
    head: int = 0
    """CRC-32 of so many of its first bytes."""
    tail_size: int = 0
    tail: int = 0
    """CRC-32 of so many bytes before the offset."""


class SourceState(BaseModel):
    """All that is needed to read on where a reading ended; stored with what was read."""

    model_config = ConfigDict(frozen=True)

    format: LogFormat
    files: tuple[FileMark, ...] = ()
    facts: RunFacts = RunFacts()
    memory: dict[str, JsonValue] = Field(default_factory=dict)
    """What the parser of the format remembers from line to line."""
    changed_at: datetime | None = None
    """When the source was last written to."""
    settings: RunSettings | None = None
    """What was found beside the source, where it was looked for just now."""

    @property
    def heard_at(self) -> datetime | None:
        """When the run was last heard of, by its own word if it gives times."""
        return self.facts.latest_at or self.changed_at

    @property
    def offset(self) -> int:
        """Bytes read so far."""
        return sum(file.offset for file in self.files)
