"""Questions about training jobs, and the changes that a person makes to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    delete,
    exists,
    func,
    or_,
    select,
    true,
    update,
)

from vapor_tui.domain.job_pages import (
    JobFilter,
    JobPage,
    Sort,
)
from vapor_tui.domain.jobs import (
    Engine,
    Job,
    Placement,
)
from vapor_tui.domain.lifecycle import ACTIVE, HELD, Desired, Status
from vapor_tui.domain.text import storable
from vapor_tui.storage.job_rows import DATASETS, JOBS, TABLES, joined, read_jobs
from vapor_tui.storage.tables import JobRow

PURGED_AT_ONCE = 10_000
"""Rows of a deleted job removed in one transaction: some tens of milliseconds."""

_CALIBRATING_JOBS = 50

_MOST_BOUND = 500
"""Values in one condition; SQLite may take no more than 999."""

_MOST_WORDS = 20
"""Of a search; SQLite takes no condition of a thousand parts."""


@dataclass(frozen=True, slots=True)
class Claimable:
    """Which jobs a worker can drive."""

    engines: Collection[Engine] = tuple(Engine)
    without: Collection[int] = ()
    """Numbers of jobs that the database would not let it take."""

    @property
    def condition(self) -> ColumnElement[bool]:
        """What a claimable job's row fulfils."""
        return and_(JOBS.c.engine.in_(self.engines), JOBS.c.id.not_in(self.without))


EVERYTHING = Claimable()


