"""What can be wrong with a run, in which words, and what to do about it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class HealthKind(StrEnum):
    """What is found; the gravest first."""

    NAN = "nan"
    DIVERGENCE = "divergence"
    STALLED = "stalled"
    SPIKE = "spike"
    EVAL_RISING = "eval_rising"
    SLOW = "slow"
    PLATEAU = "plateau"


ADVICE = {
    HealthKind.NAN: "Stop it, and start anew with a lower learning_rate or max_grad_norm",
    HealthKind.DIVERGENCE: "Stop it, and start anew with a lower learning_rate or longer warm-up",
    HealthKind.SPIKE: "Wait whether it comes back; if it happens again, lower learning_rate",
    HealthKind.STALLED: "Look at the log and the GPUs: a loader, a disk or a peer may hang",
    HealthKind.EVAL_RISING: "It memorises: use the checkpoint of the best eval_loss, fewer epochs",
    HealthKind.SLOW: "See whether another program uses the GPUs, or they are throttled by heat",
    HealthKind.PLATEAU: "More steps bring little: stop here, or try another learning_rate or data",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a run, as of the step where it was noticed."""

    kind: HealthKind
    step: int
    what: str
    """One sentence without its full stop."""
    since: int | None = None
    """The step where it began, as far as that is known."""

    @property
    def advice(self) -> str:
        """A sentence on what can be done about it."""
        return ADVICE[self.kind]


@dataclass(frozen=True, slots=True)
class HealthChange:
    """Something was found, or what had been found is over."""

    finding: Finding
    is_over: bool = False
    """Whether `finding` tells of the recovery."""

    @property
    def note(self) -> str:
        """Step and sentence as the history keeps them."""
        return f"step {self.finding.step}: {self.finding.what}"

    @classmethod
    def parse(cls, kind: str, note: str, *, is_over: bool) -> HealthChange | None:
        """Return the change that a line of the history tells of; None for one that tells of none.

        Another version may have found what this one does not know.
        """
        step, colon, what = note.removeprefix("step ").partition(": ")
        if kind not in list(HealthKind) or not (colon and step.isascii() and step.isdigit()):
            return None
        return cls(Finding(HealthKind(kind), int(step), what), is_over)


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """Stands among changes: what was found from a step on is void, as are the points there."""

    since: int

    @property
    def note(self) -> str:
        """The step and a sentence, as the history keeps them."""
        return f"step {self.since}: The log counts anew from here"

    @classmethod
    def parse(cls, note: str) -> Withdrawn | None:
        """Return what a line of the history tells of; None for one that tells of none."""
        step = note.removeprefix("step ").partition(": ")[0]
        return cls(int(step)) if step.isascii() and step.isdigit() else None


def still_true(changes: Iterable[HealthChange | Withdrawn]) -> list[HealthChange]:
    """Return the changes that no later start has withdrawn, in order."""
    kept: list[HealthChange] = []
    for change in changes:
        if isinstance(change, Withdrawn):
            kept = [other for other in kept if other.finding.step < change.since]
        else:
            kept.append(change)
    return kept


def standing(changes: Iterable[HealthChange]) -> dict[HealthKind, Finding]:
    """Return what has been found and is not over, the gravest first, of changes in order."""
    found: dict[HealthKind, Finding] = {}
    for change in changes:
        if change.is_over:
            found.pop(change.finding.kind, None)
        else:
            found[change.finding.kind] = change.finding
    return {kind: found[kind] for kind in HealthKind if kind in found}


BLOW_UPS = (HealthKind.NAN, HealthKind.DIVERGENCE, HealthKind.SPIKE)


def departures(changes: Iterable[HealthChange], last: int) -> list[tuple[int, int]]:
    """Return first and last step of each stretch with a blow-up; `last` ends one that stands."""
    begun: dict[HealthKind, int] = {}
    found = []
    for change in changes:
        kind, step = change.finding.kind, change.finding.step
        if kind not in BLOW_UPS:
            continue
        if change.is_over and kind in begun:
            found.append((begun.pop(kind), step))
        elif not change.is_over:
            begun[kind] = change.finding.since or step
    return found + [(step, last) for step in begun.values()]


def worth_telling(
    changes: Iterable[HealthChange], told: Collection[HealthKind]
) -> Iterator[Finding]:
    """Yield the findings among new changes that a person is told of, each kind once in a run.

    Of a blow-up only what is graver than what was told before.
    """
    new = standing(change for change in changes if not change.is_over)
    known = set(told)
    for kind, finding in new.items():
        if kind in BLOW_UPS:
            graver = BLOW_UPS[: BLOW_UPS.index(kind) + 1]
            if known.isdisjoint(graver):
                yield finding
        elif kind is HealthKind.STALLED and kind not in known:
            yield finding
        known.add(kind)
