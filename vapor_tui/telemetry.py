"""The load of this machine's NVIDIA GPUs, where the driver and the extra `gpu` are there."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

T = TypeVar("T")

Nvml: TypeAlias = Any
"""The module `pynvml`, which has no types: NVIDIA's functions under their own names."""


@dataclass(frozen=True, slots=True)
class GpuReading:
    """What one GPU says of itself; None for whatever it or its driver does not tell."""

    index: int
    name: str | None = None
    utilisation: float | None = None
    """Share of the last moments in which it was at work, 0 to 1."""
    memory_used: int | None = None
    """Bytes, of all programs together."""
    memory_total: int | None = None
    temperature: float | None = None
    """Degrees Celsius."""
    power: float | None = None
    """Watts."""
    power_limit: float | None = None

    @property
    def memory_share(self) -> float | None:
        """How full the memory is, 0 to 1."""
        if self.memory_used is None or not self.memory_total:
            return None
        return self.memory_used / self.memory_total


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Why nothing can be read."""

    sentence: str
    is_lasting: bool = True
    """Whether asking again is of no use."""

    def __str__(self) -> str:
        return self.sentence


NEEDS_EXTRA = Unavailable("GPU load needs: pip install 'vapor-tui[gpu]'")
NO_DRIVER = Unavailable("GPU load: no NVIDIA driver here")
NO_GPU = Unavailable("GPU load: no NVIDIA GPU here")

GpuLoad: TypeAlias = tuple[GpuReading, ...] | Unavailable


class GpuMeter:
    """Reads all GPUs. Its calls may block for as long as the driver does; one at a time reads.

    The driver's library is loaded with the first reading and let go by `close`. `nvml` is what
    to ask in place of the installed module.
    """

    def __init__(self, nvml: Nvml | None = None) -> None:
        self._nvml: Nvml = nvml
        self._is_open = False
        self._lock = threading.Lock()

    def read(self) -> GpuLoad:
        """Return a reading per GPU, or why there is none."""
        with self._lock:
            if self._nvml is None:
                try:
                    self._nvml = importlib.import_module("pynvml")
                except ImportError:
                    return NEEDS_EXTRA
            nvml = self._nvml
            try:
                if not self._is_open:
                    nvml.nvmlInit()
                    self._is_open = True
                count = nvml.nvmlDeviceGetCount()
            except nvml.NVMLError as error:
                return self._unavailable(error)
            return tuple(_read_gpu(nvml, index) for index in range(count)) or NO_GPU

    def close(self) -> None:
        """Let the driver's library go; the next reading loads it again."""
        with self._lock:
            if self._is_open:
                self._is_open = False
                _asked(self._nvml, self._nvml.nvmlShutdown)

    def _unavailable(self, error: Any) -> Unavailable:
        missing = (self._nvml.NVML_ERROR_LIBRARY_NOT_FOUND, self._nvml.NVML_ERROR_DRIVER_NOT_LOADED)
        if error.value in missing:
            return NO_DRIVER
        return Unavailable(f"GPU load: the NVIDIA driver says: {error}", not self._is_open)


def gpus_in_words() -> str:
    """Return whether the load of GPUs can be read here, and of which."""
    meter = GpuMeter()
    load = meter.read()
    meter.close()
    if isinstance(load, Unavailable):
        return str(load)
    return f"GPU load of {', '.join(gpu.name or f'GPU {gpu.index}' for gpu in load)}"


def _read_gpu(nvml: Nvml, index: int) -> GpuReading:
    gpu = _asked(nvml, nvml.nvmlDeviceGetHandleByIndex, index)
    if gpu is None:
        return GpuReading(index)
    rates = _asked(nvml, nvml.nvmlDeviceGetUtilizationRates, gpu)
    memory = _asked(nvml, nvml.nvmlDeviceGetMemoryInfo, gpu)
    return GpuReading(
        index,
        name=_asked(nvml, nvml.nvmlDeviceGetName, gpu),
        utilisation=None if rates is None else rates.gpu / 100,
        memory_used=None if memory is None else memory.used,
        memory_total=None if memory is None else memory.total,
        temperature=_asked(nvml, nvml.nvmlDeviceGetTemperature, gpu, nvml.NVML_TEMPERATURE_GPU),
        power=_watts(_asked(nvml, nvml.nvmlDeviceGetPowerUsage, gpu)),
        power_limit=_watts(_asked(nvml, nvml.nvmlDeviceGetEnforcedPowerLimit, gpu)),
    )


def _asked(nvml: Nvml, query: Callable[..., T], *args: Any) -> T | None:
    """Return the answer to a query; None where a GPU does not support it, or is lost."""
    try:
        return query(*args)
    except (nvml.NVMLError, UnicodeDecodeError):  # some drivers give names that are no text
        return None


def _watts(milliwatts: int | None) -> float | None:
    return None if milliwatts is None else milliwatts / 1000
