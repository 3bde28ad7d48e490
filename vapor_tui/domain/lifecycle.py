"""The life of a job: its statuses, its stages, and which change may follow which."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """What a job is. `Desired` is what a person asked it to become."""

    QUEUED = "queued"
    INITIALIZING = "initializing"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_active(self) -> bool:
        """A worker holds the job, or one is expected to take it."""
        return self in ACTIVE

    @property
    def is_final(self) -> bool:
        """Nothing leads out of this status."""
        return not TRANSITIONS[self]

    @property
    def has_ended(self) -> bool:
        """Nothing more happens to the job unless a person retries it."""
        return self in ENDED


class Stage(StrEnum):
    """Where in its work a job is; part of its durable position."""

    QUEUED = "queued"
    INITIALIZING = "initializing"
    TRAINING = "training"
    VALIDATING = "validating"
    SAVING = "saving"
    COMPLETED = "completed"


class Desired(StrEnum):
    """What a person asked of a job; its worker reads it and acts."""

    RUN = "run"
    PAUSE = "pause"
    STOP = "stop"
    STOP_AFTER_EPOCH = "stop_after_epoch"
    FAIL = "fail"


class Action(StrEnum):
    """What a person can do to a job that exists."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    CANCEL_AFTER_EPOCH = "cancel_after_epoch"
    RETRY = "retry"
    FAIL = "fail"
    DELETE = "delete"


HELD = frozenset({Status.INITIALIZING, Status.RUNNING})
"""Statuses in which a worker holds the job's lease."""

ACTIVE = HELD | {Status.QUEUED}

ENDED = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})

TRANSITIONS: dict[Status, frozenset[Status]] = {
    Status.QUEUED: frozenset({Status.INITIALIZING, Status.CANCELLED, Status.PAUSED}),
    Status.INITIALIZING: frozenset(
        {Status.RUNNING, Status.CANCELLED, Status.FAILED, Status.PAUSED, Status.QUEUED}
    ),
    Status.RUNNING: frozenset(
        {Status.COMPLETED, Status.CANCELLED, Status.FAILED, Status.PAUSED, Status.QUEUED}
    ),
    Status.PAUSED: frozenset({Status.QUEUED, Status.CANCELLED}),
    Status.FAILED: frozenset({Status.QUEUED}),
    Status.COMPLETED: frozenset(),
    Status.CANCELLED: frozenset(),
}

_ACTION_FROM: dict[Action, frozenset[Status]] = {
    Action.PAUSE: ACTIVE,
    Action.RESUME: frozenset({Status.PAUSED}),
    Action.CANCEL: ACTIVE | {Status.PAUSED},
    Action.CANCEL_AFTER_EPOCH: HELD,
    Action.RETRY: frozenset({Status.FAILED}),
    Action.FAIL: HELD,
    Action.DELETE: ENDED,
}


_DONE: dict[Action, str] = {
    Action.PAUSE: "paused",
    Action.RESUME: "resumed",
    Action.CANCEL: "stopped",
    Action.CANCEL_AFTER_EPOCH: "stopped after its epoch",
    Action.RETRY: "retried",
    Action.FAIL: "made to fail",
    Action.DELETE: "deleted",
}


def may_become(current: Status, following: Status) -> bool:
    """Say whether a job may go from one status to the other."""
    return following in TRANSITIONS[current]


def may_apply(action: Action, status: Status) -> bool:
    """Say whether a person's action makes sense for a job of this status."""
    return status in _ACTION_FROM[action]


def objection(action: Action, status: Status, word: str = "") -> str:
    """Return what stands in the way of an action that a job's status does not allow.

    `word` is what the status of this job is called, where that is another word.
    """
    word = word or status.value
    article = "An" if word[0] in "aeiou" else "A"
    return f"{article} {word} job can't be {_DONE[action]}: {_instead(action, status)}"


WATCHING = frozenset({Action.CANCEL, Action.DELETE})
"""What can be done to a job that only watches: its run goes on elsewhere, whatever is asked."""


def refusal_of_watching(action: Action, job_id: int) -> str:
    """Return the sentence for an action on a run that is only watched."""
    verb = action.value.replace("_", " ")
    return (
        f"Job {job_id} only watches a run that was started elsewhere: {verb} is done there. "
        "Here, watching can be stopped (cancel) and the job be deleted"
    )


def refusal(action: Action, job_id: int, status: Status, word: str = "") -> str:
    """Return the sentence for an action that its job's status, called `word`, does not allow."""
    is_so = f"Job {job_id} is {word or status.value}"
    return f"{is_so} and can't be {_DONE[action]}: {_instead(action, status)}"


def _instead(action: Action, status: Status) -> str:
    """Return why a status does not allow an action, or what to do instead."""
    match action:
        case Action.DELETE:
            return "stop it first"
        case Action.RESUME if status is Status.FAILED:
            return "retry it instead"
        case Action.RETRY if status is Status.PAUSED:
            return "resume it instead"
        case Action.RESUME | Action.RETRY if status in ENDED:
            return "clone it instead"
        case Action.RESUME:
            return "it is not paused"
        case Action.RETRY:
            return "it has not failed"
        case Action.CANCEL_AFTER_EPOCH | Action.FAIL if status not in ENDED:
            return "no worker holds it"
        case Action.PAUSE if status is Status.PAUSED:
            return "it is already"
        case _:
            return "it has ended"


@dataclass(frozen=True, slots=True)
class Position:
    """How far a job has come, as it survives a crash.

    `epoch` counts from 1 and is 0 before training. `seconds` is the time spent in the
    present overhead stage on the runner's own clock, and 0 while training, where `step`
    (the last one that is stored) says it all.
    """

    stage: Stage = Stage.QUEUED
    epoch: int = 0
    seconds: float = 0.0
    step: int = 0


def last_epoch(desired: Desired, position: Position) -> int | None:
    """Return the epoch after whose evaluation a job stops; None where it goes on to its end."""
    is_trained = position.stage in (Stage.SAVING, Stage.COMPLETED)
    if desired is not Desired.STOP_AFTER_EPOCH or is_trained:
        return None
    return max(position.epoch, 1)


def stage_label(status: Status, stage: Stage, epoch: int, total_epochs: int) -> str:
    """Return the words shown beside a badge, as "training, epoch 2 of 3"."""
    if status not in HELD:
        return status.value
    if stage in (Stage.TRAINING, Stage.VALIDATING) and epoch:
        return f"{stage.value}, epoch {epoch}" + (f" of {total_epochs}" if total_epochs else "")
    return stage.value if stage is not Stage.QUEUED else Status.INITIALIZING.value


def closing_line(status: Status, desired: Desired, epoch: int, reason: str = "") -> str:
    """Return the last line of the log of a job that has ended; `reason` is a sentence or more."""
    if reason:
        return f"{status.value}: {reason.splitlines()[0]}"
    if status is Status.CANCELLED and desired is Desired.STOP_AFTER_EPOCH:
        return f"stopped after epoch {epoch}"
    return status.value


def wish_label(desired: Desired) -> str | None:
    """Return what the screen says while a person's wish is still on its way."""
    return {
        Desired.PAUSE: "pausing",
        Desired.STOP: "stopping",
        Desired.STOP_AFTER_EPOCH: "stopping after this epoch",
        Desired.FAIL: "failing",
    }.get(desired)
