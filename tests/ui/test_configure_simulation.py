"""How the job is simulated, and what is marked as such, on the configuration screen."""

from __future__ import annotations

import pytest

from tests.conftest import AddDataset, AddJob
from tests.ui.configure_support import Form, opened
from vapor_tui.services.jobs import list_jobs
from vapor_tui.services.workspace import Workspace
from vapor_tui.ui.glyphs import SIMULATED, SIMULATED_STYLE, simulated_mark
from vapor_tui.ui.monitor_lines import identity_line
from vapor_tui.ui.widgets.choice import ChoiceControl
from vapor_tui.ui.widgets.cost_line import CostLine
from vapor_tui.ui.widgets.cost_panel import CostPanel


async def open_advanced(form: Form) -> None:
    form.screen.query_one("CollapsibleTitle").focus()
    await form.press("enter")
    await form.until(lambda: bool(form.screen.query("#field-injection")))


async def test_mode_speed_and_fault_are_stored(
    workspace: Workspace, add_dataset_row: AddDataset
) -> None:
    add_dataset_row()
    async with opened(workspace) as form:
        await open_advanced(form)
        mode = form.field("mode").control
        assert isinstance(mode, ChoiceControl)
        assert mode.chosen == "realistic"
        mode.focus()
        await form.press("right", "right")
        await form.fill("speed", " MAX ")
        await form.fill("injection", "NaN@100")
        assert form.field("injection").warning == "For testing: this job fails on purpose"
        await form.press("ctrl+s")
        await form.until(lambda: bool(form.results))
    (job,) = list_jobs(workspace).jobs
    assert (job.mode, job.speed, job.injection) == ("power", "max", "nan@100")


@pytest.mark.parametrize(
    ("key", "typed", "says"),
    [
        ("speed", "fast", 'A speed is "auto", "max", a number above 0'),
        ("speed", "0", 'A speed is "auto"'),
        ("speed", "", "Simulated speed is required"),
        ("injection", "fire@3", "An injection is nan@STEP, oom, spike@STEP or stall@STEP"),
        ("injection", "nan@751", "nan@751 comes after the last step, 750"),
    ],
)
async def test_mistakes_are_answered_at_the_field(
    workspace: Workspace, add_dataset_row: AddDataset, key: str, typed: str, says: str
) -> None:
    add_dataset_row()
    async with opened(workspace) as form:
        await open_advanced(form)
        await form.fill(key, typed)
        assert form.field(key).error.startswith(says)
        await form.press("ctrl+s")
        assert not form.results
        if typed == "nan@751":
            await form.fill("epochs", "4")
            assert not form.field(key).error


async def test_a_fault_is_marked_wherever_the_cost_stands(workspace: Workspace) -> None:
    async with opened(workspace, (120, 40)) as form:
        panel, line = form.screen.query_one(CostPanel), form.screen.query_one(CostLine)
        assert form.panel()[0] == "Cost SIMULATED"
        assert "sim" in line.plain
        await open_advanced(form)
        await form.fill("injection", "stall@9")
        assert form.panel()[0] == "Cost SIMULATED, INJECTED stall@9"
        assert "inj" in line.plain
        assert form.field("injection").warning == "For testing: this job is disturbed on purpose"
        assert panel.lines[0][-1] == simulated_mark("stall@9")[0]
        await form.fill("injection", "")
        assert form.panel()[0] == "Cost SIMULATED"
        assert panel.lines[0][-1] == (SIMULATED, SIMULATED_STYLE)


def test_the_mark_is_the_same_on_the_monitor(add_job: AddJob) -> None:
    assert (SIMULATED, SIMULATED_STYLE) in identity_line(add_job(), 160)


async def test_a_clone_keeps_mode_and_speed_but_no_fault(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = add_job(speed="30s").model_copy(update={"mode": "power", "injection": "nan@3"})
    async with opened(workspace, clone=job) as form:
        assert not form.screen.is_changed
        assert form.panel()[0] == "Cost SIMULATED"
        await form.press("ctrl+s")
        await form.until(lambda: bool(form.results))
    copy = list_jobs(workspace).jobs[0]
    assert (copy.mode, copy.speed, copy.injection) == ("power", "30s", None)
