"""Which base models suit a purpose and fit into the memory there is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from vapor_tui.domain.catalogue import Gpu, Model
from vapor_tui.domain.hyperparameters import Hyperparameters
from vapor_tui.domain.memory import estimate_memory

PURPOSES = ("chat", "code", "reasoning", "edge")
"""What most fine-tunes are for, in the order in which models are recommended for it."""
CLEARLY_LARGER = 1.1
"""Below this ratio of parameters the model that the catalogue lists first is preferred."""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A model, and what it is a good choice for."""

    model: Model
    purpose: str

    @property
    def reason(self) -> str:
        """Why this one, in a few words."""
        return f"{self.purpose}: largest fit"


def recommend(
    models: Iterable[Model], values: Hyperparameters, gpu: Gpu, gpu_count: int
) -> list[Recommendation]:
    """Return for each purpose the largest model made for it that leaves room in the memory.

    What a model is made for is its first purpose: one for code comes before a larger one that
    knows code among other things.
    """
    best: dict[str, Model] = {}
    for model in models:
        memory = estimate_memory(model, values, gpu.memory_gb, gpu_count)
        if not model.purposes or not memory.fits or memory.is_tight:
            continue
        present = best.get(model.purposes[0])
        if present is None or model.parameters > CLEARLY_LARGER * present.parameters:
            best[model.purposes[0]] = model
    return [Recommendation(best[purpose], purpose) for purpose in PURPOSES if purpose in best]
