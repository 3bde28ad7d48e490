"""The comparison of all GPUs, and what past runs say, as seen from the configuration screen."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, update
from textual.pilot import Pilot

from tests.conftest import AddDataset, AddJob
from tests.ui.configure_support import Form, frozen_app, opened, settled
from tests.ui.support import advance, hold
from vapor_tui.domain.calibration import Calibration
from vapor_tui.domain.catalogue import Gpu
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.lifecycle import Status
from vapor_tui.domain.plans import PlanSort
from vapor_tui.services import plans as plan_services
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage.errors import StorageBusyError
from vapor_tui.storage.jobs import JOBS
from vapor_tui.ui.plan_rows import PRESENT, choice_of
from vapor_tui.ui.screens.plans import PlansScreen
from vapor_tui.ui.widgets.cost_panel import READING, TOO_FEW, UNREADABLE, CostPanel
from vapor_tui.ui.widgets.lines import LinesView
from vapor_tui.ui.widgets.plan_table import PlanTable

SnapCompare = Callable[..., bool]


def table(form: Form) -> PlanTable:
    return form.top(PlansScreen).query_one(PlanTable)


def said(form: Form, selector: str) -> str:
    """A line of the comparison with runs of spaces as one."""
    return " ".join(form.top(PlansScreen).query_one(selector, LinesView).plain.split())


async def show_plans(form: Form) -> PlanTable:
    await form.press("f2")
    await form.pilot.pause()
    return table(form)


async def test_every_choice_is_listed_and_the_present_one_is_marked(
    workspace: Workspace, add_dataset_row: AddDataset
) -> None:
    add_dataset_row()
    async with opened(workspace, (120, 40), model="LFM2-1.2B") as form:
        rows = await show_plans(form)
        assert rows.row is not None
        assert choice_of(rows.row) == ("A100-80GB", 2)
        assert len(rows.rows) == 8 * len(workspace.catalogue.gpus)
        (marked,) = [line for line in rows.plain.splitlines() if PRESENT in line]
        assert "A100-80GB" in marked
        best = sum(row.is_on_frontier for row in rows.rows)
        assert said(form, "#title") == (
            f"sort cost all 128 {best} ◆ best; f shows only these for LFM2-1.2B ± 40 % SIMULATED"
        )
        place = f"row {rows.cursor + 1} of {len(rows.rows)}"
        assert said(form, "#detail").endswith(f"the present choice {place}")


async def test_a_row_is_adopted_and_the_panel_follows(
    workspace: Workspace, add_dataset_row: AddDataset
) -> None:
    add_dataset_row()
    async with opened(workspace) as form:
        rows = await show_plans(form)
        await form.press("g")
        cheapest = rows.row
        assert cheapest is not None
        assert "cheaper" in said(form, "#detail")
        await form.press("enter")
        assert (form.shown("gpu_type"), int(form.shown("gpu_count"))) == choice_of(cheapest)
        plan = form.screen.last_plan
        assert plan is not None
        assert plan.estimate == cheapest.listed
        assert form.screen.is_changed


async def test_going_back_changes_nothing(
    workspace: Workspace, add_dataset_row: AddDataset
) -> None:
    add_dataset_row()
    async with opened(workspace) as form:
        before, focused = form.panel(), form.screen.focused
        for key in ("q", "escape"):
            await show_plans(form)
            await form.press("j", "j", "o", "f", key)
            assert form.panel() == before
            assert not form.screen.is_changed
            assert form.screen.focused is focused


async def test_sorting_and_filters_keep_the_cursor_on_its_choice(workspace: Workspace) -> None:
    async with opened(workspace, model="Llama-3.1-70B-Instruct") as form:
        rows = await show_plans(form)
        await form.press("g", "j")
        assert rows.row is not None
        kept = choice_of(rows.row)
        orders: dict[PlanSort, list[float]] = {}
        for sort in (PlanSort.TIME, PlanSort.GPU, PlanSort.COST):
            await form.press("o")
            assert said(form, "#title").startswith(f"sort {sort} ")
            assert choice_of(rows.row) == kept
            orders[sort] = [r.seconds if sort is PlanSort.TIME else r.total_cost for r in rows.rows]
        assert orders[PlanSort.TIME] != sorted(orders[PlanSort.TIME]), "what fits comes first"
        fitting = [row for row in rows.rows if row.may_fit]
        assert 0 < len(fitting) < len(rows.rows)
        await form.press("f")
        best = tuple(row for row in fitting if row.is_on_frontier)
        assert rows.rows == best
        assert "◆" not in said(form, "#title"), "all of them are"
        await form.press("f")
        assert rows.rows == tuple(fitting)
        assert f"fitting {len(fitting)} {len(best)} ◆ best " in said(form, "#title")
        await form.press("f")
        assert choice_of(rows.row) == kept


async def test_what_does_not_fit_says_so_without_colour(workspace: Workspace) -> None:
    async with opened(workspace, model="Llama-3.1-70B-Instruct") as form:
        rows = await show_plans(form)
        await form.press("G")
        assert "✗ no fit" in rows.plain.splitlines()[-1]
        await form.press("k")
        assert {style for text, style in rows.lines[-1] if text.strip()} == {"dim"}
        await form.press("g")
        assert "◆ best" in rows.plain.splitlines()[1]


async def test_moving_by_key_and_mouse(workspace: Workspace) -> None:
    async with opened(workspace) as form:
        rows = await show_plans(form)
        seen = []
        for key in ("g", "j", "down", "k", "up", "up", "pagedown", "pageup", "G", "j", "home"):
            await form.press(key)
            seen.append(rows.cursor)
        last = len(rows.rows) - 1
        assert seen == [0, 1, 2, 1, 0, 0, rows.room, 0, last, last, 0]
        await form.pilot.click(rows, offset=(10, 4))
        assert rows.cursor == 3
        await form.pilot.click(rows, offset=(10, 4), times=2)
        assert (form.shown("gpu_type"), int(form.shown("gpu_count"))) == choice_of(rows.rows[3])


async def test_the_table_has_the_keys_again_after_a_terminal_too_small(
    workspace: Workspace,
) -> None:
    async with opened(workspace) as form:
        rows = await show_plans(form)
        for size in ((1, 1), (60, 18)):
            await form.pilot.resize_terminal(*size)
            await form.pilot.pause()
        assert rows.has_focus


@pytest.mark.parametrize("width", [60, 80, 120, 160])
async def test_columns_stay_in_place(workspace: Workspace, width: int) -> None:
    async with opened(workspace, (width, 24)) as form:
        rows = await show_plans(form)
        ends = set()
        for _ in range(8):
            lines = rows.plain.splitlines()[1:]
            ends |= {line.rstrip().find("✓") for line in lines}
            assert {len(line) for line in lines} == {rows.content_size.width}
            assert not any("…" in line for line in lines)
            await form.press("pagedown")
        assert len(ends) == 1
        for title, least in (("list cost", 120), ("$/M tokens", 120), ("memory per GPU", 80)):
            assert (title in rows.plain) == (width >= least)


async def test_a_model_of_unknown_size(workspace: Workspace) -> None:
    async with opened(workspace, model="me/my-model") as form:
        assert any(line.startswith("f2 plans: cheapest $") for line in form.panel())
        rows = await show_plans(form)
        assert "list figures, size unknown" in said(form, "#title")
        assert " unknown " in rows.plain.splitlines()[1]
        assert all(row.total_cost == row.listed.total_cost for row in rows.rows)


async def test_figures_of_the_last_valid_settings(workspace: Workspace) -> None:
    async with opened(workspace, preset="fats") as form:
        await form.press("f2")
        assert form.screen.last_plan is None, "there is nothing to compare"
    async with opened(workspace, (120, 40)) as form:
        await form.fill("epochs", "x")
        await show_plans(form)
        assert "last valid" in said(form, "#title")


async def test_the_panel_names_the_cheapest_that_fits(workspace: Workspace) -> None:
    async with opened(workspace, (160, 45)) as form:
        plan = form.screen.last_plan
        assert plan is not None
        cheapest = plan_services.compare(workspace, plan)[0]
        offer = f"f2 plans: cheapest ${cheapest.total_cost:.2f}"
        assert form.panel()[-1] == f"{offer} (1 × {cheapest.gpu.type})"
        panel = form.screen.query_one(CostPanel)
        await form.pilot.click(panel, offset=(5, len(panel.lines) - 1))
        form.top(PlansScreen)


async def test_the_comparison_runs_once_for_each_change(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = []
    compare = plan_services.compare

    def count(workspace: Workspace, plan: plan_services.Plan) -> object:
        compared.append(plan)
        return compare(workspace, plan)

    monkeypatch.setattr(plan_services, "compare", count)
    async with opened(workspace) as form:
        assert len(compared) == 1
        await form.press("tab", "tab", "shift+tab")
        assert len(compared) == 1
        await form.fill("epochs", "5")
        assert len(compared) == 2


# What past runs say.


def bill(workspace: Workspace, job: Job, usd: float) -> None:
    def change(connection: Connection) -> None:
        connection.execute(update(JOBS).where(JOBS.c.id == job.id).values(current_cost=usd))

    workspace.database.write(change)


def finish(workspace: Workspace, add_job: AddJob, runs: int) -> None:
    """Let so many jobs of the form's first model and GPUs have been completed."""
    for _ in range(runs):
        job = hold(workspace, add_job, base_model="LFM2-350M", preset="fast")
        advance(workspace, job, job.total_steps, status=Status.COMPLETED)
        assert job.estimate is not None
        bill(workspace, job, job.estimate.compute_cost * 1.1)