def _valid(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a column of JSON texts, NULL where SQLite could not read one as such."""
    return case((func.json_valid(column), column))


_VALUES: dict[Sort, ColumnElement[Any]] = {
    Sort.NEWEST: JOBS.c.id,
    Sort.OLDEST: JOBS.c.id,
    Sort.NAME: func.lower(JOBS.c.name),
    Sort.STATUS: JOBS.c.status,
    Sort.MODEL: func.lower(JOBS.c.base_model),
    Sort.PROGRESS: case((JOBS.c.total_steps > 0, JOBS.c.progress)),
    Sort.LOSS: func.json_extract(_valid(JOBS.c.current_metrics), "$.loss"),
    Sort.LEFT: case((JOBS.c.status.in_(ACTIVE), JOBS.c.estimated_completion_at)),
    # Without what only watches, and what has not begun: they have no cost to show.
    Sort.COST: func.nullif(func.coalesce(JOBS.c.final_cost, JOBS.c.current_cost), 0.0),
    Sort.AGE: -func.julianday(JOBS.c.created_at),
    Sort.DURATION: func.julianday(func.coalesce(JOBS.c.completed_at, func.datetime("now")))
    - func.julianday(JOBS.c.started_at),
}


def insert_job(connection: Connection, row: JobRow) -> int:
    """Store a new job and return its id."""
    values = {
        column.name: getattr(row, column.key) for column in JOBS.columns if column.name != "id"
    }
    return int(connection.execute(JOBS.insert().values(values).returning(JOBS.c.id)).scalar_one())


def job_names(connection: Connection, owner: str) -> set[str]:
    """Return the names that a person's jobs have."""
    named = select(JOBS.c.name).where(JOBS.c.owner == owner, JOBS.c.deleted_at.is_(None))
    return set(connection.execute(named.distinct()).scalars())


def job_by_id(connection: Connection, owner: str, job_id: int) -> Job | None:
    """Return a person's job, or None when there is none of that number."""
    found = jobs_of(connection, owner, [job_id])
    return found[0] if found else None


def jobs_by_id(connection: Connection, job_ids: Sequence[int]) -> list[Job]:
    """Return the jobs of these numbers, whoever owns them, in order of number."""
    return read_jobs(connection, joined().where(JOBS.c.id.in_(job_ids)).order_by(JOBS.c.id))


def job_page(connection: Connection, owner: str, wanted: JobFilter) -> JobPage[Job]:
    """Return one page of a person's jobs and how many there are in all."""
    # Only the search looks into datasets; and what is sorted is the numbers alone, not the rows.
    listed = TABLES if wanted.search else JOBS
    conditions = _conditions(owner, wanted)
    total = connection.execute(
        select(func.count()).select_from(listed).where(*conditions)
    ).scalar_one()
    page = wanted.page
    numbers = select(JOBS.c.id).select_from(listed).where(*conditions).order_by(*_order(wanted))
    if wanted.around is not None:
        page = _page_around(connection, numbers, wanted.around, wanted.limit) or page
    job_ids = list(
        connection.execute(numbers.limit(wanted.limit).offset((page - 1) * wanted.limit)).scalars()
    )
    places = {job_id: place for place, job_id in enumerate(job_ids)}
    jobs = sorted(jobs_by_id(connection, job_ids), key=lambda job: places[job.id])
    return JobPage(jobs=jobs, page=page, limit=wanted.limit, total=total)


def jobs_of(connection: Connection, owner: str, job_ids: Sequence[int]) -> list[Job]:
    """Return those of these jobs that are a person's, in order of number."""
    theirs = JOBS.c.owner == owner, JOBS.c.deleted_at.is_(None)
    question = joined().where(JOBS.c.id.in_(job_ids), *theirs).order_by(JOBS.c.id)
    return read_jobs(connection, question)


def unreadable_jobs(connection: Connection, owner: str) -> list[Job]:
    """Return those of a person's jobs whose rows cannot be read as a whole."""
    theirs = JOBS.c.owner == owner, JOBS.c.deleted_at.is_(None)
    question = joined().where(*theirs).order_by(JOBS.c.id)
    return [job for job in read_jobs(connection, question) if job.unreadable]


def has_work(connection: Connection, owner: str, kinds: Claimable = EVERYTHING) -> bool:
    """Say whether a person has a job that is held by a worker, or waits for one that can."""
    held = and_(JOBS.c.status.in_(HELD), JOBS.c.id.not_in(kinds.without))
    waits = and_(JOBS.c.status == Status.QUEUED, kinds.condition)
    return _is_any(connection, JOBS.c.owner == owner, or_(held, waits))


def has_queued(
    connection: Connection,
    owner: str,
    kinds: Claimable = EVERYTHING,
    *,
    only_attached: bool = False,
) -> bool:
    """Say whether a person has a job that waits for a worker that can drive it."""
    waiting = [JOBS.c.owner == owner, JOBS.c.status == Status.QUEUED, kinds.condition]
    if only_attached:
        waiting.append(JOBS.c.placement == Placement.ATTACHED)
    return _is_any(connection, *waiting)


def _is_any(connection: Connection, *conditions: ColumnElement[bool]) -> bool:
    return connection.execute(select(JOBS.c.id).where(*conditions).limit(1)).first() is not None


def job_of_source(connection: Connection, owner: str, source: str) -> Job | None:
    """Return a person's newest job that follows this file or folder."""
    found = read_jobs(
        connection,
        joined()
        .where(JOBS.c.owner == owner, JOBS.c.source == source, JOBS.c.deleted_at.is_(None))
        .order_by(JOBS.c.id.desc())
        .limit(1),
    )
    return found[0] if found else None


def jobs_of_sources(connection: Connection, owner: str, sources: Sequence[str]) -> dict[str, int]:
    """Return, by the file or folder that they follow, a person's newest jobs."""
    found: dict[str, int] = {}
    for start in range(0, len(sources), _MOST_BOUND):
        rows = connection.execute(
            select(JOBS.c.source, func.max(JOBS.c.id))
            .where(
                JOBS.c.owner == owner,
                JOBS.c.deleted_at.is_(None),
                JOBS.c.source.in_(sources[start : start + _MOST_BOUND]),
            )
            .group_by(JOBS.c.source)
        )
        found |= {str(source): int(job_id) for source, job_id in rows}
    return found


def ended_by_their_word(connection: Connection, job_ids: Sequence[int]) -> dict[int, datetime]:
    """Return when it was stored that these jobs have ended, of those that were through or failed.

    One that is detached may go on where it runs.
    """
    found: dict[int, datetime] = {}
    for start in range(0, len(job_ids), _MOST_BOUND):
        rows = connection.execute(
            select(JOBS.c.id, JOBS.c.updated_at).where(
                JOBS.c.id.in_(job_ids[start : start + _MOST_BOUND]),
                JOBS.c.status.in_((Status.COMPLETED, Status.FAILED)),
            )
        )
        found |= {int(job_id): ended_at for job_id, ended_at in rows}
    return found


def uses_of_dataset(connection: Connection, dataset_id: int) -> list[int]:
    """Return the numbers of the jobs that a dataset is still needed for."""
    needed = [status for status in Status if not status.is_final]
    rows = connection.execute(
        select(JOBS.c.id).where(JOBS.c.dataset_id == dataset_id, JOBS.c.status.in_(needed))
    )
    return [row.id for row in rows]


def finished_jobs(
    connection: Connection, owner: str, base_model: str, gpu_type: str, engine: str
) -> list[Job]:
    """Return a person's newest completed jobs of a model on a type of GPU, at most fifty."""
    question = (
        joined()
        .where(
            JOBS.c.owner == owner,
            JOBS.c.status == Status.COMPLETED,
            JOBS.c.engine == engine,
            JOBS.c.base_model == base_model,
            func.json_extract(_valid(JOBS.c.gpu_config), "$.type") == gpu_type,
            JOBS.c.deleted_at.is_(None),
        )
        .order_by(JOBS.c.id.desc())
        .limit(_CALIBRATING_JOBS)
    )
    return [job for job in read_jobs(connection, question) if not job.unreadable]


def wishes(connection: Connection, job_ids: Sequence[int]) -> dict[int, Desired]:
    """Return what is desired of these jobs, of all in one query."""
    rows = connection.execute(
        select(JOBS.c.id, JOBS.c.desired).where(
            JOBS.c.id.in_(job_ids), JOBS.c.desired.in_(list(Desired))
        )
    )
    return {row.id: Desired(row.desired) for row in rows}


def set_desired(connection: Connection, job_id: int, desired: Desired) -> None:
    """Note what a person wants of a job that a worker holds."""
    connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(desired=desired))


