"""Training metrics, on the driver's own paths since there can be millions of them."""

from __future__ import annotations

import json
import math
import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from vapor_tui.domain.metrics import VALUE_COLUMNS, MetricsBlock, Void
from vapor_tui.storage.stretches import forget_stretches, keep_stretches

_COLUMNS = ", ".join(VALUE_COLUMNS)
_KEPT = (
    "{name} = CASE WHEN json_extract(excluded.non_finite, '$.{name}') IS NULL "
    "THEN coalesce(excluded.{name}, {name}) END"
)
"""A value stays unless there is a new one, or one that is not finite."""
_WITHDRAWN = " || ".join(
    f"iif(excluded.{name} IS NULL, '', '\"{name}\":null,')" for name in VALUE_COLUMNS
)
"""A merge patch that takes the marks of those values away that are finite now."""
_UPSERT = f"""
INSERT INTO training_metrics (job_id, step, epoch, {_COLUMNS}, non_finite, created_at)
VALUES ({", ".join("?" * (len(VALUE_COLUMNS) + 5))})
ON CONFLICT (job_id, step) DO UPDATE SET
epoch = CASE WHEN excluded.epoch > 0 THEN excluded.epoch ELSE epoch END,
{", ".join(_KEPT.format(name=name) for name in VALUE_COLUMNS)},
non_finite = CASE WHEN coalesce(excluded.non_finite, non_finite) IS NOT NULL THEN nullif(
  json_patch(
    json_patch(coalesce(non_finite, '{{}}'), '{{' || trim({_WITHDRAWN}, ',') || '}}'),
    coalesce(excluded.non_finite, '{{}}')
  ),
  '{{}}'
) END
"""
_SELECT = f"SELECT step, epoch, {_COLUMNS}, non_finite FROM training_metrics WHERE job_id = ?"

_GREATEST = "SELECT max(step) FROM training_metrics WHERE job_id = ?"

_REWRITTEN = "UPDATE training_jobs SET rewrites = rewrites + 1 WHERE id = ?"

_ROW = np.dtype(
    [("step", np.int64), ("epoch", np.float64), *((n, np.float64) for n in VALUE_COLUMNS)]
)


def driver(connection: Connection) -> sqlite3.Connection:
    """Return the sqlite3 connection under a SQLAlchemy one, inside the same transaction."""
    raw = connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw


def store_blocks(
    connection: Connection, job_id: int, blocks: Sequence[MetricsBlock | Void]
) -> None:
    """Store blocks of a job, in order.

    A block for a step that is there completes its row; where both have a value, the later counts.
    What they complete is summed up too, in the same transaction. Where rows before the last one
    change, the job's `rewrites` rises: whoever holds its curves has to read them anew.
    """
    if not blocks:
        return
    raw, is_rewritten = driver(connection), False
    stored = greatest = _greatest(raw, job_id)
    for block in blocks:
        if isinstance(block, Void):
            greatest, is_rewritten = _make_void(raw, job_id, block.since), True
        elif len(block):
            is_rewritten |= int(block.step[0]) < stored
            at = np.full(len(block), time.time()) if block.at is None else block.at
            raw.executemany(_UPSERT, _rows(job_id, block, at))
            keep_stretches(raw, job_id, block, greatest, at)
            greatest = max(greatest, int(block.step[-1]))
    if is_rewritten:
        raw.execute(_REWRITTEN, (job_id,))


def _make_void(connection: sqlite3.Connection, job_id: int, since: int) -> int:
    """Remove rows from a step on, and what they were summed up to; return the last step left."""
    connection.execute(
        "DELETE FROM training_metrics WHERE job_id = ? AND step >= ?", (job_id, since)
    )
    forget_stretches(connection, job_id, since)
    return _greatest(connection, job_id)


def _greatest(connection: sqlite3.Connection, job_id: int) -> int:
    return connection.execute(_GREATEST, (job_id,)).fetchone()[0] or 0


def metrics_after(
    connection: Connection, job_id: int, step: int = 0, last: int | None = None
) -> MetricsBlock:
    """Return the metrics behind a step in order, or only the `last` points of them.

    NaN stands both for a value that was not measured and for one that is not a number;
    infinities come back as such.
    """
    sql, bound = f"{_SELECT} AND step > ?", [job_id, step]
    sql += " ORDER BY step DESC LIMIT ?" if last is not None else " ORDER BY step"
    if last is not None:
        bound.append(last)
    cursor = driver(connection).execute(sql, bound)
    return _block(cursor, is_reversed=last is not None)


