"""GPU types to pick from, with price, memory and speed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vapor_tui.domain.catalogue import Catalogue, Gpu
from vapor_tui.domain.formats import money
from vapor_tui.ui.widgets.pick_list import PickRow
from vapor_tui.ui.widgets.picker import beside


@dataclass(frozen=True, slots=True)
class GpuPicker:
    """The key is a type of the catalogue."""

    catalogue: Catalogue
    title: str = "GPU: price of one per hour, memory, speed (~ derived)"

    def rows(self, query: str) -> Sequence[PickRow]:
        """Return the GPUs whose type, name or tagline hold every word."""
        words = query.casefold().split()
        return [
            _row(gpu)
            for gpu in self.catalogue.gpus
            if all(word in f"{gpu.type} {gpu.name} {gpu.tagline}".casefold() for word in words)
        ]

    def neighbour(self, key: str, direction: int) -> str | None:
        gpu = self.catalogue.gpu(key)
        types = [gpu.type for gpu in self.catalogue.gpus]
        return beside(types, gpu.type if gpu else "", direction)

    def facts(self, key: str) -> str:
        gpu = self.catalogue.gpu(key)
        if gpu is None:
            return ""
        return f"{money(gpu.price)}/h  {gpu.memory_gb:g} GB  {gpu.tagline}"


def _row(gpu: Gpu) -> PickRow:
    return PickRow(
        gpu.type,
        (
            gpu.type,
            f"{money(gpu.price):>6}/h",
            f"{gpu.memory_gb:>3g} GB",
            f"{'~' if gpu.derived else ''}{gpu.tokens_per_second:,.0f}".rjust(6) + " tok/s",
            gpu.tagline,
        ),
    )
