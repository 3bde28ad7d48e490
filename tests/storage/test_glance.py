"""The newest jobs as the driver alone reads them."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.ui.support import advance, hold
from vapor_tui.domain.job_facts import JobFacts
from vapor_tui.domain.job_pages import JobFilter
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.lifecycle import Action, Status
from vapor_tui.domain.results import Ok
from vapor_tui.services.attach import attach_run
from vapor_tui.services.jobs import apply_action
from vapor_tui.services.overview import list_with_curves
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage.glance import newest
from vapor_tui.ui.job_actions import KEY_ACTIONS, objection_to
from vapor_tui.ui.job_layout import Layout, job_line, layout_for
from vapor_tui.ui.job_rows import COLUMNS
from vapor_tui.ui.widgets.lines import Line

AddJob = Callable[..., Job]


def test_it_is_what_the_store_lists(workspace: Workspace, add_job: AddJob) -> None:
    advance(workspace, hold(workspace, add_job), 60, bad_from=50)
    advance(workspace, hold(workspace, add_job), 750, status=Status.COMPLETED)
    gone = add_job()
    apply_action(workspace, Action.CANCEL, gone.id)
    apply_action(workspace, Action.DELETE, gone.id)
    for _ in range(3):
        add_job()
    glanced = newest(workspace.database.path, workspace.owner, 4)
    assert glanced is not None
    listed = list_with_curves(workspace, JobFilter(limit=4), {})
    assert glanced.curves == listed.curves
    assert (glanced.page.page, glanced.page.total, glanced.page.total_pages) == (1, 5, 2)
    assert [job.whole() for job in glanced.page.jobs] == list(listed.page.jobs)
    layout = layout_for(400, tuple(COLUMNS))
    assert set(layout.columns) == set(COLUMNS)
    for fact, job in zip(glanced.page.jobs, listed.page.jobs, strict=True):
        assert _line(fact, layout) == _line(job, layout)
        for action in KEY_ACTIONS:
            assert objection_to(action, fact) == objection_to(action, job)
        assert (fact.tags, fact.notes) == (job.tags, job.notes)
    assert newest(workspace.database.path, "somebody else", 4) is None


@pytest.mark.parametrize(
    "damage",
    [
        "PRAGMA user_version = 3",
        "PRAGMA user_version = 99",
        "PRAGMA application_id = 1",
        "UPDATE training_jobs SET hyperparameters = '{'",
        "UPDATE training_jobs SET created_at = 'yesterday'",
        "UPDATE training_jobs SET created_at = 5",
        "UPDATE training_jobs SET current_metrics = '[]'",
        """UPDATE training_jobs SET current_metrics = '{"loss": "low"}'""",
        "UPDATE training_jobs SET current_cost = 'x'",
        "UPDATE training_jobs SET name = x'00'",
        "UPDATE training_jobs SET tags = '5'",
        "UPDATE training_jobs SET tags = '[5]'",
        "UPDATE training_jobs SET tags = '" + "[" * 100_000 + "'",
        "UPDATE training_jobs SET gpu_config = '{}'",
        "UPDATE training_jobs SET gpu_config = '[]'",
        "DROP TABLE training_metrics",
    ],
)
def test_what_is_not_as_it_should_be_is_left_to_the_opening(
    workspace: Workspace, add_job: AddJob, damage: str
) -> None:
    advance(workspace, hold(workspace, add_job), 60)
    path = workspace.database.path
    workspace.close()
    connection = sqlite3.connect(path)
    connection.execute(damage)
    connection.commit()
    connection.close()
    assert newest(path, workspace.owner, 4) is None


def test_what_has_a_default_need_not_be_stored(workspace: Workspace, add_job: AddJob) -> None:
    add_job()
    with closing(sqlite3.connect(workspace.database.path)) as connection, connection:
        connection.execute("UPDATE training_jobs SET current_metrics = '{}'")
    glanced = newest(workspace.database.path, workspace.owner, 4)
    listed = list_with_curves(workspace, JobFilter(limit=4), {})
    assert glanced is not None
    layout = layout_for(400, tuple(COLUMNS))
    assert [_line(job, layout) for job in glanced.page.jobs] == [
        _line(job, layout) for job in listed.page.jobs
    ]


def test_what_is_no_database_is_left_to_the_opening(tmp_path: Path) -> None:
    text, empty = tmp_path / "text", tmp_path / "empty"
    text.write_text("this is no database")
    empty.touch()
    for path in (text, empty, tmp_path, tmp_path / "missing"):
        assert newest(path, "ada", 4) is None
    assert sorted(tmp_path.iterdir()) == [empty, text]


def _line(job: JobFacts, layout: Layout) -> Line:
    now = datetime(2030, 1, 1, tzinfo=UTC)
    return job_line(job, (), now, layout, 400, is_current=False, has_focus=False)


def test_a_run_that_is_followed_is_whole_as_well(workspace: Workspace, tmp_path: Path) -> None:
    log = tmp_path / "metrics.csv"
    log.write_text("step,loss\n1,2.5\n2,2.25\n")
    (tmp_path / "adapter_config.json").write_text('{"r": 8, "peft_type": "LORA"}')
    attached = attach_run(workspace, log)
    assert isinstance(attached, Ok)
    glanced = newest(workspace.database.path, workspace.owner, 4)
    assert glanced is not None
    assert [job.whole() for job in glanced.page.jobs] == [attached.value]


def test_it_needs_little() -> None:
    heavy = ("pydantic", "numpy", "sqlmodel", "sqlalchemy", "textual", "alembic")
    code = (
        f"import sys, vapor_tui.storage.glance\nprint([n for n in {heavy!r} if n in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