def metrics_until(connection: Connection, job_id: int, step: int, last: int) -> MetricsBlock:
    """Return the `last` points up to a step, as `metrics_after` does."""
    cursor = driver(connection).execute(
        f"{_SELECT} AND step <= ? ORDER BY step DESC LIMIT ?", (job_id, step, last)
    )
    return _block(cursor, is_reversed=True)


def metric_samples(
    connection: Connection, job_id: int, last: int, places: int, each: int
) -> MetricsBlock:
    """Return `each` points at so many places spread over the first `last` steps, by look-ups.

    All points of these when the run is short. The latest ones are always among them.
    """
    rows = driver(connection)
    if last <= 4 * places * each:
        cursor = rows.execute(f"{_SELECT} AND step <= ? ORDER BY step", (job_id, last))
        return _block(cursor, is_reversed=False)
    ends = dict.fromkeys(round(last * (i + 1) / places) for i in range(places))
    sql = f"{_SELECT} AND step <= ? ORDER BY step DESC LIMIT ?"
    found = (row for end in ends for row in rows.execute(sql, (job_id, end, each)))
    by_step = {row[0]: row for row in found}
    return _block((by_step[step] for step in sorted(by_step)), is_reversed=False)


def _block(cursor: Iterable[tuple[Any, ...]], *, is_reversed: bool) -> MetricsBlock:
    rows = np.fromiter(_filled(cursor), dtype=_ROW)
    if is_reversed:
        rows = rows[::-1]
    return MetricsBlock(
        step=np.ascontiguousarray(rows["step"]),
        epoch=np.ascontiguousarray(rows["epoch"]),
        **{name: np.ascontiguousarray(rows[name]) for name in VALUE_COLUMNS},
    )


def metric_rows(
    connection: Connection, job_id: int, step: int, limit: int
) -> list[dict[str, object]]:
    """Return up to `limit` rows behind a step as dictionaries with the columns' names."""
    names = ("step", "epoch", *VALUE_COLUMNS, "non_finite")
    cursor = driver(connection).execute(
        f"{_SELECT} AND step > ? ORDER BY step LIMIT ?", (job_id, step, limit)
    )
    return [_readable(dict(zip(names, row, strict=True))) for row in cursor]


def last_step(connection: Connection, job_id: int, points: int) -> int:
    """Return the step behind which only the last `points` rows lie."""
    row = (
        driver(connection)
        .execute(
            "SELECT step FROM training_metrics WHERE job_id = ? "
            "ORDER BY step DESC LIMIT 1 OFFSET ?",
            (job_id, points),
        )
        .fetchone()
    )
    return 0 if row is None else int(row[0])


def _rows(
    job_id: int, block: MetricsBlock, at: NDArray[np.float64]
) -> Iterator[tuple[object, ...]]:
    columns = [block.column(name) for name in VALUE_COLUMNS]
    lists = [block.measured(name) for name in VALUE_COLUMNS]
    all_finite = all(column is None or bool(np.isfinite(column).all()) for column in columns)
    for index, (step, epoch, logged_at) in enumerate(
        zip(block.step.tolist(), block.epoch.tolist(), at.tolist(), strict=True)
    ):
        values = [None if column is None else column[index] for column in lists]
        marks = None if all_finite else _withdraw_non_finite(values)
        yield (job_id, step, epoch, *values, marks, logged_at)


def _withdraw_non_finite(values: list[float | None]) -> str | None:
    """Replace what is not finite by None and return the JSON that says what it was."""
    marks = {}
    for index, value in enumerate(values):
        if value is not None and not math.isfinite(value):
            marks[VALUE_COLUMNS[index]] = str(value)
            values[index] = None
    return json.dumps(marks) if marks else None


def _filled(cursor: Iterable[tuple[Any, ...]]) -> Iterator[tuple[float, ...]]:
    """Yield rows with NaN for NULL and infinities put back."""
    nan = math.nan
    for *values, marks in cursor:
        row = [nan if value is None else value for value in values]
        if marks is not None:
            for name, mark in json.loads(marks).items():
                row[2 + VALUE_COLUMNS.index(name)] = float(mark)
        yield tuple(row)


def _readable(row: dict[str, object]) -> dict[str, object]:
    marks = row["non_finite"]
    row["non_finite"] = json.loads(marks) if isinstance(marks, str) else None
    return row
