"""Taking what a screen shows elsewhere: files, a picture, a command."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
from pathlib import Path

import pytest

from tests.ui.support import frozen_app, session
from tests.ui.tour import STOPS, AddJob, Stop, add_jobs, standing_at
from vapor_tui.domain.results import Ok, Refused
from vapor_tui.services.export_files import ExportTable, safe_name, save, table_csv, table_json
from vapor_tui.services.exports import metrics_csv
from vapor_tui.services.workspace import Workspace
from vapor_tui.ui.screens.export import ExportScreen
from vapor_tui.ui.screens.jobs import JobsScreen

AT = {stop.name: stop for stop in STOPS}
CSV, JSON, PICTURE = 0, 1, 2
"""The places of the ways to export in the dialog."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory: an empty one."""
    made = tmp_path / "exports"
    made.mkdir()
    monkeypatch.chdir(made)
    return made


async def export(
    stop: Stop, workspace: Workspace, add_job: AddJob, place: int, folder: Path
) -> Path:
    """Export a screen with its key, and return the only file that there is then."""
    async with standing_at(stop, workspace, add_job) as app:
        await app.press("x", *["j"] * place, "enter")
        await app.until(lambda: bool(app.app._notifications))
        toast = next(iter(app.app._notifications))
        (path,) = folder.iterdir()
        assert (toast.title, toast.message.replace("\n", "")) == ("Exported", str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return path


async def test_the_list_is_exported_with_all_its_jobs(
    workspace: Workspace, add_job: AddJob, folder: Path
) -> None:
    path = await export(AT["jobs"], workspace, add_job, CSV, folder)
    assert path.name == "vapor-jobs.csv"
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    assert [row["name"] for row in rows] == ["support-bot", "too-fast", "first-try"]
    assert [row["status"] for row in rows] == ["running", "failed", "completed"]
    assert rows[0]["current_step"] == "457"
    assert rows[0]["is_simulated"] == "True"


async def test_jobs_of_other_pages_are_exported_and_those_left_out_are_not(
    workspace: Workspace, add_job: AddJob, folder: Path
) -> None:
    for number in range(30):
        add_job(name=f"run-{number}")
    add_job(name="another")
    async with session(frozen_app(workspace), (80, 24)) as app:
        await app.sees("another")
        await app.press("slash", *"run-", "enter")
        await app.sees("30 jobs")
        await app.press("x", "j", "enter")
        await app.until(lambda: any(folder.iterdir()))
    document = json.loads((folder / "vapor-jobs.json").read_text())
    assert [row["name"] for row in document["jobs"]] == [f"run-{n}" for n in reversed(range(30))]


async def test_plans_are_exported(workspace: Workspace, add_job: AddJob, folder: Path) -> None:
    path = await export(AT["plans"], workspace, add_job, JSON, folder)
    plans = json.loads(path.read_text())["plans"]
    assert len(plans) > 20
    assert {"gpu_type", "gpu_count", "estimated_cost", "memory_gb"} <= set(plans[0])


async def test_metrics_are_exported_as_the_command_prints_them(
    workspace: Workspace, add_job: AddJob, folder: Path
) -> None:
    path = await export(AT["failed"], workspace, add_job, CSV, folder)
    assert path.name == "job-2-too-fast-metrics.csv"
    assert path.read_text() == "".join(metrics_csv(workspace, 2))
    assert "nan" in path.read_text()


async def test_a_picture_is_of_the_screen_and_asks_nobody_for_a_font(
    workspace: Workspace, add_job: AddJob, folder: Path
) -> None:
    path = await export(AT["monitor"], workspace, add_job, PICTURE, folder)
    assert path.name == "vapor-jobs-3.svg"
    picture = path.read_text()
    assert "support-bot" in picture
    assert 'xml:space="preserve"' in picture, "or columns run together where that is not usual"
    assert "Export" not in picture
    assert "url(" not in picture.replace("url(#", "")


async def test_the_palette_exports_any_screen(
    workspace: Workspace, add_job: AddJob, folder: Path
) -> None:
    async with standing_at(AT["new job"], workspace, add_job) as app:
        await app.press("ctrl+p", *"as svg")
        await app.sees("Export this screen as SVG")
        await app.pilot.pause(0.3)
        await app.press("enter")
        await app.until(lambda: any(folder.iterdir()))
        (path,) = folder.iterdir()
        await app.until(lambda: path.stat().st_size > 0)
    assert path.name == "vapor-jobs-new-job.svg"
    assert "rank" in path.read_text()
    assert "Search for commands" not in path.read_text()


async def test_a_folder_that_cannot_be_written_is_told(
    workspace: Workspace, add_job: AddJob, folder: Path
) -> None:
    async with standing_at(AT["jobs"], workspace, add_job) as app:
        folder.rmdir()
        await app.press("x", "enter")
        await app.until(lambda: bool(app.app._notifications))
        toast = next(iter(app.app._notifications))
        assert toast.severity == "error"
        assert "Cannot write" in toast.message
        assert app.top(JobsScreen)


async def test_there_is_nothing_to_export_where_nothing_is_listed(workspace: Workspace) -> None:
    async with session(frozen_app(workspace)) as app:
        await app.sees("No jobs yet")
        await app.press("x")
        await app.pilot.pause()
        assert app.top(JobsScreen)


async def test_the_dialog_is_left_without_a_file(
    workspace: Workspace, add_job: AddJob, folder: Path
) -> None:
    async with standing_at(AT["jobs"], workspace, add_job) as app:
        for key in ("escape", "q", "x"):
            await app.press("x")
            assert app.top(ExportScreen)
            await app.press(key)
            assert app.top(JobsScreen)
    assert list(folder.iterdir()) == []


def test_nothing_is_overwritten(folder: Path) -> None:
    paths = [save(folder, "jobs", ".csv", ["a"]) for _ in range(3)]
    assert paths == [Ok(folder / name) for name in ("jobs.csv", "jobs-2.csv", "jobs-3.csv")]
    (folder / "plans.csv").symlink_to(folder / "elsewhere")
    assert save(folder, "plans", ".csv", ["a"]) == Ok(folder / "plans-2.csv")
    assert not (folder / "elsewhere").exists()


def test_what_was_not_written_to_its_end_is_taken_away(folder: Path) -> None:
    def broken() -> object:
        yield "half"
        raise OSError(28, "No space left on device")

    answer = save(folder, "jobs", ".csv", broken())  # type: ignore[arg-type]
    assert isinstance(answer, Refused)
    assert answer.error == f"Cannot write {folder / 'jobs.csv'}: No space left on device"
    assert not answer.is_input
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("job-3-support bot", "job-3-support-bot"),
        ("../../etc/passwd", "etc-passwd"),
        ("-rf", "rf"),
        (".hidden", "hidden"),
        ("数据", "export"),
        ("a" * 300, "a" * 80),
    ],
)
def test_a_file_has_a_harmless_name(name: str, expected: str) -> None:
    assert safe_name(name) == expected


