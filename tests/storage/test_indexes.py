"""What is asked every second is answered by indexes, however many jobs there are."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, event

from tests.conftest import OWNER, AddJob
from vapor_tui.domain.job_pages import JobFilter
from vapor_tui.services.overview import list_with_curves, overview
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import jobs, workers


@contextmanager
def _statements() -> Iterator[list[tuple[str, Any]]]:
    """Note every statement that is executed meanwhile, and what is bound in it."""
    noted: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, bound: Any, *_: Any) -> None:
        noted.append((statement, bound))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield noted
    finally:
        event.remove(Engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    "ask",
    [
        lambda workspace: overview(workspace, now=datetime.now().astimezone()),
        lambda workspace: list_with_curves(workspace, JobFilter(page=3, limit=30), {}),
        lambda workspace: workspace.database.read(workers.holding, OWNER),
        lambda workspace: workspace.database.read(jobs.has_queued, OWNER),
        lambda workspace: workspace.database.read(jobs.has_deleted, OWNER),
    ],
    ids=["overview", "list", "holding", "has_queued", "has_deleted"],
)
def test_no_question_looks_at_every_job(
    workspace: Workspace, add_job: AddJob, ask: Callable[[Workspace], object]
) -> None:
    add_job()
    with _statements() as noted:
        ask(workspace)
    asked = [each for each in noted if "FROM training_jobs" in each[0]]
    assert asked
    with closing(sqlite3.connect(workspace.database.path)) as connection:
        for statement, bound in asked:
            rows = connection.execute(f"EXPLAIN QUERY PLAN {statement}", bound)
            for *_, step in rows:
                assert not step.startswith("SCAN training_jobs"), (statement, step)
                assert "ORDER BY" not in step, (statement, step)
                if step.startswith("SEARCH training_jobs"):
                    # By the owner alone would be every job of a person's.
                    assert "(owner=?)" not in step, (statement, step)
