"""What can be set of a simulation, each with its words and rules, for form and command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vapor_tui.domain.settings import Choice, Setting, wrong
from vapor_tui.simulation.injection import FORMS, InjectionKind, parse_injection
from vapor_tui.simulation.pace import Pace
from vapor_tui.simulation.spec import SimulationMode

_ENDING = (InjectionKind.NAN, InjectionKind.OUT_OF_MEMORY)
"""The faults that a job does not survive."""


@dataclass(frozen=True, kw_only=True)
class Speed(Setting):
    """How fast simulated time runs."""

    def _parse(self, raw: object) -> str:
        try:
            return str(Pace.parse(str(raw)))
        except ValueError as error:
            raise wrong(str(error)) from None

    @property
    def accepts(self) -> str:
        """The words, and what else a speed may be."""
        return "auto, max, a number, or seconds as 30s"

    @property
    def placeholder(self) -> str:
        """The same, as a line of usage gives it."""
        return "auto|max|NUMBER|SECONDSs"


@dataclass(frozen=True, kw_only=True)
class Fault(Setting):
    """A fault that a person asks for."""

    def _parse(self, raw: object) -> str:
        try:
            return str(parse_injection(str(raw)))
        except ValueError as error:
            raise wrong(str(error)) from None

    @property
    def accepts(self) -> str:
        """The faults there are, each with how it is written."""
        return FORMS

    @property
    def placeholder(self) -> str:
        """The same, as a line of usage gives it."""
        return "nan@STEP|oom|spike@STEP|stall@STEP"

    def warning(self, value: str) -> str:
        """Return a sentence that says that the fault is wanted, and whether it ends the job."""
        does = "fails" if parse_injection(value).kind in _ENDING else "is disturbed"
        return f"For testing: this job {does} on purpose"


SIMULATION_SETTINGS: Mapping[str, Setting] = {
    "mode": Choice(
        label="Simulated loss",
        help="Law of the simulated loss; realistic follows what public runs show",
        choices=(SimulationMode.REALISTIC, SimulationMode.EXPONENTIAL, SimulationMode.POWER),
        advanced=True,
    ),
    "speed": Speed(
        label="Simulated speed",
        help="1 is real time, max does not wait, 30s takes that long; auto takes two minutes",
        advanced=True,
    ),
    "injection": Fault(
        label="Rehearse a fault",
        help="Lets the simulated run fail or stumble, to see what happens then",
        optional=True,
        advanced=True,
    ),
}
"""By the names that a stored job has for them."""
