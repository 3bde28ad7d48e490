"""What is found out about the health of runs, in their history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sqlalchemy import Connection, select

from vapor_tui.domain.health.findings import (
    BLOW_UPS,
    Finding,
    HealthChange,
    HealthKind,
    Withdrawn,
    standing,
    still_true,
    worth_telling,
)
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.metrics import VALUE_COLUMNS, MetricsBlock
from vapor_tui.domain.notifications import health_notice
from vapor_tui.storage.events import EVENTS, record
from vapor_tui.storage.metrics import metrics_until
from vapor_tui.storage.notifications import notify

HEALTH = "health"
"""What such a line of the history is about: `to` is the kind found, `from` one that is over."""
WITHDRAWN = "findings"
"""Stands for all kinds, where what was found is over since its points are void."""

if TYPE_CHECKING:
    from vapor_tui.domain.metrics import Column

_MOST_CHANGES = 500
_POINTS, _POINTS_OF_AN_EPOCH, _MOST_EPOCHS = 256, 16, 20
"""Read again before a run goes on: its latest points, and some before each evaluation."""


@dataclass(frozen=True, slots=True)
class HealthPast:
    """What a run's watch is rebuilt from."""

    points: MetricsBlock
    found: dict[HealthKind, Finding]


def store_health(
    connection: Connection,
    job: Job,
    changes: Sequence[HealthChange | Withdrawn],
    *,
    who: str,
    fence: int,
) -> None:
    """Write changes to a job's history, and the notifications that are due, each once a start."""
    if not changes:
        return
    known = health_history(connection, job.id)
    withdrawn = [change for change in changes if isinstance(change, Withdrawn)]
    told = [change.finding.kind for change in still_true([*known, *withdrawn])]
    for finding in worth_telling(still_true(changes), told):
        metadata = {"health": finding.kind.value, "step": finding.step}
        notify(connection, job.owner, health_notice(job.name, finding), job.id, metadata)
    for change in changes:
        if isinstance(change, HealthChange):
            kind = change.finding.kind.value
            before, after = (kind, None) if change.is_over else (None, kind)
            known.append(change)
        elif still_true([*known, change]) == known:
            continue
        else:
            before, after = WITHDRAWN, None
            known = still_true([*known, change])
        record(connection, job.id, HEALTH, before, after, who=who, fence=fence, note=change.note)


def health_history(connection: Connection, job_id: int) -> list[HealthChange]:
    """Return the latest changes of a job's health, in the order they were noticed.

    Without what was found at points that are void.
    """
    rows = connection.execute(
        select(EVENTS.c["from"].label("before"), EVENTS.c.to, EVENTS.c.note)
        .where(EVENTS.c.job_id == job_id, EVENTS.c.what == HEALTH)
        .order_by(EVENTS.c.id.desc())
        .limit(_MOST_CHANGES)
    ).all()
    found = (
        Withdrawn.parse(row.note)
        if row.before == WITHDRAWN
        else HealthChange.parse(row.to or row.before or "", row.note, is_over=row.to is None)
        for row in reversed(rows)
    )
    return still_true(change for change in found if change is not None)


def health_past(connection: Connection, job: Job) -> HealthPast:
    """Return the stored points that tell most about a run, and what stands of its findings."""
    found = standing(health_history(connection, job.id))
    ends = [(job.current_step, _POINTS)]
    ends += [(found[kind].step, _POINTS) for kind in BLOW_UPS if kind in found]
    if job.estimate is not None:
        last = job.current_step // job.estimate.steps_per_epoch
        epochs = range(max(1, last - _MOST_EPOCHS + 1), last + 1)
        ends += [(epoch * job.estimate.steps_per_epoch, _POINTS_OF_AN_EPOCH) for epoch in epochs]
    parts = [metrics_until(connection, job.id, step, points) for step, points in ends]
    return HealthPast(_merged(parts), found)


def _merged(parts: Sequence[MetricsBlock]) -> MetricsBlock:
    """Return the points of overlapping blocks once, in order."""
    steps, first = np.unique(np.concatenate([part.step for part in parts]), return_index=True)
    columns: dict[str, Column | None] = {}
    for name in VALUE_COLUMNS:
        values = [column for part in parts if (column := part.column(name)) is not None]
        column = np.concatenate(values)[first]
        # The store knows no difference between a gap and what was never measured.
        columns[name] = column if np.isfinite(column).any() else None
    epoch = np.concatenate([part.epoch for part in parts])[first]
    return MetricsBlock(step=steps, epoch=epoch, **columns)
