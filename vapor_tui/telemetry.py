"""The load of this machine's NVIDIA GPUs, where the driver and the extra `gpu` are there."""

from __future__ import annotations

import importlib
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

log = logging.getLogger(__name__)

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


_MOST_WATTS = 10_000.0
_MOST_OVERDRAW = 5
"""A GPU passes its power limit for moments, but not by this factor."""
_MOST_DEGREES = 200

NEEDS_EXTRA = Unavailable("GPU load needs: pip install nvidia-ml-py")
NO_DRIVER = Unavailable("GPU load: no NVIDIA driver here")
NO_GPU = Unavailable("GPU load: no NVIDIA GPU here")

DRIVER_FILES = (Path("/proc/driver/nvidia"), Path("/dev/nvidiactl"), Path("/dev/dxg"))
"""What NVIDIA's driver leaves to be seen without its library; the last one under WSL."""

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
            try:
                return self._read()
            except Exception as error:  # of a library that is broken, or of another of this name
                log.exception("the load of GPUs can't be read")
                return Unavailable(f"GPU load can't be read: {type(error).__name__}: {error}")

    def _read(self) -> GpuLoad:
        if self._nvml is None:
            try:
                self._nvml = importlib.import_module("pynvml")
            except ImportError:
                return NEEDS_EXTRA if any(map(os.path.exists, DRIVER_FILES)) else NO_DRIVER
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
    used, total = _bytes(_asked(nvml, nvml.nvmlDeviceGetMemoryInfo, gpu))
    heat = _asked(nvml, nvml.nvmlDeviceGetTemperature, gpu, nvml.NVML_TEMPERATURE_GPU)
    limit = _watts(_asked(nvml, nvml.nvmlDeviceGetEnforcedPowerLimit, gpu), _MOST_WATTS)
    most = min(_MOST_WATTS, _MOST_OVERDRAW * limit) if limit else _MOST_WATTS
    return GpuReading(
        index,
        name=_text(_asked(nvml, nvml.nvmlDeviceGetName, gpu)),
        utilisation=None if rates is None else _within(rates.gpu / 100, 1.0),
        memory_used=used,
        memory_total=total,
        temperature=_within(heat, _MOST_DEGREES),
        power=_watts(_asked(nvml, nvml.nvmlDeviceGetPowerUsage, gpu), most),
        power_limit=limit,
    )


def _asked(nvml: Nvml, query: Callable[..., T], *args: Any) -> T | None:
    """Return the answer to a query; None where a GPU does not support it, or is lost."""
    try:
        return query(*args)
    except (nvml.NVMLError, UnicodeDecodeError):  # some drivers give names that are no text
        return None


def _text(name: str | bytes | None) -> str | None:
    """Return a name as text: older versions of the library give bytes."""
    return name.decode(errors="replace") if isinstance(name, bytes) else name


def _within(value: float | None, most: float) -> float | None:
    """Return a value, or None for one that can't be: some drivers give -1 for what they lack."""
    return value if value is not None and 0 <= value <= most else None


def _bytes(memory: Any) -> tuple[int | None, int | None]:
    """Return how much is used, and of how much; neither where that can't be."""
    if memory is None or not 0 <= memory.used <= memory.total:
        return None, None
    return memory.used, memory.total


def _watts(milliwatts: int | None, most: float) -> float | None:
    return None if milliwatts is None else _within(milliwatts / 1000, most)
