"""What NVIDIA's `pynvml` offers, over GPUs that are made up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

NOT_SUPPORTED, DRIVER_NOT_LOADED, LIBRARY_NOT_FOUND, GPU_IS_LOST = 3, 9, 12, 15

A100 = {
    "Name": "NVIDIA A100-SXM4-80GB",
    "UtilizationRates": SimpleNamespace(gpu=87, memory=40),
    "MemoryInfo": SimpleNamespace(used=44_238_372_864, total=85_899_345_920, free=0),
    "Temperature": 71,
    "PowerUsage": 287_400,
    "EnforcedPowerLimit": 400_000,
}
"""Answers by what stands behind "nvmlDeviceGet"."""


class NvmlStandIn:
    """Answers as the driver does; an answer that is a number of an error in `failing` is raised.

    `refusal` is the number of the error with which it does not even begin.
    """

    NVML_ERROR_LIBRARY_NOT_FOUND = LIBRARY_NOT_FOUND
    NVML_ERROR_DRIVER_NOT_LOADED = DRIVER_NOT_LOADED
    NVML_TEMPERATURE_GPU = 0

    class NVMLError(Exception):
        def __init__(self, value: int) -> None:
            super().__init__(value)
            self.value = value

        def __str__(self) -> str:
            return {GPU_IS_LOST: "GPU is lost"}.get(self.value, f"error {self.value}")

    def __init__(
        self,
        gpus: Sequence[Mapping[str, Any]] = (A100,),
        *,
        failing: Mapping[str, int] | None = None,
        refusal: int | None = None,
    ) -> None:
        self.gpus = list(gpus)
        self.failing = dict(failing or {})
        self.refusal = refusal
        self.open = 0
        self.calls: list[str] = []

    def nvmlInit(self) -> None:  # noqa: N802 - NVIDIA's name, as are those below
        self.calls.append("Init")
        if self.refusal is not None:
            raise self.NVMLError(self.refusal)
        self.open += 1

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.calls.append("Shutdown")
        self.open -= 1

    def __getattr__(self, name: str) -> Any:
        asked = name.removeprefix("nvmlDeviceGet")
        if asked == name:
            raise AttributeError(name)

        def answer(gpu: int = 0, *_: Any) -> Any:
            assert self.open == 1, "asked before it was opened, or after it was closed"
            self.calls.append(asked)
            if asked in self.failing:
                raise self.NVMLError(self.failing[asked])
            if asked == "Count":
                return len(self.gpus)
            return gpu if asked == "HandleByIndex" else self.gpus[gpu][asked]

        return answer
