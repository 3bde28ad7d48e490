"""What can be wrong with a run, in which words, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class HealthKind(StrEnum):
    """What is found; the gravest first."""

    NAN = "nan"
    DIVERGENCE = "divergence"
    SPIKE = "spike"
    STALLED = "stalled"
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
        return ADVICE[self.kind]


@dataclass(frozen=True, slots=True)
class HealthChange:
    """Something was found, or what had been found is over."""

    finding: Finding
    is_over: bool = False
    """Whether `finding` tells of the recovery."""


def gravest(findings: dict[HealthKind, Finding]) -> list[Finding]:
    """Return findings, the gravest first."""
    return [findings[kind] for kind in HealthKind if kind in findings]
