"""Questions about registered datasets, and changes to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, or_, select, update

from vapor_tui.domain.datasets import (
    Dataset,
    DatasetFilter,
    DatasetPage,
    DatasetSort,
    DatasetStatus,
    ListedDataset,
)
from vapor_tui.domain.text import storable
from vapor_tui.storage.tables import Table

DATASETS = Table.metadata.tables["datasets"]
_LISTED = [DATASETS.c[name] for name in ListedDataset.model_fields]
_BEING_READ = (DatasetStatus.PENDING, DatasetStatus.VALIDATING)

_MOST_WORDS = 20
"""Of a search; SQLite takes no condition of a thousand parts."""

_ORDER: dict[DatasetSort, ColumnElement[Any]] = {
    DatasetSort.NEWEST: DATASETS.c.id.desc(),
    DatasetSort.OLDEST: DATASETS.c.id.asc(),
    DatasetSort.NAME: func.lower(DATASETS.c.name).asc(),
    DatasetSort.PAIRS: DATASETS.c.total_training_pairs.desc(),
    DatasetSort.TOKENS: DATASETS.c.total_tokens.desc(),
    DatasetSort.SIZE: DATASETS.c.file_size.desc(),
}


def insert_dataset(connection: Connection, values: Mapping[str, Any]) -> int:
    """Store a dataset and return its number."""
    now = datetime.now(UTC)
    inserted = connection.execute(
        insert(DATASETS)
        .values(**{"created_at": now, "updated_at": now, **values})
        .returning(DATASETS.c.id)
    )
    return int(inserted.scalar_one())


def update_dataset(connection: Connection, dataset_id: int, values: Mapping[str, Any]) -> None:
    """Replace some of what is stored of a dataset."""
    connection.execute(update(DATASETS).where(DATASETS.c.id == dataset_id).values(**values))


def dataset_by_id(connection: Connection, owner: str, dataset_id: int) -> Dataset | None:
    """Return a person's dataset unless it was deleted."""
    return _first(connection, owner, DATASETS.c.id == dataset_id)


def dataset_by_name(connection: Connection, owner: str, name: str) -> Dataset | None:
    """Return a person's newest dataset of that name."""
    return _first(connection, owner, func.lower(DATASETS.c.name) == name.lower())


def dataset_by_sha256(connection: Connection, owner: str, sha256: str) -> Dataset | None:
    """Return a person's dataset that was read from these very bytes."""
    return _first(connection, owner, DATASETS.c.sha256 == sha256)


def datasets(connection: Connection, owner: str) -> list[Dataset]:
    """Return a person's datasets, newest first."""
    rows = connection.execute(
        select(DATASETS)
        .where(DATASETS.c.owner == owner, DATASETS.c.deleted_at.is_(None))
        .order_by(DATASETS.c.id.desc())
    )
    return [Dataset.model_validate(row._asdict()) for row in rows]


def dataset_page(
    connection: Connection, owner: str, wanted: DatasetFilter
) -> DatasetPage[ListedDataset]:
    """Return one page of a person's datasets, without their samples and errors."""
    total, rows = _page(connection, owner, wanted, _LISTED)
    found = tuple(ListedDataset.model_validate(row._asdict()) for row in rows)
    return DatasetPage(found, wanted.page, wanted.limit, total)


def whole_dataset_page(
    connection: Connection, owner: str, wanted: DatasetFilter
) -> DatasetPage[Dataset]:
    """Return one page of a person's datasets with all that is stored of them."""
    total, rows = _page(connection, owner, wanted, [DATASETS])
    found = tuple(Dataset.model_validate(row._asdict()) for row in rows)
    return DatasetPage(found, wanted.page, wanted.limit, total)


def renew_reading(connection: Connection, dataset_id: int) -> None:
    """Say that a file is still being read; `updated_at` keeps when."""
    connection.execute(
        update(DATASETS)
        .where(DATASETS.c.id == dataset_id)
        .values(status=DatasetStatus.VALIDATING, reason=None, validated_at=None)
    )


def end_stale_readings(connection: Connection, owner: str, before: datetime, reason: str) -> None:
    """Mark as invalid what nobody has read on since that time."""
    connection.execute(
        update(DATASETS)
        .where(
            DATASETS.c.owner == owner,
            DATASETS.c.status.in_(_BEING_READ),
            DATASETS.c.updated_at < before,
        )
        .values(status=DatasetStatus.INVALID, reason=reason)
    )


def is_noted(connection: Connection, dataset_id: int) -> bool:
    """Say whether there is a row of that number whose file was not read to its end."""
    condition = (DATASETS.c.id == dataset_id, DATASETS.c.sha256.is_(None))
    return connection.execute(select(DATASETS.c.id).where(*condition)).first() is not None


def remove_reading(connection: Connection, dataset_id: int) -> None:
    """Forget a file whose reading came to nothing: no job can know it."""
    connection.execute(
        delete(DATASETS).where(DATASETS.c.id == dataset_id, DATASETS.c.sha256.is_(None))
    )


def supersede(connection: Connection, owner: str, dataset_id: int, path: str) -> None:
    """Hide what was said before of a file that was invalid or not read to its end."""
    connection.execute(
        update(DATASETS)
        .where(
            DATASETS.c.owner == owner,
            DATASETS.c.path == path,
            DATASETS.c.id != dataset_id,
            DATASETS.c.status == DatasetStatus.INVALID,
            DATASETS.c.deleted_at.is_(None),
        )
        .values(deleted_at=datetime.now(UTC))
    )


def mark_deleted(connection: Connection, dataset_id: int) -> None:
    """Hide a dataset; jobs that were trained on it keep showing it."""
    connection.execute(
        update(DATASETS).where(DATASETS.c.id == dataset_id).values(deleted_at=datetime.now(UTC))
    )


def _page(
    connection: Connection, owner: str, wanted: DatasetFilter, columns: Sequence[Any]
) -> tuple[int, Sequence[Row[Any]]]:
    """Return how many datasets match, and the rows of the wanted page."""
    conditions = [DATASETS.c.owner == owner, DATASETS.c.deleted_at.is_(None)]
    for word in storable(wanted.search).split()[:_MOST_WORDS]:
        conditions.append(
            or_(
                *(
                    column.icontains(word, autoescape=True)
                    for column in (DATASETS.c.name, DATASETS.c.file_name, DATASETS.c.format)
                )
            )
        )
    total = connection.execute(select(func.count()).where(*conditions)).scalar_one()
    rows = connection.execute(
        select(*columns)
        .where(*conditions)
        .order_by(_ORDER[wanted.sort], DATASETS.c.id.desc())
        .limit(wanted.limit)
        .offset((wanted.page - 1) * wanted.limit)
    )
    return total, rows.all()


def _first(connection: Connection, owner: str, condition: Any) -> Dataset | None:
    row = connection.execute(
        select(DATASETS)
        .where(DATASETS.c.owner == owner, DATASETS.c.deleted_at.is_(None), condition)
        .order_by(DATASETS.c.id.desc())
        .limit(1)
    ).first()
    return None if row is None else Dataset.model_validate(row._asdict())
