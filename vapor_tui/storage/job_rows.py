"""Reads jobs, each row for itself: one that cannot be read takes no other with it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Select, select

from vapor_tui.domain.jobs import (
    CurrentMetrics,
    Engine,
    Job,
    Placement,
)
from vapor_tui.domain.lifecycle import Desired, Stage, Status
from vapor_tui.storage.errors import DATABASE_ERRORS, is_unreadable
from vapor_tui.storage.tables import Table

JOBS = Table.metadata.tables["training_jobs"]
DATASETS = Table.metadata.tables["datasets"]

TABLES = JOBS.outerjoin(DATASETS, DATASETS.c.id == JOBS.c.dataset_id)

_STANDINS: dict[Any, Any] = {
    int: 0,
    float: 0.0,
    str: "",
    bool: False,
    list[str]: [],
    datetime: datetime(1970, 1, 1, tzinfo=UTC),
    CurrentMetrics: CurrentMetrics(),
    # An engine that is never claimed here, and a status in which nothing happens by itself.
    Engine: Engine.HF,
    Placement: Placement.INLINE,
    Status: Status.FAILED,
    Desired: Desired.RUN,
    Stage: Stage.QUEUED,
}
"""What stands for a value that cannot be read, by the type of its field; else None."""


def joined() -> Select[Any]:
    """Return the question for jobs with what is shown of their datasets."""
    return select(
        JOBS,
        DATASETS.c.name.label("dataset_name"),
        DATASETS.c.format.label("dataset_format"),
        DATASETS.c.total_training_pairs.label("dataset_pairs"),
    ).select_from(TABLES)


def read_jobs(connection: Connection, question: Select[Any]) -> list[Job]:
    """Return the jobs that a question built on `joined` asks for.

    Of a row that cannot be read as a whole, the job has what can be, and says what cannot.
    """
    try:
        return [Job.model_validate(row._asdict()) for row in connection.execute(question)]
    except DATABASE_ERRORS as error:
        if not is_unreadable(error):
            raise
    job_ids = connection.execute(question.with_only_columns(JOBS.c.id)).scalars().all()
    return [_read_one(connection, job_id) for job_id in job_ids]


def _read_one(connection: Connection, job_id: int) -> Job:
    try:
        row = connection.execute(joined().where(JOBS.c.id == job_id)).one()
        return Job.model_validate(row._asdict())
    except DATABASE_ERRORS as error:
        if not is_unreadable(error):
            raise
    return _pieced_together(connection, job_id)


def _pieced_together(connection: Connection, job_id: int) -> Job:
    """Return a job of whose row not everything can be read."""
    values: dict[str, Any] = {}
    unreadable: set[str] = set()
    for column in joined().selected_columns:
        question = select(column).select_from(TABLES).where(JOBS.c.id == job_id)
        try:
            values[str(column.key)] = connection.execute(question).scalar()
        except DATABASE_ERRORS as error:
            if not is_unreadable(error):
                raise
            unreadable.add(str(column.key))
    try:
        Job.model_validate(values | {name: _standin(name) for name in unreadable})
    except ValidationError as error:
        unreadable |= {str(problem["loc"][0]) for problem in error.errors()}
    values |= {name: _standin(name) for name in unreadable}
    named = ", ".join(sorted(unreadable))
    values["name"] = f"{values['name'] or 'job'} (can't be read)"
    values["error_message"] = f"Its row in the database can't be read: {named}"
    return Job.model_validate(values | {"unreadable": sorted(unreadable)})


def _standin(name: str) -> Any:
    field = Job.model_fields.get(name)
    return None if field is None else _STANDINS.get(field.annotation)
