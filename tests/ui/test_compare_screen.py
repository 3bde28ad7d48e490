"""The comparison: what it shows and follows, and what its keys do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.ui.support import PATIENCE, REFRESH, advance, frozen_app, hold, session, stored
from vapor_tui.domain.comparison import Axis
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.lifecycle import Action, Status
from vapor_tui.services.compare import comparison_news
from vapor_tui.services.jobs import apply_action
from vapor_tui.services.workspace import Workspace
from vapor_tui.ui.glyphs import CURSOR
from vapor_tui.ui.messages import ComparisonRead
from vapor_tui.ui.screens.compare import CompareScreen
from vapor_tui.ui.screens.jobs import JobsScreen
from vapor_tui.ui.screens.monitor import MonitorScreen
from vapor_tui.ui.screens.pick import PickScreen
from vapor_tui.ui.screens.pick_other import candidates, pick_rows
from vapor_tui.ui.widgets.overlay_chart import OverlayChart

AddJob = Callable[..., Job]


@pytest.fixture
def jobs(workspace: Workspace, add_job: AddJob) -> list[Job]:
    """A finished job, a running one of another rank, and one that waits."""
    done = advance(workspace, hold(workspace, add_job), 750, status=Status.COMPLETED)
    running = advance(workspace, hold(workspace, add_job, name="more-rank", lora_rank=64), 300)
    return [done, running, add_job(name="waiting [x]", lora_rank=8)]


def chart(screen: CompareScreen) -> str:
    return screen.query_one(OverlayChart).plain


async def test_curves_and_what_differs(workspace: Workspace, jobs: list[Job]) -> None:
    app = frozen_app(workspace)
    async with session(app) as seen:
        app.open_compare([1, 2, 3])
        await seen.sees("─●─ #1 support-bot", "╌■╌ #2 more-rank", "#3 waiting [x]: no curve")
        await seen.sees("LoRA rank", "Results   SIMULATED", "✓ completed", "▶ running", "◌ queued")
        assert "Learning rate" not in seen.text
        assert "●" in chart(seen.top(CompareScreen))
        await seen.press("tab")
        await seen.sees("Cost per 1.0 of loss", " sim", "Duration, simulated")


async def test_it_follows_what_still_runs_and_stops_when_all_has_ended(
    workspace: Workspace, jobs: list[Job]
) -> None:
    app = frozen_app(workspace)
    async with session(app) as seen:
        app.open_compare([1, 2])
        await seen.sees("╌■╌ #2 more-rank")
        screen = seen.top(CompareScreen)
        advance(workspace, stored(workspace, 2), 500)
        await seen.until(lambda: len(screen.comparison.jobs[1].trace) == 500)  # type: ignore[union-attr]
        advance(workspace, stored(workspace, 2), 750, status=Status.COMPLETED)
        await seen.until(lambda: screen.comparison.has_ended)  # type: ignore[union-attr]
        steps = screen.comparison.jobs[1].trace.points.step.tolist()  # type: ignore[union-attr]
        assert steps == list(range(1, 751)), "no point twice, none lost"
        asked = len(seen.heard(ComparisonRead))
        apply_action(workspace, Action.PAUSE, 3)
        await seen.until(lambda: seen.app.overview.counts.get(Status.PAUSED) == 1)  # type: ignore[union-attr]
        assert len(seen.heard(ComparisonRead)) == asked


async def test_the_axes_the_metric_and_the_scale_are_turned(
    workspace: Workspace, jobs: list[Job]
) -> None:
    app = frozen_app(workspace)
    async with session(app) as seen:
        app.open_compare([1, 2])
        await seen.sees("by step", "linear", "smooth 0.90")
        screen = seen.top(CompareScreen)
        pictures = [chart(screen)]
        for key, text in (
            ("X", "by epoch"),
            ("X", "by wall-clock time"),
            ("X", "by simulated time"),
            ("X", "by step"),
            ("L", "log"),
            ("L", "linear"),
            ("right_square_bracket", "smooth 0.95"),
            ("m", "Eval loss"),
            ("m", "Accuracy"),
        ):
            await seen.press(key)
            await seen.sees(text)
            pictures.append(chart(screen))
        assert pictures[0] == pictures[4] == pictures[6], "a look comes back as it was"
        assert len(set(pictures)) == len(pictures) - 2, "every other one is another"
        assert "None of these jobs has logged accuracy" in chart(screen)
        await seen.press("M", "M", "M")
        await seen.sees("Tokens per second")
        assert screen.axis is Axis.STEP


async def test_a_column_opens_its_monitor(workspace: Workspace, jobs: list[Job]) -> None:
    app = frozen_app(workspace)
    async with session(app) as seen:
        app.open_compare([1, 2])
        await seen.sees(f"{CURSOR}#1 support-bot")
        await seen.press("right")
        await seen.sees(f"{CURSOR}#2 more-rank")
        await seen.press("right", "enter")
        await seen.until(lambda: isinstance(seen.app.screen, MonitorScreen))
        assert seen.top(MonitorScreen).job_id == 2
        await seen.press("q")
        await seen.sees(f"{CURSOR}#2 more-rank")


async def test_what_one_comes_back_to_is_up_to_date_at_once(
    workspace: Workspace, jobs: list[Job]
) -> None:
    app = frozen_app(workspace, refresh_seconds=3_600.0)
    async with session(app) as seen:
        app.open_compare([2, 1])
        await seen.sees("─●─ #1 support-bot", f"{CURSOR}#2 more-rank")
        screen = seen.top(CompareScreen)
        await seen.press("enter")
        await seen.until(lambda: isinstance(seen.app.screen, MonitorScreen))
        advance(workspace, stored(workspace, 2), 500)
        await seen.press("q")
        await seen.until(lambda: len(screen.comparison.jobs[0].trace) == 500)  # type: ignore[union-attr]


async def test_one_more_job_is_added(workspace: Workspace, jobs: list[Job]) -> None:
    app = frozen_app(workspace)
    async with session(app) as seen:
        app.open_compare([1, 2])
        await seen.sees("╌■╌ #2")
        await seen.press("c")
        await seen.until(lambda: isinstance(seen.app.screen, PickScreen))
        await seen.sees("#3 waiting [x]", "queued, no curve")
        await seen.press("enter")
        await seen.sees("#3 waiting [x]: no curve", "Compare #1, #2, #3")


async def test_a_monitor_leads_to_a_comparison(workspace: Workspace, jobs: list[Job]) -> None:
    async with session(frozen_app(workspace, job_id=2)) as seen:
        await seen.sees("RUNNING")
        await seen.press("c")
        await seen.sees("Compare with", "#1 support-bot")
        await seen.press("enter")
        await seen.sees("Compare #2, #1")
        assert seen.top(CompareScreen).job_ids == (2, 1)
        await seen.press("q")
        await seen.sees("RUNNING", "overall")


async def test_a_monitor_of_the_only_job_says_so(workspace: Workspace, add_job: AddJob) -> None:
    add_job()
    async with session(frozen_app(workspace, job_id=1)) as seen:
        await seen.sees("QUEUED")
        await seen.press("c")
        await seen.sees("There is no other job to compare with")


@pytest.mark.parametrize(
    ("ids", "sentence"), [((1,), "at least two"), ((1, 9), "no job 9"), ((1, 1), "named twice")]
)
async def test_what_cannot_be_compared_is_answered(
    workspace: Workspace, jobs: list[Job], ids: tuple[int, ...], sentence: str
) -> None:
    app = frozen_app(workspace)
    async with session(app) as seen:
        app.open_compare(ids)
        await seen.sees(sentence)
        assert seen.top(JobsScreen)


async def test_nothing_logged_yet(workspace: Workspace, add_job: AddJob) -> None:
    add_job()
    add_job()
    app = frozen_app(workspace)
    async with session(app) as seen:
        app.open_compare([1, 2])
        await seen.sees("None of these jobs has logged a step", "The settings are the same")


async def test_a_low_terminal_shows_the_chart_or_the_table(
    workspace: Workspace, jobs: list[Job]
) -> None:
    app = frozen_app(workspace)
    async with session(app, size=(80, 24)) as seen:
        app.open_compare([1, 2])
        await seen.sees("─●─ #1", "by step")
        assert "LoRA rank" not in seen.text
        await seen.press("tab")
        await seen.sees("LoRA rank", "Final loss")
        assert "by step" not in seen.text
        await seen.press("enter")
        await seen.until(lambda: isinstance(seen.app.screen, MonitorScreen))


async def test_columns_that_have_no_room_are_reached(workspace: Workspace, add_job: AddJob) -> None:
    for rank in (4, 8, 16, 32, 64, 128):
        add_job(name=f"rank-{rank}", lora_rank=rank)
    app = frozen_app(workspace)
    async with session(app, size=(60, 18)) as seen:
        app.open_compare([1, 2, 3, 4, 5, 6])
        await seen.sees("#6 rank-128")
        await seen.press("tab")
        await seen.sees("jobs 1-2 of 6")
        await seen.press(*["right"] * 5)
        await seen.sees("jobs 5-6 of 6", f"{CURSOR}#6 rank-128")
        assert max(len(line) for line in seen.text.splitlines()) <= 60


@pytest.mark.parametrize("size", [(1, 1), (20, 5), (59, 17), (250, 60)])
async def test_no_size_is_a_crash(
    workspace: Workspace, jobs: list[Job], size: tuple[int, int]
) -> None:
    app = frozen_app(workspace)
    async with session(app, size=size) as seen:
        app.open_compare([1, 2, 3])
        await seen.until(lambda: isinstance(seen.app.screen, CompareScreen))
        screen = seen.top(CompareScreen)
        await seen.until(lambda: screen.comparison is not None)
        await seen.press("tab", "X", "L", "m")


async def test_what_is_shown_can_be_exported(
    workspace: Workspace, jobs: list[Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = frozen_app(workspace)
    async with session(app) as seen:
        app.open_compare([1, 2])
        await seen.sees("╌■╌ #2")
        screen = seen.top(CompareScreen)
        table = await screen.exported_table()
        assert table is not None
        assert [row[table.columns.index("lora_rank")] for row in table.rows] == ["16", "64"]
        await seen.press("x", "j", "j", "enter")
        await seen.until(lambda: bool(list(tmp_path.glob("vapor-compare-1-2.csv"))))
        await seen.sees("Exported")
    lines = (tmp_path / "vapor-compare-1-2.csv").read_text().splitlines()
    assert lines[0].startswith("job,step,epoch,seconds,")
    assert len(lines) == 1 + 1050


def test_jobs_of_the_same_dataset_come_first(add_job: AddJob) -> None:
    first, second, third = add_job(), add_job(name="other"), add_job(name="logged")
    other = second.model_copy(update={"dataset_id": 99, "dataset_name": "legal"})
    logged = third.model_copy(update={"current_step": 5})
    fourth = add_job(name="same, no curve")
    found = candidates([other, logged, fourth, first], {first.id})
    assert [job.id for job in found] == [third.id, fourth.id, second.id]
    now = first.created_at
    assert [row.key for row in pick_rows(found, "legal", now)] == [str(second.id)]
    assert [row.key for row in pick_rows(found, "#3", now)] == [str(third.id)]


async def test_a_database_that_fails_is_asked_at_the_usual_pace(
    workspace: Workspace, jobs: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = frozen_app(workspace)
    async with session(app) as seen:
        app.open_compare([1, 2])
        await seen.sees("╌■╌ #2 more-rank")
        screen = seen.top(CompareScreen)
        asked = 0
        ask = app.ask

        async def fail(service: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
            nonlocal asked
            if service is not comparison_news:
                return await ask(service, *args, **kwargs)
            asked += 1
            return None

        with monkeypatch.context() as broken:
            broken.setattr(app, "ask", fail)
            screen.job_ids = (1, 2, 3)
            async with asyncio.timeout(PATIENCE):
                while asked < 3:
                    await asyncio.sleep(0.001)
                begun, before = asyncio.get_running_loop().time(), asked
                while asked < before + 4:
                    await asyncio.sleep(0.001)
            assert asyncio.get_running_loop().time() - begun > 2 * REFRESH
        await seen.sees("#3 waiting [x]: no curve")
