"""Reads two to six jobs to lay them side by side, and what of them is written to a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from vapor_tui.domain.comparison import (
    FEWEST,
    MOST,
    Compared,
    Comparison,
    Outcome,
    differing_settings,
    job_settings,
)
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.metrics import VALUE_COLUMNS
from vapor_tui.domain.results import Ok, Refused, Result
from vapor_tui.services.export_files import csv_lines, save
from vapor_tui.services.jobs import missing_job
from vapor_tui.services.traces import history_now
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import curves
from vapor_tui.storage.jobs import job_by_id

_PIECE = 5_000
"""Rows of one short read."""

Table = tuple[Sequence[str], Sequence[Sequence[object]]]
"""Names of columns, and rows of plain values; None where there is none."""

CURVE_COLUMNS = ("job", "step", "epoch", "seconds", *VALUE_COLUMNS)
_OUTCOME_COLUMNS = tuple(Outcome.__dataclass_fields__)


def compare_jobs(
    workspace: Workspace, job_ids: Sequence[int], known: Comparison | None = None
) -> Result[Comparison]:
    """Return these jobs side by side; of the curves in `known` only what is new is read."""
    if refused := check_ids(job_ids):
        return refused
    version = workspace.database.data_version()
    before = {compared.job.id: compared for compared in known.jobs} if known else {}
    found: list[Compared] = []
    for job_id in job_ids:
        known_one = before.get(job_id)
        compared = workspace.database.read(_compared, workspace.owner, job_id, known_one)
        if compared is None:
            return missing_job(job_id)
        found.append(compared)
    differing = differing_settings([compared.job for compared in found])
    return Ok(Comparison(tuple(found), differing, version))


def comparison_news(
    workspace: Workspace, job_ids: Sequence[int], known: Comparison | None
) -> Result[Comparison] | None:
    """Return the comparison as it is now, or None when nothing was written since `known`."""
    if known is not None and known.ids == tuple(job_ids):
        version = workspace.database.data_version()
        if version is not None and version == known.version:
            return None
    return compare_jobs(workspace, job_ids, known)


def check_ids(job_ids: Sequence[int]) -> Refused | None:
    """Return why these jobs cannot be compared: too few, too many, or one of them twice."""
    twice = next((job_id for job_id in job_ids if job_ids.count(job_id) > 1), None)
    if twice is not None:
        return Refused(f"Job {twice} is named twice: compare it with others")
    if len(job_ids) < FEWEST:
        return Refused("A comparison takes at least two jobs")
    if len(job_ids) > MOST:
        return Refused(f"At most {MOST} jobs can be compared at once; these are {len(job_ids)}")
    return None


def comparison_table(comparison: Comparison, now: datetime | None = None) -> Table:
    """Return a row for each job: all settings that differ, and what came of it, unrounded."""
    names = [row.name for row in comparison.differing]
    rows = []
    for compared in comparison.jobs:
        job, outcome = compared.job, compared.outcome(now)
        values = job_settings(job)
        rows.append(
            [
                job.id,
                job.name,
                job.status.value,
                job.is_simulated,
                *(values.get(name) for name in names),
                *(getattr(outcome, name) for name in _OUTCOME_COLUMNS),
            ]
        )
    return ("job", "name", "status", "simulated", *names, *_OUTCOME_COLUMNS), rows


def curve_rows(workspace: Workspace, jobs: Sequence[Job]) -> Iterator[Sequence[object]]:
    """Yield all logged points of the jobs as rows of CURVE_COLUMNS, one job after the other.

    `seconds` are those of the wall clock from the job's first start until the point was logged,
    None where that is not known.
    Read in short pieces, since a long reader keeps every worker from writing.
    """
    for job in jobs:
        started, step = (job.started_at or job.queued_at).timestamp(), 0
        while rows := workspace.database.read(curves.timed_rows, job.id, step, _PIECE):
            for row in rows:
                at = float(str(row["created_at"]))
                seconds = round(max(at - started, 0.0), 3) if at else None
                values = (row[name] for name in VALUE_COLUMNS)
                yield (job.id, row["step"], row["epoch"], seconds, *values)
            step = int(str(rows[-1]["step"]))


def save_curves(workspace: Workspace, comparison: Comparison, folder: Path) -> Result[Path]:
    """Write all logged points of a comparison into a new file of comma-separated values."""
    jobs = [compared.job for compared in comparison.jobs]
    name = "-".join(("vapor-compare", *(str(job.id) for job in jobs)))
    return save(folder, name, ".csv", csv_lines(CURVE_COLUMNS, curve_rows(workspace, jobs)))


def comparison_document(comparison: Comparison, now: datetime | None = None) -> dict[str, Any]:
    """Return the comparison as one JSON document; money in cents."""
    return {
        "jobs": [_job_document(compared, now) for compared in comparison.jobs],
        "differing_settings": {
            row.name: {
                str(job_id): value for job_id, value in zip(comparison.ids, row.values, strict=True)
            }
            for row in comparison.differing
        },
    }


def _job_document(compared: Compared, now: datetime | None) -> dict[str, Any]:
    job, outcome = compared.job, compared.outcome(now)
    values = {name: getattr(outcome, name) for name in _OUTCOME_COLUMNS}
    for name in ("cost", "cost_per_drop"):
        if values[name] is not None:
            values[name] = round(values[name], 2)
    return {
        "id": job.id,
        "name": job.name,
        "status": job.status.value,
        "simulated": job.is_simulated,
        "has_curve": len(compared.trace) > 0,
        **values,
    }


def _compared(
    connection: Connection, owner: str, job_id: int, before: Compared | None
) -> Compared | None:
    job = job_by_id(connection, owner, job_id)
    if job is None:
        return None
    # Points are stored together with the job's position: the same job has the same curve.
    if before is not None and before.job == job:
        return before
    return Compared(job, history_now(connection, job_id, before.history if before else None))