def change_unheld(
    connection: Connection, job_id: int, current: Status, values: Mapping[str, Any]
) -> bool:
    """Change a job that no worker holds, if it still has this status; say whether it did."""
    changed = connection.execute(
        update(JOBS)
        .where(JOBS.c.id == job_id, JOBS.c.status == current, JOBS.c.lease_owner.is_(None))
        .values(**values)
    )
    return changed.rowcount == 1


def set_name(connection: Connection, job_id: int, name: str) -> None:
    """Rename a job; whose it is was checked before."""
    connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(name=name))


def set_tags(connection: Connection, job_id: int, tags: Sequence[str]) -> None:
    """Replace a job's tags; whose it is was checked before."""
    connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(tags=list(tags)))


def set_note(connection: Connection, job_id: int, note: str) -> None:
    """Replace a job's note; whose it is was checked before."""
    connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(notes=note))


def tags_in_use(connection: Connection, owner: str) -> list[str]:
    """Return the tags that a person's jobs carry, the most used ones first."""
    tags = func.json_each(_valid(JOBS.c.tags)).table_valued("value")
    return list(
        connection.execute(
            select(tags.c.value)
            .select_from(JOBS.join(tags, true()))
            .where(JOBS.c.owner == owner, JOBS.c.deleted_at.is_(None))
            .group_by(tags.c.value)
            .order_by(func.count().desc(), tags.c.value)
        ).scalars()
    )


def mark_deleted(connection: Connection, job_id: int) -> None:
    """Hide a job that has ended; `purge_some` removes it."""
    connection.execute(update(JOBS).where(JOBS.c.id == job_id).values(deleted_at=datetime.now(UTC)))


def has_deleted(connection: Connection, owner: str) -> bool:
    """Say whether rows of a person's deleted jobs are still there."""
    deleted = select(JOBS.c.id).where(JOBS.c.owner == owner, JOBS.c.deleted_at.is_not(None))
    return bool(connection.execute(deleted.limit(1)).first())


def purge_some(connection: Connection, owner: str, rows: int) -> bool:
    """Remove up to so many rows of a person's deleted jobs; say whether any job is left.

    A run can have millions of rows: removing them at once would keep every worker waiting.
    """
    job_id = connection.execute(
        select(JOBS.c.id).where(JOBS.c.owner == owner, JOBS.c.deleted_at.is_not(None)).limit(1)
    ).scalar()
    if job_id is None:
        return False
    for table, key in (
        ("training_metrics", "step"),
        ("metric_stretches", "size, stretch"),
        ("log_lines", "number"),
    ):
        removed = connection.exec_driver_sql(
            f"DELETE FROM {table} WHERE job_id = ? AND ({key}) IN "
            f"(SELECT {key} FROM {table} WHERE job_id = ? LIMIT ?)",
            (job_id, job_id, rows),
        )
        if removed.rowcount:
            return True
    connection.execute(delete(JOBS).where(JOBS.c.id == job_id))
    return True


def last_dataset_id(connection: Connection, owner: str) -> int | None:
    """Return the dataset of a person's newest job whose dataset is still there."""
    return connection.execute(
        select(JOBS.c.dataset_id)
        .join(DATASETS, DATASETS.c.id == JOBS.c.dataset_id)
        .where(JOBS.c.owner == owner, DATASETS.c.deleted_at.is_(None))
        .order_by(JOBS.c.id.desc())
        .limit(1)
    ).scalar()


def _order(wanted: JobFilter) -> list[ColumnElement[Any]]:
    value = _VALUES[wanted.sort]
    ordered = value.desc() if wanted.sort.falls(wanted.is_reversed) else value.asc()
    return [ordered.nulls_last(), JOBS.c.id.desc()]


def _page_around(
    connection: Connection, numbers: Select[Any], job_id: int, limit: int
) -> int | None:
    """Return the page on which a job stands; None when it is not in the list."""
    for place, number in enumerate(connection.execute(numbers).scalars()):
        if number == job_id:
            return place // limit + 1
    return None


def _conditions(owner: str, wanted: JobFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        JOBS.c.owner == owner,
        JOBS.c.deleted_at.is_(None),
    ]
    if wanted.status is not None:
        conditions.append(JOBS.c.status == wanted.status)
    if wanted.tag is not None:
        conditions.append(_has_tag(wanted.tag))
    for word in storable(wanted.search).split()[:_MOST_WORDS]:
        conditions.append(
            or_(
                *(
                    column.icontains(word, autoescape=True)
                    for column in (JOBS.c.name, JOBS.c.base_model, DATASETS.c.name)
                ),
                func.lower(JOBS.c.tags).contains(word.lower(), autoescape=True),
            )
        )
    return conditions


def _has_tag(tag: str) -> ColumnElement[bool]:
    tags = func.json_each(_valid(JOBS.c.tags)).table_valued("value")
    folded = storable(tag).strip().lower()
    return exists().select_from(tags).where(func.lower(tags.c.value) == folded)
