"""Runs summed up: what a curve of a million points is drawn from without reading them.

Stretches of 64 steps, of 512, of 4,096 and so on hold the least, the greatest and the mean of
every metric. They are kept in the transaction that stores the rows, and only once all of their
steps are behind the run: what is newer is read row by row.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Sequence

import numpy as np

from vapor_tui.domain.metrics import VALUE_COLUMNS, MetricsBlock
from vapor_tui.domain.traces import Floats, Points, Steps, bounded

SMALLEST = 64
"""Steps of the shortest stretches."""
FACTOR = 8
"""So many stretches make one of the next size."""

_LOSS = VALUE_COLUMNS.index("loss")

VALUES = tuple(f"{name}_{what}" for name in VALUE_COLUMNS for what in ("low", "high", "mean"))
_KEYS = ("job_id", "size", "stretch")
_COLUMNS = (*_KEYS, "step", "epoch", "created_at", "rows", *VALUES, "loss_lost")
_INSERT = f"INSERT OR REPLACE INTO metric_stretches ({', '.join(_COLUMNS)})"
_BY_VALUES = f"{_INSERT} VALUES ({', '.join('?' * len(_COLUMNS))})"
_FROM_ROWS = f"""
{_INSERT}
SELECT job_id, {SMALLEST}, (step - 1) / {SMALLEST},
max(step), max(epoch), max(created_at), count(*),
{", ".join(f"min({name}), max({name}), avg({name})" for name in VALUE_COLUMNS)},
ifnull(max(non_finite LIKE '%"loss"%'), 0)
FROM training_metrics WHERE job_id = ? AND step > ? AND step <= ? GROUP BY (step - 1) / {SMALLEST}
"""
_FROM_STRETCHES = f"""
{_INSERT}
SELECT job_id, ?, stretch / {FACTOR}, max(step), max(epoch), max(created_at), sum(rows),
{
    ", ".join(
        f"min({name}_low), max({name}_high), "
        f"sum({name}_mean * rows) / sum(rows * ({name}_mean IS NOT NULL))"
        for name in VALUE_COLUMNS
    )
}, max(loss_lost)
FROM metric_stretches WHERE job_id = ? AND size = ? AND stretch >= ? AND stretch < ?
GROUP BY stretch / {FACTOR}
"""
_SELECT = f"""
SELECT step, epoch, created_at, rows, {", ".join(VALUES)}, loss_lost FROM metric_stretches
WHERE job_id = ? AND size = ? AND stretch >= ? AND stretch < ? ORDER BY stretch
"""


def keep_stretches(
    connection: sqlite3.Connection, job_id: int, block: MetricsBlock, before: int, at: Floats
) -> None:
    """Sum up what a block has changed, after it was stored in the same transaction.

    `before` is the greatest step that was stored before it. Stretches behind the one that it lies
    in are summed up from the block itself, the others from the rows. `at` is when its points
    were logged, in seconds since 1970.
    """
    last = max(int(block.step[-1]), before)
    late = block.step[: np.searchsorted(block.step, before, side="right")]
    from_rows = _late(late, before, SMALLEST)
    begin, end = before // SMALLEST, last // SMALLEST
    if begin < end:
        own = begin
        if before % SMALLEST:
            own += 1
            from_rows.append((begin, own))
        if own < end:
            connection.executemany(_BY_VALUES, _rows(job_id, block, at, own, end))
    for begin, end in from_rows:
        connection.execute(_FROM_ROWS, (job_id, begin * SMALLEST, end * SMALLEST))
    size = SMALLEST * FACTOR
    while changed := [*_late(late, before, size), *_completed(before, last, size)]:
        for begin, end in changed:
            below = (job_id, size // FACTOR, begin * FACTOR, end * FACTOR)
            connection.execute(_FROM_STRETCHES, (size, *below))
        size *= FACTOR


def _completed(before: int, last: int, size: int) -> list[tuple[int, int]]:
    """Return the stretches that a run completes between two steps: from one to before another."""
    begin, end = before // size, last // size
    return [(begin, end)] if begin < end else []


def _late(steps: Steps, before: int, size: int) -> list[tuple[int, int]]:
    """Return the stretches that were whole before and hold late steps, as ranges without gaps."""
    if not len(steps):
        return []
    found = np.unique((steps - 1) // size)
    found = found[found < before // size]
    parts = np.split(found, np.flatnonzero(np.diff(found) > 1) + 1)
    return [(int(part[0]), int(part[-1]) + 1) for part in parts if len(part)]


def forget_stretches(connection: sqlite3.Connection, job_id: int, since: int = 1) -> None:
    """Remove what was summed up from a step on, as when the rows themselves are removed."""
    connection.execute(
        "DELETE FROM metric_stretches WHERE job_id = ? AND (stretch + 1) * size >= ?",
        (job_id, since),
    )


def size_within(steps: int, most: int) -> int | None:
    """Return the shortest stretches of which at most so many cover these steps; None for rows."""
    if steps <= most:
        return None
    size = SMALLEST
    while steps > size * most:
        size *= FACTOR
    return size


def read_stretches(
    connection: sqlite3.Connection, job_id: int, size: int, behind: int, until: int
) -> Points:
    """Return the whole stretches of a size within the steps behind one and until another."""
    cursor = connection.execute(_SELECT, (job_id, size, -(-behind // size), until // size))
    rows = [[np.nan if value is None else value for value in row] for row in cursor]
    if not rows:
        return Points.none()
    table = np.array(rows, dtype=np.float64).T
    whole = table[[0, 3]].astype(np.int64)
    low, high, mean = (bounded(table[4 + place : -1 : 3]) for place in range(3))
    lost = np.zeros(mean.shape, dtype=np.bool_)
    lost[_LOSS] = table[-1] > 0
    return Points(whole[0], table[1], table[2], whole[1], low, high, mean, lost)


def _rows(
    job_id: int, block: MetricsBlock, at: Floats, begin: int, end: int
) -> Sequence[Sequence[object]]:
    """Return the rows of the stretches from one to before another, which the block fills alone."""
    inside = slice(*np.searchsorted(block.step, [begin * SMALLEST + 1, end * SMALLEST + 1]))
    step = block.step[inside]
    missing = np.full(len(step), np.nan)
    columns = [block.column(name) for name in VALUE_COLUMNS]
    values = np.array([missing if column is None else column[inside] for column in columns])
    if not len(step):
        return []
    if block.loss is not None:  # NaN there was measured, but for the gaps
        lost = np.isnan(values[_LOSS])
        if (gaps := block.gaps_of("loss")) is not None:
            lost &= ~gaps[inside]
        values[_LOSS, lost] = np.inf
    points = Points.single(step, block.epoch[inside], at[inside], values)
    summed = points.grouped(SMALLEST)
    table = np.stack([summed.low, summed.high, summed.mean], axis=1).reshape(len(VALUES), -1)
    return [
        (
            job_id,
            SMALLEST,
            (step - 1) // SMALLEST,
            step,
            epoch,
            logged_at,
            rows,
            *shown,
            int(is_lost),
        )
        for step, epoch, logged_at, rows, shown, is_lost in zip(
            summed.step.tolist(),
            summed.epoch.tolist(),
            summed.at.tolist(),
            summed.count.tolist(),
            _nulls(table),
            summed.lost[_LOSS].tolist(),
            strict=True,
        )
    ]


def _nulls(table: Floats) -> list[list[float | None]]:
    """Return the columns of an array as rows, with None for NaN."""
    rows: list[list[float | None]] = table.T.tolist()
    if np.isfinite(table).all():
        return rows
    return [
        [None if value is None or math.isnan(value) else value for value in row] for row in rows
    ]
