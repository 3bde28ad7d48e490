"""The watch over a run: what is wrong with it, since when, and what to do about it."""

from vapor_tui.domain.health.findings import ADVICE, Finding, HealthChange, HealthKind
from vapor_tui.domain.health.settings import HealthSettings
from vapor_tui.domain.health.watch import HealthWatch

__all__ = [
    "ADVICE",
    "Finding",
    "HealthChange",
    "HealthKind",
    "HealthSettings",
    "HealthWatch",
]
