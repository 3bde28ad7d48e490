"""Faults that a person asks for, to rehearse them: nan@STEP, oom, spike@STEP, stall@STEP."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_MOST_DIGITS = 15
FORMS = "nan@STEP, oom, spike@STEP or stall@STEP"


class InjectionKind(StrEnum):
    """What goes wrong."""

    NAN = "nan"
    OUT_OF_MEMORY = "oom"
    SPIKE = "spike"
    STALL = "stall"


@dataclass(frozen=True, slots=True)
class Injection:
    """One fault; `step` counts from 1 and is 0 for one that comes before training."""

    kind: InjectionKind
    step: int = 0

    def __str__(self) -> str:
        return f"{self.kind.value}@{self.step}" if self.step else self.kind.value


def parse_injection(text: str, total_steps: int | None = None) -> Injection:
    """Return the fault that a text asks for; raises ValueError with a sentence.

    A step after `total_steps` is refused where that is given, since it would never come.
    """
    name, at, number = text.strip().lower().partition("@")
    try:
        kind = InjectionKind(name)
    except ValueError:
        raise ValueError(f'An injection is {FORMS}, not "{text}"') from None
    if kind is InjectionKind.OUT_OF_MEMORY:
        if at:
            raise ValueError("oom takes no step: memory runs out before training begins")
        return Injection(kind)
    is_step = number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS
    if not is_step or int(number) < 1:
        raise ValueError(f"{kind.value} needs a step, as in {kind.value}@100, counted from 1")
    if total_steps is not None and int(number) > total_steps:
        raise ValueError(f"{kind.value}@{number} comes after the last step, {total_steps}")
    return Injection(kind, int(number))
