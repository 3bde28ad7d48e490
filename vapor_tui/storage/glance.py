"""The newest jobs at a glance: read by the driver alone, before anything large is imported.

A person who opens the app looks at the list while what changes it is still being imported.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from vapor_tui.domain.job_facts import ListedJob
from vapor_tui.domain.job_list import JobList
from vapor_tui.domain.job_pages import JobPage
from vapor_tui.storage.read_only import is_ours, read_only
from vapor_tui.storage.samples import small_curve

_MINE = "training_jobs.owner = ? AND training_jobs.deleted_at IS NULL"
_NEWEST = f"""
SELECT training_jobs.*, datasets.name AS dataset_name, datasets.format AS dataset_format,
datasets.total_training_pairs AS dataset_pairs
FROM training_jobs LEFT JOIN datasets ON datasets.id = training_jobs.dataset_id
WHERE {_MINE} ORDER BY training_jobs.id DESC LIMIT ?
"""
_COUNT = f"SELECT count(*) FROM training_jobs WHERE {_MINE}"


def newest(path: Path, owner: str, limit: int) -> JobList | None:
    """Return the first page of a person's jobs, newest first, as the whole store would.

    None when there is none, or where anything is not as it should be: opening the store says
    what, and mends it. Nothing is written and no other program's file is locked.
    """
    try:
        if not path.is_file() or not is_ours(path):
            return None
        with closing(read_only(path)) as connection:
            connection.execute("BEGIN")
            [total] = connection.execute(_COUNT, (owner,)).fetchone()
            connection.row_factory = sqlite3.Row
            jobs = [ListedJob(dict(row)) for row in connection.execute(_NEWEST, (owner, limit))]
            connection.row_factory = None
            curves = {job.id: small_curve(connection, job.id, job.current_step) for job in jobs}
    except (sqlite3.Error, ValueError, OSError):
        return None
    return JobList(JobPage(jobs=jobs, page=1, limit=limit, total=total), curves) if jobs else None
