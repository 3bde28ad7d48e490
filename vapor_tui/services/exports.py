"""What is exported: lists with all of their pages, and one job's metrics and log, in pieces."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from vapor_tui.domain.datasets import DatasetFilter
from vapor_tui.domain.job_pages import MAXIMUM_LIMIT, JobFilter
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.metrics import VALUE_COLUMNS
from vapor_tui.domain.results import Result
from vapor_tui.services.datasets import page_of_datasets
from vapor_tui.services.export_files import ExportTable, csv_lines, save
from vapor_tui.services.jobs import list_jobs
from vapor_tui.services.notifications import notification_page
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import logs, metrics
from vapor_tui.storage.logs import LogLine

_PIECE = 5_000
METRIC_COLUMNS = ("step", "epoch", *VALUE_COLUMNS)
_JOB_COLUMNS = (
    "id",
    "name",
    "status",
    "engine",
    "base_model",
    "dataset_name",
    "preset_id",
    "progress",
    "current_step",
    "total_steps",
    "current_cost",
    "estimated_total_cost",
    "final_cost",
    "created_at",
    "started_at",
    "completed_at",
    "tags",
)
"""The figures behind the columns of the list; a job's settings are in its own document."""
_DATASET_COLUMNS = (
    "id",
    "name",
    "format",
    "status",
    "total_training_pairs",
    "total_validation_pairs",
    "total_tokens",
    "file_size",
    "path",
    "created_at",
)
_NOTIFICATION_COLUMNS = (
    "id",
    "type",
    "priority",
    "read",
    "title",
    "message",
    "job_id",
    "created_at",
)


def metric_rows(
    workspace: Workspace, job_id: int, last: int | None = None
) -> Iterator[dict[str, Any]]:
    """Yield a job's metrics in order of steps, or only the `last` points.

    Reads in short pieces, since a long reader keeps every worker from writing.
    """
    step = 0
    if last is not None:
        step = workspace.database.read(metrics.last_step, job_id, last)
    while True:
        rows = workspace.database.read(metrics.metric_rows, job_id, step, _PIECE)
        yield from rows
        if len(rows) < _PIECE:
            return
        step = int(str(rows[-1]["step"]))


def metrics_csv(workspace: Workspace, job_id: int, last: int | None = None) -> Iterator[str]:
    """Yield metrics as comma-separated lines; what is not finite stands as nan, inf or -inf."""
    rows = metric_rows(workspace, job_id, last)
    return csv_lines(
        METRIC_COLUMNS,
        (
            [(row["non_finite"] or {}).get(name, row[name]) for name in METRIC_COLUMNS]
            for row in rows
        ),
    )


def metrics_jsonl(workspace: Workspace, job_id: int, last: int | None = None) -> Iterator[str]:
    """Yield metrics as one JSON object a line."""
    for row in metric_rows(workspace, job_id, last):
        yield json.dumps({"job_id": job_id, **row}) + "\n"


def save_metrics(workspace: Workspace, job: Job, suffix: str, folder: Path) -> Result[Path]:
    """Write all metrics of a job into a new file, ".csv" or ".jsonl"; see `save`."""
    pieces = {".csv": metrics_csv, ".jsonl": metrics_jsonl}[suffix]
    return save(folder, f"job-{job.id}-{job.name}-metrics", suffix, pieces(workspace, job.id))


def job_table(workspace: Workspace, wanted: JobFilter) -> ExportTable:
    """Return all jobs that a list would show on any of its pages, in its order."""
    wanted = replace(wanted, around=None)  # a list may stand on the page of a job
    pages = _pages(
        lambda page: list_jobs(workspace, replace(wanted, page=page, limit=MAXIMUM_LIMIT))
    )
    rows = [
        [*_values(job, _JOB_COLUMNS), job.current_metrics.loss, job.is_simulated]
        for found in pages
        for job in found.jobs
    ]
    return ExportTable("jobs", (*_JOB_COLUMNS, "loss", "is_simulated"), rows)


def dataset_table(workspace: Workspace, wanted: DatasetFilter) -> ExportTable:
    """Return all datasets that a list would show on any of its pages, in its order."""
    pages = _pages(
        lambda page: page_of_datasets(workspace, replace(wanted, page=page, limit=MAXIMUM_LIMIT))
    )
    rows = [_values(dataset, _DATASET_COLUMNS) for found in pages for dataset in found.datasets]
    return ExportTable("datasets", _DATASET_COLUMNS, rows)


def notification_table(workspace: Workspace, *, unread_only: bool) -> ExportTable:
    """Return all notifications, or those that are unread, newest first."""
    pages = _pages(
        lambda page: notification_page(
            workspace, unread_only=unread_only, page=page, limit=MAXIMUM_LIMIT
        )
    )
    rows = [_values(told, _NOTIFICATION_COLUMNS) for found in pages for told in found.notifications]
    return ExportTable("notifications", _NOTIFICATION_COLUMNS, rows)


class _Page(Protocol):
    @property
    def total_pages(self) -> int: ...


_PageT = TypeVar("_PageT", bound=_Page)


def _pages(read: Callable[[int], _PageT]) -> Iterator[_PageT]:
    """Yield all pages of a list, each as it is when its turn comes; there is always a first."""
    for page in itertools.count(1):
        found = read(page)
        yield found
        if page >= found.total_pages:
            return


def _values(entry: BaseModel, columns: Sequence[str]) -> list[Any]:
    values = entry.model_dump(mode="json", include=set(columns))
    return [values[name] for name in columns]


def new_log_lines(workspace: Workspace, job_id: int, number: int) -> list[LogLine]:
    """Return the log lines behind a number, oldest first."""
    return workspace.database.read(logs.lines_after, job_id, number)