def test_no_cell_is_a_formula_to_a_spreadsheet() -> None:
    names = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "plain", 'with "quotes", and\nlines']
    table = ExportTable("jobs", ("name", "figure"), [[name, -0.5] for name in names])
    rows = list(csv.reader(io.StringIO("".join(table_csv(table)))))
    assert [row[0] for row in rows[1:]] == [f"'{name}" for name in names[:5]] + names[5:]
    assert {row[1] for row in rows[1:]} == {"-0.5"}
    document = json.loads("".join(table_json(table)))
    assert [row["name"] for row in document["jobs"]] == names


@pytest.mark.parametrize(
    ("stop", "words"), [("jobs", "show 3"), ("monitor", "metrics 3 --format csv")]
)
async def test_a_screen_is_copied_as_a_command(
    workspace: Workspace, add_job: AddJob, stop: str, words: str
) -> None:
    async with standing_at(AT[stop], workspace, add_job) as app:
        await app.press("f4")
        command = f"vapor-tui --db {workspace.database.path} {words}"
        assert app.app.clipboard == command
        toast = next(iter(app.app._notifications))
        assert (toast.title, toast.message.replace("\n", "")) == ("Copied", command)


async def test_there_is_no_command_for_nothing(workspace: Workspace) -> None:
    async with session(frozen_app(workspace)) as app:
        await app.sees("No jobs yet")
        await app.press("f4")
        assert app.app.clipboard == ""


async def test_a_theme_is_chosen_in_the_palette(workspace: Workspace, add_job: AddJob) -> None:
    add_jobs(workspace, add_job)
    async with session(frozen_app(workspace)) as app:
        await app.sees("first-try")
        await app.press("ctrl+p", *"theme vapor-safe")
        await app.sees("Theme vapor-safe")
        await app.pilot.pause(0.3)
        await app.press("enter")
        await app.until(lambda: app.app.theme == "vapor-safe")
        await app.sees('theme = "vapor-safe"')


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes anywhere")
def test_a_folder_without_permission_is_told(folder: Path) -> None:
    folder.chmod(0o500)
    answer = save(folder, "jobs", ".csv", ["a"])
    assert isinstance(answer, Refused)
    assert "Permission denied" in answer.error
