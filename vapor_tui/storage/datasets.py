"""Questions about registered datasets, and changes to them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from vapor_tui.domain.datasets import Dataset
from vapor_tui.storage.tables import Table

DATASETS = Table.metadata.tables["datasets"]


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


def mark_deleted(connection: Connection, dataset_id: int) -> None:
    """Hide a dataset; jobs that were trained on it keep showing it."""
    connection.execute(
        update(DATASETS).where(DATASETS.c.id == dataset_id).values(deleted_at=datetime.now(UTC))
    )


def _first(connection: Connection, owner: str, condition: Any) -> Dataset | None:
    row = connection.execute(
        select(DATASETS)
        .where(DATASETS.c.owner == owner, DATASETS.c.deleted_at.is_(None), condition)
        .order_by(DATASETS.c.id.desc())
        .limit(1)
    ).first()
    return None if row is None else Dataset.model_validate(row._asdict())
