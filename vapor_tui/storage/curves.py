"""Reads of a run's curves for drawing: its points, or stretches of them summed up."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Iterator

import numpy as np
from sqlalchemy import Connection

from vapor_tui.domain.metrics import VALUE_COLUMNS
from vapor_tui.domain.traces import Lowest, Points, joined
from vapor_tui.storage.metrics import driver
from vapor_tui.storage.stretches import FACTOR, SMALLEST, read_stretches, size_within

_COLUMNS = ", ".join(VALUE_COLUMNS)
_POINTS = f"""
SELECT step, epoch, created_at, {_COLUMNS} FROM training_metrics
WHERE job_id = ? AND step > ? ORDER BY step LIMIT ?
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


def curve(connection: Connection, job_id: int, behind: int, until: int, most: int) -> Points:
    """Return the steps behind one and until another at about `most` points.

    Where there are more, they begin at a whole stretch; its end is read in shorter and shorter
    ones, and the last few steps row by row.
    """
    raw, parts = driver(connection), [Points.none()]
    size = size_within(until - behind, most)
    if size is not None:
        behind = behind // size * size
        while size >= SMALLEST:
            parts.append(read_stretches(raw, job_id, size, behind, until))
            behind = max(behind, until // size * size)
            size //= FACTOR
    parts.append(points_after(connection, job_id, behind, max(until - behind, 0)))
    points = joined(parts)
    return points.until(int(np.searchsorted(points.step, until, side="right")))


def greatest_step(connection: Connection, job_id: int) -> int:
    """Return the last step that was logged, 0 when there is none."""
    sql = "SELECT max(step) FROM training_metrics WHERE job_id = ?"
    return int(driver(connection).execute(sql, (job_id,)).fetchone()[0] or 0)


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


def _matrix(rows: sqlite3.Cursor, width: int) -> np.ndarray:
    """Return rows as an array of shape (width, n), with NaN for NULL."""
    flat = np.fromiter(_values(rows), dtype=np.float64)
    return np.ascontiguousarray(flat.reshape(-1, width).T)


def _values(rows: sqlite3.Cursor) -> Iterator[float]:
    nan = math.nan
    for row in rows:
        for value in row:
            yield nan if value is None else value
