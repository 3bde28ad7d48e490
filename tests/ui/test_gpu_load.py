"""The load of GPUs beside a run: its lines, and the monitor of a run that is followed."""

from __future__ import annotations

import asyncio
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import AddJob
from tests.logged_runs import captured_output, history, written
from tests.nvml_stand_in import A100, DRIVER_NOT_LOADED, NvmlStandIn
from tests.ui.support import Session, advance, frozen_app, hold, session
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.lifecycle import Status
from vapor_tui.domain.results import Ok
from vapor_tui.services.attach import attach_run
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import workers
from vapor_tui.storage.workers import ProcessIdentity
from vapor_tui.telemetry import NEEDS_EXTRA, NO_DRIVER, GpuMeter, GpuReading
from vapor_tui.ui.glyphs import levels
from vapor_tui.ui.gpu_lines import gpu_block, gpu_line
from vapor_tui.ui.gpu_watch import STUCK, GpuHistory, GpuWatch, uses_gpus_here
from vapor_tui.ui.messages import GpusRead
from vapor_tui.ui.screens.monitor import MonitorScreen
from vapor_tui.ui.widgets.lines import Line, line_width

GB = 2**30
BUSY = GpuHistory(
    GpuReading(0, "NVIDIA A100-SXM4-80GB", 0.87, int(41.2 * GB), 80 * GB, 71, 287.4, 400.0),
    (0.0,) * 30 + (1.0,) * 30,
    (0.5,) * 60,
)
SILENT = GpuHistory(GpuReading(1))


@pytest.fixture
def followed(workspace: Workspace, tmp_path: Path) -> Job:
    """A run that somebody else started, which a worker follows."""
    log = written(tmp_path / "out" / "train.log", captured_output(history(range(10, 101, 10))))
    process = ProcessIdentity("elsewhere", "boot", 1, "1")
    worker = workspace.database.write(workers.register, workspace.owner, process, "test", True)
    answer = attach_run(workspace, log, leased_to=worker)
    assert isinstance(answer, Ok)
    return answer.value


