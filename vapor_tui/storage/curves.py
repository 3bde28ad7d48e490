"""Reads of a run's curves for drawing: all of its points, or stretches of them summed up."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from sqlalchemy import Connection

from vapor_tui.domain.metrics import VALUE_COLUMNS
from vapor_tui.domain.traces import Lowest, Points
from vapor_tui.storage.metrics import driver

_COLUMNS = ", ".join(VALUE_COLUMNS)
_POINTS = f"""
SELECT step, epoch, created_at, {_COLUMNS} FROM training_metrics
WHERE job_id = ? AND step > ? ORDER BY step LIMIT ?
"""
_STRETCH = f"""
SELECT max(step), max(epoch), max(created_at), count(*),
{", ".join(f"{what}({name})" for what in ("min", "max", "avg") for name in VALUE_COLUMNS)}
FROM training_metrics WHERE job_id = ? AND step > ? AND step <= ?
"""
_TIMED = f"""
SELECT step, epoch, created_at, {_COLUMNS}, non_finite FROM training_metrics
WHERE job_id = ? AND step > ? ORDER BY step LIMIT ?
"""


def points_after(connection: Connection, job_id: int, step: int, limit: int) -> Points:
    """Return up to `limit` points behind a step."""
    cursor = driver(connection).execute(_POINTS, (job_id, step, limit))
    rows = _matrix(cursor, 3 + len(VALUE_COLUMNS))
    return Points.single(rows[0].astype(np.int64), rows[1], rows[2], rows[3:])


def stretches(connection: Connection, job_id: int, edges: Sequence[int]) -> Points:
    """Return one point for each two neighbours of `edges`, of the steps behind the first of them.

    Each is a look-up of its own: SQLite sums it up in order, without sorting and without Python.
    """
    raw, last = driver(connection), len(edges) - 1
    found = (
        row
        for i in range(last)
        if (row := raw.execute(_STRETCH, (job_id, edges[i], edges[i + 1])).fetchone())[3]
    )
    size = len(VALUE_COLUMNS)
    rows = _matrix(found, 4 + 3 * size)
    low, high, mean = rows[4 : 4 + size], rows[4 + size : 4 + 2 * size], rows[4 + 2 * size :]
    whole = rows[[0, 3]].astype(np.int64)
    return Points(whole[0], rows[1], rows[2], whole[1], low, high, mean)


def greatest_step(connection: Connection, job_id: int) -> int:
    """Return the last step that was logged, 0 when there is none."""
    sql = "SELECT max(step) FROM training_metrics WHERE job_id = ?"
    return int(driver(connection).execute(sql, (job_id,)).fetchone()[0] or 0)


def has_more_than(connection: Connection, job_id: int, points: int) -> bool:
    """Say whether a run has more points than so many, without counting them all."""
    sql = "SELECT 1 FROM training_metrics WHERE job_id = ? LIMIT 1 OFFSET ?"
    return driver(connection).execute(sql, (job_id, points)).fetchone() is not None


def lowest_within(
    connection: Connection, job_id: int, metric: str, behind: int, until: int
) -> Lowest | None:
    """Return the least value of a metric in a stretch of steps, with its step."""
    assert metric in VALUE_COLUMNS
    row = (
        driver(connection)
        .execute(
            f"SELECT min({metric}), step FROM training_metrics "
            "WHERE job_id = ? AND step > ? AND step <= ?",
            (job_id, behind, until),
        )
        .fetchone()
    )
    return None if row[0] is None else Lowest(float(row[0]), int(row[1]))


def timed_rows(
    connection: Connection, job_id: int, step: int, limit: int
) -> list[dict[str, object]]:
    """Return up to `limit` rows behind a step with when each was stored.

    A value that is not finite is "nan", "inf" or "-inf"; one that was not measured is None.
    """
    names = ("step", "epoch", "created_at", *VALUE_COLUMNS)
    rows = []
    for *values, marks in driver(connection).execute(_TIMED, (job_id, step, limit)):
        row: dict[str, object] = dict(zip(names, values, strict=True))
        rows.append(row if marks is None else {**row, **json.loads(marks)})
    return rows


def _matrix(rows: sqlite3.Cursor | Iterable[Sequence[float | None]], width: int) -> np.ndarray:
    """Return rows as an array of shape (width, n), with NaN for NULL."""
    flat = np.fromiter(_values(rows), dtype=np.float64)
    return np.ascontiguousarray(flat.reshape(-1, width).T)


def _values(rows: sqlite3.Cursor | Iterable[Sequence[float | None]]) -> Iterator[float]:
    nan = math.nan
    for row in rows:
        for value in row:
            yield nan if value is None else value
