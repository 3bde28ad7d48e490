"""What is read of GPUs, where some queries fail or there is nothing to ask."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.nvml_stand_in import (
    A100,
    DRIVER_NOT_LOADED,
    GPU_IS_LOST,
    LIBRARY_NOT_FOUND,
    NOT_SUPPORTED,
    NvmlStandIn,
)
from vapor_tui import telemetry
from vapor_tui.telemetry import (
    NEEDS_EXTRA,
    NO_DRIVER,
    NO_GPU,
    GpuMeter,
    GpuReading,
    Unavailable,
    gpus_in_words,
)

WHOLE = GpuReading(
    0, "NVIDIA A100-SXM4-80GB", 0.87, 44_238_372_864, 85_899_345_920, 71, 287.4, 400.0
)


def _read(nvml: NvmlStandIn) -> GpuReading:
    load = GpuMeter(nvml).read()
    assert not isinstance(load, Unavailable)
    (gpu,) = load
    return gpu


def test_a_gpu_that_answers_everything() -> None:
    assert _read(NvmlStandIn()) == WHOLE
    assert WHOLE.memory_share == pytest.approx(0.515, abs=1e-4)


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("Name", {"name"}),
        ("UtilizationRates", {"utilisation"}),
        ("MemoryInfo", {"memory_used", "memory_total"}),
        ("Temperature", {"temperature"}),
        ("PowerUsage", {"power"}),
        ("EnforcedPowerLimit", {"power_limit"}),
    ],
)
def test_a_query_that_fails_takes_nothing_else_along(query: str, fields: set[str]) -> None:
    gpu = _read(NvmlStandIn(failing={query: NOT_SUPPORTED}))
    for field in GpuReading.__slots__:
        assert getattr(gpu, field) == (None if field in fields else getattr(WHOLE, field))


def test_a_gpu_that_is_lost_is_still_counted() -> None:
    gpu = _read(NvmlStandIn(failing={"HandleByIndex": GPU_IS_LOST}))
    assert gpu == GpuReading(0)
    assert gpu.memory_share is None


def test_a_driver_that_fails_later_is_asked_again() -> None:
    nvml = NvmlStandIn(failing={"Count": GPU_IS_LOST})
    meter = GpuMeter(nvml)
    failed = meter.read()
    assert failed == Unavailable("GPU load: the NVIDIA driver says: GPU is lost", False)
    nvml.failing.clear()
    assert meter.read() == (WHOLE,)


@pytest.mark.parametrize("error", [DRIVER_NOT_LOADED, LIBRARY_NOT_FOUND])
def test_no_driver(error: int) -> None:
    assert GpuMeter(NvmlStandIn(refusal=error)).read() == NO_DRIVER


def test_a_driver_that_refuses_says_why() -> None:
    refused = GpuMeter(NvmlStandIn(refusal=4)).read()
    assert refused == Unavailable("GPU load: the NVIDIA driver says: error 4", is_lasting=True)


@pytest.mark.parametrize(
    ("query", "answer", "fields"),
    [
        ("UtilizationRates", SimpleNamespace(gpu=255), {"utilisation"}),
        ("MemoryInfo", SimpleNamespace(used=30, total=24), {"memory_used", "memory_total"}),
        ("Temperature", 2**32 - 1, {"temperature"}),
        ("PowerUsage", 2**32 - 1, {"power"}),
        ("PowerUsage", 2_500_000, {"power"}),
        ("EnforcedPowerLimit", 2**32 - 1, {"power_limit"}),
    ],
)
def test_a_value_that_cannot_be_is_left_out(query: str, answer: Any, fields: set[str]) -> None:
    gpu = _read(NvmlStandIn([{**A100, query: answer}]))
    for field in GpuReading.__slots__:
        assert getattr(gpu, field) == (None if field in fields else getattr(WHOLE, field))


def test_a_gpu_may_pass_its_limit_for_a_moment() -> None:
    assert _read(NvmlStandIn([{**A100, "PowerUsage": 460_000}])).power == 460.0


def test_a_name_in_bytes_is_text() -> None:
    assert _read(NvmlStandIn([{**A100, "Name": b"Tesla K80"}])).name == "Tesla K80"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError("libnvidia-ml.so: wrong ELF class"), "OSError: libnvidia-ml.so: wrong ELF class"),
        (AttributeError("no attribute"), "AttributeError: no attribute"),
    ],
)
def test_a_library_that_is_broken_is_said_and_logged(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    said: str,
) -> None:
    def fail() -> None:
        raise error

    nvml = NvmlStandIn()
    monkeypatch.setattr(nvml, "nvmlInit", fail)
    assert GpuMeter(nvml).read() == Unavailable(f"GPU load can't be read: {said}")
    assert said in caplog.text


def test_a_driver_without_a_gpu() -> None:
    assert GpuMeter(NvmlStandIn([])).read() == NO_GPU


def test_the_library_is_loaded_once_and_let_go() -> None:
    nvml = NvmlStandIn([A100, A100])
    meter = GpuMeter(nvml)
    meter.close()
    assert nvml.calls == []
    meter.read()
    meter.read()
    meter.close()
    meter.close()
    assert (nvml.calls.count("Init"), nvml.calls.count("Shutdown")) == (1, 1)
    assert meter.read() == (WHOLE, GpuReading(1, *(getattr(WHOLE, f) for f in _AFTER_INDEX)))


_AFTER_INDEX = [field for field in GpuReading.__slots__ if field != "index"]


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    monkeypatch.setattr(telemetry, "DRIVER_FILES", (tmp_path / "gone", tmp_path))
    assert GpuMeter().read() == NEEDS_EXTRA
    assert gpus_in_words() == "GPU load needs: pip install nvidia-ml-py"


def test_the_extra_is_not_asked_for_where_there_is_no_gpu(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    monkeypatch.setattr(telemetry, "DRIVER_FILES", (tmp_path / "gone",))
    assert gpus_in_words() == "GPU load: no NVIDIA driver here"


def test_in_words_with_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    nvml = NvmlStandIn([A100, A100], failing={"Name": NOT_SUPPORTED})
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    assert gpus_in_words() == "GPU load of GPU 0, GPU 1"
    assert nvml.open == 0


@pytest.mark.skipif(importlib.util.find_spec("pynvml") is None, reason="the extra is not installed")
def test_the_real_library_answers_with_gpus_or_a_sentence() -> None:
    load = GpuMeter().read()
    assert load == NO_DRIVER or isinstance(load, Unavailable) or all(g.index >= 0 for g in load)
