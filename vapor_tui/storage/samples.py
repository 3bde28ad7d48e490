"""A few losses of a run, for the small curve in a list; needs no numpy."""

from __future__ import annotations

import sqlite3

SAMPLES = 7
"""Losses in the small curve of a job's row."""


def loss_samples(
    connection: sqlite3.Connection, job_id: int, last: int, points: int
) -> list[float]:
    """Return about `points` losses spread evenly over the first `last` steps, by look-ups."""
    samples = []
    for target in dict.fromkeys(round(last * (i + 1) / points) for i in range(points)):
        row = connection.execute(
            "SELECT loss FROM training_metrics WHERE job_id = ? AND step <= ? "
            "ORDER BY step DESC LIMIT 1",
            (job_id, target),
        ).fetchone()
        if row is not None and row[0] is not None:
            samples.append(float(row[0]))
    return samples


def small_curve(connection: sqlite3.Connection, job_id: int, last: int) -> tuple[float, ...]:
    """Return the small curve of a job that has come to a step."""
    return tuple(loss_samples(connection, job_id, last, SAMPLES)) if last else ()
