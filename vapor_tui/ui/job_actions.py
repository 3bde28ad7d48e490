"""What a key means for one job or for several, and the sentences about what came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vapor_tui.domain.lifecycle import (
    HELD,
    WATCHING,
    Action,
    Desired,
    Status,
    may_apply,
    objection,
)
from vapor_tui.domain.text import printable

if TYPE_CHECKING:
    from vapor_tui.domain.job_facts import JobFacts

NAME_LENGTH = 40
_MOST_NAMED = 5

KEY_ACTIONS: Mapping[str, tuple[Action, ...]] = {
    "pause": (Action.PAUSE,),
    "resume": (Action.RESUME, Action.RETRY),
    "retry": (Action.RETRY, Action.RESUME),
    "stop": (Action.CANCEL,),
    "stop_watching": (Action.CANCEL,),
    "stop_after_epoch": (Action.CANCEL_AFTER_EPOCH,),
    "fail": (Action.FAIL,),
    "delete": (Action.DELETE,),
}
"""What the action behind a key may do to a job; of several, the first one that applies."""

_DONE = {
    Action.PAUSE: "paused",
    Action.RESUME: "resumed",
    Action.CANCEL: "stopped",
    Action.CANCEL_AFTER_EPOCH: "stopping after the epoch:",
    Action.RETRY: "retried",
    Action.FAIL: "failed",
    Action.DELETE: "deleted",
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked before an action; `verb` is followed by the job or their number."""

    verb: str
    explanation: str
    answer: str


QUESTIONS: Mapping[str, Question] = {
    "stop": Question(
        "Stop",
        "What was stored stays. A stopped job cannot be resumed, only cloned; "
        "pause it to go on later.",
        "Stop now",
    ),
    "stop_watching": Question(
        "Stop watching",
        "The run itself goes on: nothing is ever sent to it. What was read stays.",
        "Stop watching",
    ),
    "stop_after_epoch": Question(
        "After its epoch, stop",
        "The present epoch goes on to its end, and what was stored stays. "
        "A stopped job cannot be resumed, only cloned.",
        "Stop after this epoch",
    ),
    "fail": Question(
        "Fail",
        "For testing: it ends as failed, as if something had gone wrong. It can be retried.",
        "Let it fail",
    ),
    "delete": Question(
        "Delete", "Its metrics, its log and its history go with it, for good.", "Delete it"
    ),
}
"""What cannot be taken back is asked about; the rest is done at once."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Jobs that a key is meant for: what is done to which, and why to the others nothing is."""

    wanted: Mapping[int, Action]
    left_out: Mapping[int, str]
    """Why not, by the number of the job."""


def title_of(job: JobFacts) -> str:
    """Return how a job is called in a sentence."""
    return f"#{job.id} {printable(job.name, NAME_LENGTH)}"


def obstacle(action: Action, job: JobFacts) -> str | None:
    """Return why an action cannot be applied to a job, in a sentence; None when it can."""
    if job.is_attached and action not in WATCHING:
        return "It is only watched: it was started elsewhere, and that is done there"
    goes_on = action in (Action.RETRY, Action.RESUME)
    if goes_on and job.status is Status.FAILED and job.error_repeats:
        return "It would fail in the same way again: clone it and change what its message names"
    if not may_apply(action, job.status):
        return objection(action, job.status, job.status_word)
    if action is Action.PAUSE and job.status in HELD and job.desired is not Desired.RUN:
        return "It is on its way to another state already"
    return None


def objection_to(key_action: str, job: JobFacts) -> str | None:
    """Return why what a key does cannot be done to a job; None when it can."""
    found = [obstacle(action, job) for action in KEY_ACTIONS[key_action]]
    return None if None in found else found[0]


def selected(key_action: str, jobs: Sequence[JobFacts]) -> Selection:
    """Return what a key does to each of these jobs."""
    wanted: dict[int, Action] = {}
    left_out: dict[int, str] = {}
    for job in jobs:
        obstacles = {action: obstacle(action, job) for action in KEY_ACTIONS[key_action]}
        action = next((action for action, why in obstacles.items() if why is None), None)
        if action is None:
            left_out[job.id] = next(iter(obstacles.values())) or ""
        else:
            wanted[job.id] = action
    return Selection(wanted, left_out)


def left_out_sentence(left_out: Mapping[int, str]) -> str:
    """Return which jobs nothing is done to, and why; empty when there are none."""
    if not left_out:
        return ""
    if len(left_out) == 1:
        ((number, why),) = left_out.items()
        return f"#{number}: {_lowered(why)}"
    reasons = Counter(left_out.values())
    if len(reasons) == 1:
        return f"{_numbers(list(left_out))}: {_lowered(next(iter(reasons)))}"
    return _numbers(list(left_out))


def outcome(done: Sequence[Action], left_out: Mapping[int, str]) -> str:
    """Return what came of an action on several jobs: "Paused 2, 1 not possible: …"."""
    parts = [f"{_DONE[action]} {number}" for action, number in Counter(done).items()]
    if left_out:
        parts.append(f"{len(left_out)} not possible: {left_out_sentence(left_out)}")
    sentence = ", ".join(parts)
    return sentence[:1].upper() + sentence[1:]


def _numbers(numbers: Sequence[int]) -> str:
    named = ", ".join(f"#{number}" for number in numbers[:_MOST_NAMED])
    rest = len(numbers) - _MOST_NAMED
    return f"{named} and {rest} more" if rest > 0 else named


def _lowered(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