def _text(lines: list[Line]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


def test_levels_are_heights_of_the_whole() -> None:
    assert levels([0.0, 0.5, 1.0], 3) == "▁▅█"
    assert levels([0.0, 1.0, 1.0, 1.0], 2) == "▅█"
    assert levels([], 3) == "   "
    assert levels([None, None, None, 1.0], 2) == " █"
    assert levels([2.0, -1.0], 2) == "█▁"


@pytest.mark.parametrize("width", [48, 57])
def test_a_line_per_gpu_fits_and_stands_in_columns(followed: Job, width: int) -> None:
    lines = gpu_block(followed, [BUSY, SILENT], width)
    heading, busy, silent = _text(lines)
    assert heading == "GPU load here  1 × NVIDIA A100-SXM4-80GB, 1 × unnamed"
    assert [line_width(line) for line in lines[1:]] == [width, width]
    for value in ("87 %", "41.2/80 GB", "71 °C", "287/400 W" if width == 57 else "287 W"):
        assert value in busy
    assert set("▁▅█") <= set(busy)
    assert not any(character.isdigit() for character in silent[1:])


def test_nothing_moves_when_numbers_get_longer(followed: Job) -> None:
    calm = replace(BUSY.latest, utilisation=0.03, memory_used=GB, temperature=9.0, power=31.0)
    full = replace(
        BUSY.latest, utilisation=1.0, memory_used=80 * GB, temperature=104.0, power=399.0
    )
    (_, one), (_, other) = (
        _text(gpu_block(followed, [replace(BUSY, latest=latest)], 57)) for latest in (calm, full)
    )
    assert [one.index(unit) for unit in ("%", "GB", "°C", "W")] == [
        other.index(unit) for unit in ("%", "GB", "°C", "W")
    ]


def test_many_gpus_are_cut_with_their_number(followed: Job) -> None:
    gpus = [replace(BUSY, latest=replace(BUSY.latest, index=i)) for i in range(16)]
    block = _text(gpu_block(followed, gpus, 48))
    assert len(block) == 10
    assert block[-1] == "and 8 more, on average 87 %"
    line = gpu_line(followed, gpus, 76)
    assert _text([line])[0].endswith("+14")
    assert line_width(line) <= 76


def test_one_gpu_in_a_narrow_line(followed: Job) -> None:
    text = " ".join(_text([gpu_line(followed, [BUSY], 76)])[0].split())
    assert text == "GPU 0 87 % 41.2/80 GB 71 °C 287 W"
    assert gpu_line(followed, None, 76) == ()


@pytest.mark.parametrize("why", [NO_DRIVER, NEEDS_EXTRA])
def test_one_quiet_line_says_why_not(followed: Job, why: object) -> None:
    assert gpu_block(followed, why, 48) == [((str(why), "dim"),)]  # type: ignore[arg-type]
    assert gpu_line(followed, why, 76) == ((str(why), "dim"),)  # type: ignore[arg-type]


def test_an_ended_run_has_no_load(followed: Job) -> None:
    ended = followed.model_copy(update={"status": Status.COMPLETED})
    assert gpu_block(ended, [BUSY], 48) == []
    assert gpu_line(ended, [BUSY], 76) == ()


async def _open_first_job(open_session: Session) -> None:
    await open_session.press("enter")
    await open_session.until(lambda: isinstance(open_session.app.screen, MonitorScreen))
    await open_session.until(lambda: open_session.top(MonitorScreen).job is not None)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_the_monitor_of_a_followed_run_shows_the_gpus(
    workspace: Workspace, followed: Job, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    nvml = NvmlStandIn([A100])
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    async with session(frozen_app(workspace), size) as open_session:
        await _open_first_job(open_session)
        await open_session.sees("87 %", "41.2/80 GB", "71 °C")
        await open_session.press("q")
        await open_session.until(lambda: nvml.open == 0)


async def test_without_a_driver_one_line_says_so_and_it_is_asked_once(
    workspace: Workspace, followed: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvml = NvmlStandIn(refusal=DRIVER_NOT_LOADED)
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    async with session(frozen_app(workspace)) as open_session:
        await _open_first_job(open_session)
        await open_session.sees("GPU load: no NVIDIA driver here")
        assert open_session.text.count("GPU load") == 1
        screen = open_session.top(MonitorScreen)
        screen._ask_while_active()
        await open_session.pilot.pause()
        assert nvml.calls == ["Init"]
        assert open_session.heard(GpusRead) == ["GpusRead"]


async def test_a_library_that_is_broken_is_not_taken_for_a_driver_that_is_stuck(
    workspace: Workspace, followed: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvml = NvmlStandIn()
    monkeypatch.setattr(nvml, "nvmlInit", [].pop)
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    monkeypatch.setattr("vapor_tui.ui.gpu_watch.PATIENCE_SECONDS", 0.0)
    async with session(frozen_app(workspace)) as open_session:
        await _open_first_job(open_session)
        await open_session.sees("GPU load can't be read: IndexError: pop", "empty list")
        assert "does not answer" not in open_session.text


async def test_a_driver_that_does_not_answer_is_called_stuck_until_it_does(
    followed: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()
    nvml = NvmlStandIn([A100])
    monkeypatch.setattr(nvml, "nvmlDeviceGetCount", lambda: 1 if answers.wait(30) else 0)
    posted: asyncio.Queue[GpusRead] = asyncio.Queue()
    watch = GpuWatch(posted.put_nowait, GpuMeter(nvml))
    watch.ask(followed)
    assert watch.load is None
    monkeypatch.setattr("vapor_tui.ui.gpu_watch.PATIENCE_SECONDS", 0.0)
    assert watch.load == STUCK

    watch.ask(followed)
    answers.set()
    watch.take((await asyncio.wait_for(posted.get(), 10)).load)
    assert posted.empty()
    known = watch.load
    assert isinstance(known, tuple)
    assert known[0].latest.utilisation == 0.87


async def test_a_simulated_job_asks_for_no_gpu(
    workspace: Workspace, add_job: AddJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    nvml = NvmlStandIn([A100])
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    simulated = advance(workspace, hold(workspace, add_job), 100)
    assert simulated.status is Status.RUNNING
    assert not uses_gpus_here(simulated)
    async with session(frozen_app(workspace)) as open_session:
        await _open_first_job(open_session)
        open_session.top(MonitorScreen)._ask_while_active()
        await open_session.pilot.pause()
        assert nvml.calls == []
        assert open_session.heard(GpusRead) == []
        assert "GPU load" not in open_session.text
