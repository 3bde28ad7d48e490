"""What the simulator's tests share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from vapor_tui.domain.hyperparameters import Hyperparameters
from vapor_tui.simulation import SimulationMode, SimulationSpec

MakeSpec = Callable[..., SimulationSpec]


@pytest.fixture
def make_spec() -> MakeSpec:
    """Builds a specification; what is not a field of it is a hyperparameter."""

    def make(**values: Any) -> SimulationSpec:
        given = {
            "total_steps": 750,
            "steps_per_epoch": 250,
            "seed": 7,
            "data_seed": 9,
            "mode": SimulationMode.REALISTIC,
            "tokens_per_second": 3600.0,
        }
        fields = given | {k: v for k, v in values.items() if k in SimulationSpec.__annotations__}
        settings = {k: v for k, v in values.items() if k not in SimulationSpec.__annotations__}
        return SimulationSpec(hyperparameters=Hyperparameters(**settings), **fields)

    return make