def calibrated_line(form: Form) -> str:
    return next(line for line in form.panel() if line.startswith("calibrated"))


async def test_three_finished_runs_calibrate(
    workspace: Workspace, add_job: AddJob, add_dataset_row: AddDataset
) -> None:
    finish(workspace, add_job, 2)
    async with opened(workspace) as form:
        assert calibrated_line(form) == f"calibrated {TOO_FEW}"
    finish(workspace, add_job, 1)
    async with opened(workspace) as form:
        plan = form.screen.last_plan
        assert plan is not None
        found = plan_services.calibration(workspace, "LFM2-350M", plan.draft.gpu)
        assert found is not None
        cost = plan_services.calibrated(plan, found).total_cost
        assert calibrated_line(form) == f"calibrated ± 0 % speed, from 3 runs ${cost:.2f}"
        await form.fill("epochs", "1")
        plan = form.screen.last_plan
        assert plan is not None
        cost = plan_services.calibrated(plan, found).total_cost
        assert calibrated_line(form).endswith(f"3 runs ${cost:.2f}"), "without reading again"


async def test_answers_that_come_too_late_are_dropped(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    may_answer = {"H100": threading.Event(), "V100-32GB": threading.Event()}

    def answer(_workspace: Workspace, _model: str, gpu: Gpu) -> Calibration | None:
        asked.append(gpu.type)
        if gpu.type in may_answer:
            may_answer[gpu.type].wait(10)
        return Calibration(tokens_per_second=1000, spread=0.1, runs=len(gpu.type))

    monkeypatch.setattr(plan_services, "calibration", answer)
    async with opened(workspace) as form:
        form.field("gpu_type").control.focus()
        await form.press("down", "down")
        await form.until(lambda: "H100" in asked)
        assert calibrated_line(form) == f"calibrated {READING}"
        await form.press("down")
        await form.until(lambda: "V100-32GB" in asked)
        may_answer["H100"].set()
        await form.pilot.pause(0.1)
        assert calibrated_line(form) == f"calibrated {READING}"
        may_answer["V100-32GB"].set()
        await form.until(lambda: "from 9 runs" in calibrated_line(form))


async def test_reading_waits_until_nothing_changes(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(_workspace: Workspace, _model: str, gpu: Gpu) -> None:
        asked.append(gpu.type)

    async with opened(workspace) as form:
        assert type(form.screen).reading_delay == 0.5
        monkeypatch.setattr(plan_services, "calibration", answer)
        form.screen.reading_delay = 0.2
        form.field("gpu_type").control.focus()
        await form.press("down", "down", "down")
        assert calibrated_line(form) == f"calibrated {READING}"
        await form.until(lambda: calibrated_line(form) != f"calibrated {READING}")
        assert asked == ["V100-32GB"]


async def test_a_database_that_does_not_answer(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object) -> None:
        raise StorageBusyError("busy")

    monkeypatch.setattr(plan_services, "calibration", refuse)
    async with opened(workspace) as form:
        assert calibrated_line(form) == f"calibrated {UNREADABLE}"


@pytest.mark.parametrize(("size", "keys"), [((120, 40), ""), ((80, 24), "g")])
def test_comparison(
    snap_compare: SnapCompare,
    workspace: Workspace,
    add_dataset_row: AddDataset,
    size: tuple[int, int],
    keys: str,
) -> None:
    add_dataset_row()

    async def compare(pilot: Pilot[None]) -> None:
        form = await settled(pilot)
        await show_plans(form)
        await form.press(*keys)

    app = frozen_app(workspace, model="Llama-3.1-70B-Instruct")
    assert snap_compare(app, terminal_size=size, run_before=compare)
