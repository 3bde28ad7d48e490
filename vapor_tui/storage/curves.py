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
_SELECT = f"""
SELECT step, epoch, created_at, {_COLUMNS}, non_finite FROM training_metrics WHERE job_id = ?
"""
_POINTS = f"{_SELECT} AND step > ? ORDER BY step LIMIT ?"
_LATEST = f"SELECT * FROM ({_SELECT} ORDER BY step DESC LIMIT ?) ORDER BY step"


def points_after(connection: Connection, job_id: int, step: int, limit: int) -> Points:
    """Return up to `limit` points behind a step."""
    return _single(driver(connection).execute(_POINTS, (job_id, step, limit)))


def latest_points(connection: Connection, job_id: int, most: int) -> Points:
    """Return the last so many points."""
    return _single(driver(connection).execute(_LATEST, (job_id, most)))


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


def rewrites(connection: Connection, job_id: int) -> int:
    """Return how often points before the last one have changed; 0 for a job that is gone."""
    sql = "SELECT rewrites FROM training_jobs WHERE id = ?"
    row = driver(connection).execute(sql, (job_id,)).fetchone()
    return int(row[0]) if row else 0


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


def first_lost_step(
    connection: Connection, job_id: int, metric: str, behind: int, until: int
) -> int | None:
    """Return the first step after the last finite value of a metric in a stretch of steps."""
    assert metric in VALUE_COLUMNS
    raw = driver(connection)
    [last] = raw.execute(
        f"SELECT max(step) FROM training_metrics "
        f"WHERE job_id = ? AND step > ? AND step <= ? AND {metric} IS NOT NULL",
        (job_id, behind, until),
    ).fetchone()
    [lost] = raw.execute(
        "SELECT min(step) FROM training_metrics "
        "WHERE job_id = ? AND step > ? AND non_finite LIKE ?",
        (job_id, behind if last is None else last, f'%"{metric}"%'),
    ).fetchone()
    return None if lost is None else int(lost)


def timed_rows(
    connection: Connection, job_id: int, step: int, limit: int
) -> list[dict[str, object]]:
    """Return up to `limit` rows behind a step with when each was logged.

    A value that is not finite is "nan", "inf" or "-inf"; one that was not measured is None.
    """
    names = ("step", "epoch", "created_at", *VALUE_COLUMNS)
    rows = []
    for *values, marks in driver(connection).execute(_POINTS, (job_id, step, limit)):
        row: dict[str, object] = dict(zip(names, values, strict=True))
        rows.append(row if marks is None else {**row, **json.loads(marks)})
    return rows


def _single(rows: sqlite3.Cursor) -> Points:
    """Return rows as points, with infinity for what was measured and is not finite."""
    width = 3 + len(VALUE_COLUMNS)
    flat = np.fromiter(_values(rows), dtype=np.float64)
    table = np.ascontiguousarray(flat.reshape(-1, width).T)
    return Points.single(table[0].astype(np.int64), table[1], table[2], table[3:])


def _values(rows: sqlite3.Cursor) -> Iterator[float]:
    nan = math.nan
    for *values, marks in rows:
        lost = () if marks is None else json.loads(marks)
        for name in lost:
            values[3 + VALUE_COLUMNS.index(name)] = math.inf
        for value in values:
            yield nan if value is None else value
