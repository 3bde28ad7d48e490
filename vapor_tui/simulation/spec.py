"""What a simulated run is made from: its configuration, its schedule and its seeds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from vapor_tui.domain.hyperparameters import Hyperparameters
from vapor_tui.simulation.injection import Injection, parse_injection


class SimulationMode(StrEnum):
    """Which law the loss follows."""

    EXPONENTIAL = "exponential"
    POWER = "power"
    REALISTIC = "realistic"


@dataclass(frozen=True)
class SimulationSpec:
    """All that a simulated run depends on; equal specs give equal runs, bit for bit.

    `data_seed` stands for the dataset and its order: runs that share it share the noise of
    their batches. `tokens_per_second` is the nominal throughput of all GPUs together; 0
    leaves that metric unmeasured. `injection` is a text for `parse_injection`.
    """

    hyperparameters: Hyperparameters
    total_steps: int
    steps_per_epoch: int
    seed: int
    data_seed: int
    mode: SimulationMode = SimulationMode.EXPONENTIAL
    model_parameters: float | None = None
    tokens_per_second: float = 0.0
    injection: str | None = None
    fits_memory: bool = True

    def __post_init__(self) -> None:
        if self.total_steps < 1 or self.steps_per_epoch < 1:
            raise ValueError("A simulated run needs at least one step, and one step per epoch")
        if self.injection is not None:
            parse_injection(self.injection)

    @cached_property
    def injected(self) -> Injection | None:
        """The fault that was asked for."""
        return None if self.injection is None else parse_injection(self.injection)

    @property
    def epochs(self) -> int:
        """Epochs that are begun; the last one may be cut short by total_steps."""
        return -(-self.total_steps // self.steps_per_epoch)

    def epoch_end(self, epoch: int) -> int:
        """The last step of an epoch, which counts from 1."""
        return min(epoch * self.steps_per_epoch, self.total_steps)
