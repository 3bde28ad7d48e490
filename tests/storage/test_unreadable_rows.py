"""Rows with values that nobody has written: the others are none the worse for it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

import pytest

from tests.conftest import OWNER, AddJob
from vapor_tui.domain.job_pages import (
    JobFilter,
    Sort,
)
from vapor_tui.domain.lifecycle import Action, Status
from vapor_tui.domain.results import Ok
from vapor_tui.services.annotations import tags_in_use
from vapor_tui.services.jobs import apply_action, get_job, list_jobs
from vapor_tui.services.notifications import list_notifications
from vapor_tui.services.overview import job_totals, list_with_curves
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage.jobs import finished_jobs
from vapor_tui.worker.worker import Worker


def _spoil(workspace: Workspace, job_id: int, column: str, value: object) -> None:
    with closing(sqlite3.connect(workspace.database.path)) as by_hand, by_hand:
        by_hand.execute("PRAGMA ignore_check_constraints=ON")
        new = "CAST(? AS TEXT)" if isinstance(value, bytes) else "?"
        by_hand.execute(f"UPDATE training_jobs SET {column} = {new} WHERE id = ?", (value, job_id))


NO_TEXT = b"\xff"
"""What is put where a text should be, as one; no UTF-8."""

SPOILED = [
    ("hyperparameters", "{"),
    ("hyperparameters", '{"batch_size": "many"}'),
    ("gpu_config", "[]"),
    ("estimate", "{}"),
    ("tags", "red"),
    ("current_metrics", "nothing"),
    ("queued_at", "yesterday"),
    ("created_at", ""),
    ("created_at", 5),
    ("updated_at", "9999-99-99 00:00:00.000000"),
    ("current_cost", "much"),
    ("mode", NO_TEXT),
]


@pytest.mark.parametrize(("column", "value"), SPOILED)
def test_a_row_that_cannot_be_read_is_listed_as_such(
    workspace: Workspace, add_job: AddJob, column: str, value: object
) -> None:
    bad, good = add_job(name="bad-one"), add_job(name="good-one")
    _spoil(workspace, bad.id, column, value)
    for sort in Sort:
        page = list_jobs(workspace, JobFilter(sort=sort))
        assert {job.name for job in page.jobs} == {"bad-one (can't be read)", "good-one"}
    found = get_job(workspace, bad.id)
    assert found is not None
    assert found.unreadable == (column,)
    assert found.error_message == f"Its row in the database can't be read: {column}"
    assert found.status is Status.QUEUED
    assert get_job(workspace, good.id) == good
    assert "unreadable" not in found.model_dump()
    list_with_curves(workspace, JobFilter(tag="red"), {})
    tags_in_use(workspace)
    job_totals(workspace, datetime.now(UTC))


@pytest.mark.parametrize(("column", "value"), SPOILED)
async def test_a_row_that_cannot_be_read_fails_alone_and_can_be_deleted(
    workspace: Workspace, add_job: AddJob, column: str, value: object
) -> None:
    bad, good = add_job(), add_job()
    _spoil(workspace, bad.id, column, value)
    worker = Worker(workspace.database, OWNER)
    await asyncio.wait_for(worker.run(asyncio.Event(), once=True), 30)

    done, failed = get_job(workspace, good.id), get_job(workspace, bad.id)
    assert done is not None
    assert done.status is Status.COMPLETED
    assert failed is not None
    if failed.unreadable:  # a moment that is kept anew may have mended it
        assert failed.status is Status.FAILED
        told = list_notifications(workspace)
        assert any(f"can't be read: {column}" in note.message for note in told)
    assert isinstance(apply_action(workspace, Action.DELETE, bad.id), Ok)
    assert get_job(workspace, bad.id) is None


def test_a_row_that_cannot_be_read_calibrates_nothing(
    workspace: Workspace, add_job: AddJob
) -> None:
    job = add_job()
    assert job.base_model is not None
    with closing(sqlite3.connect(workspace.database.path)) as by_hand, by_hand:
        by_hand.execute("PRAGMA ignore_check_constraints=ON")
        by_hand.execute("DROP TRIGGER training_jobs_life_cycle")
        by_hand.execute("UPDATE training_jobs SET status = 'completed', estimate = '{}'")
    question = (OWNER, job.base_model, "A100-80GB", job.engine)
    assert workspace.database.read(finished_jobs, *question) == []
