"""The training simulator: loss laws, stages on a simulated clock, and its pace."""

from vapor_tui.simulation.clock import Timeline
from vapor_tui.simulation.engine import evaluate, simulate
from vapor_tui.simulation.failures import Failure, FailureKind, failure_of, last_step
from vapor_tui.simulation.injection import Injection, InjectionKind, parse_injection
from vapor_tui.simulation.pace import Pace, WallClock
from vapor_tui.simulation.spec import SimulationMode, SimulationSpec

__all__ = [
    "Failure",
    "FailureKind",
    "Injection",
    "InjectionKind",
    "Pace",
    "SimulationMode",
    "SimulationSpec",
    "Timeline",
    "WallClock",
    "evaluate",
    "failure_of",
    "last_step",
    "parse_injection",
    "simulate",
]
