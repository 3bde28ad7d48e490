"""Reads the beginnings of traces and histories; what is new they are then extended with."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from sqlalchemy import Connection

from vapor_tui.domain.history import RECENT, Detail, History
from vapor_tui.domain.traces import MOST_BUCKETS, RANKED, Lowest, Points, Trace, first_of
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import curves
from vapor_tui.storage.stretches import size_within

_FIRST_POINTS = 100
_MOST_NEW = 5_000
"""Rows read one by one; of more than that, the run is read anew as it is summed up."""
_MOST_OF_DETAIL = 16_384


def _first_trace(connection: Connection, job_id: int) -> Trace:
    """Return what a long run's trace begins with, as it is summed up; nothing for others."""
    last = curves.greatest_step(connection, job_id)
    stride = size_within(last, MOST_BUCKETS)
    if stride is None:
        return Trace()
    points = curves.curve(connection, job_id, 0, last // stride * stride, MOST_BUCKETS)
    first = first_of(curves.points_after(connection, job_id, 0, _FIRST_POINTS), "loss")
    return Trace(points, stride, first, _lowest(connection, job_id, points, stride))


def history_now(connection: Connection, job_id: int, known: History | None) -> History:
    """Return a job's curves as they are now: the very same ones when nothing is new."""
    rewrites = curves.rewrites(connection, job_id)
    if known is None or not len(known) or known.rewrites != rewrites:
        return _first_history(connection, job_id, rewrites)
    newer = curves.points_after(connection, job_id, known.last_step - 1, _MOST_NEW)
    if not known.goes_on_with(newer) or len(newer) == _MOST_NEW:
        return _first_history(connection, job_id, rewrites)
    return known if known.ends_as(newer) else known.extended(newer)


def read_detail(workspace: Workspace, job_id: int, behind: int, until: int) -> Detail:
    """Return a part of a job's curves, as finely as `detail_size` says."""
    return workspace.database.read(_detail, job_id, behind, until)


def _detail(connection: Connection, job_id: int, behind: int, until: int) -> Detail:
    points = curves.curve(connection, job_id, behind, until, _MOST_OF_DETAIL)
    rewrites = curves.rewrites(connection, job_id)
    return Detail(behind, until, detail_size(until - behind), points, rewrites)


def detail_size(steps: int) -> int:
    """Return how many steps share a point of a detail."""
    return size_within(steps, _MOST_OF_DETAIL) or 1


def first_lost_step(connection: Connection, job_id: int, history: History) -> int | None:
    """Return where the loss at the end of a run was first not a finite number."""
    points = history.points
    finite = np.flatnonzero(np.isfinite(Trace(points).mean("loss")))
    place = int(finite[-1]) if len(finite) else -1
    behind = int(points.step[place - 1]) if place > 0 else 0
    until = int(points.step[place]) if place >= 0 else 0
    return curves.first_lost_step(connection, job_id, "loss", behind, until)


def _first_history(connection: Connection, job_id: int, rewrites: int) -> History:
    recent = curves.latest_points(connection, job_id, RECENT)
    if len(recent) < RECENT:
        return History(rewrites=rewrites).extended(recent)
    trace = _first_trace(connection, job_id)
    if trace.resume_after < int(recent.step[0]) - 1:
        # Long stretches: the last one must be there point by point.
        missing = int(recent.step[-1]) - trace.resume_after
        recent = curves.points_after(connection, job_id, trace.resume_after, missing)
    return History.of(trace.extended(recent.behind(trace.resume_after)), recent, rewrites)


def _lowest(
    connection: Connection, job_id: int, points: Points, stride: int
) -> Mapping[str, Lowest]:
    """Return the least values of the ranked metrics, each looked up in the stretch it lies in."""
    found = {}
    for name in RANKED:
        values = Trace(points).low(name)
        if np.isfinite(values).any():
            end = int(points.step[np.nanargmin(values)])
            behind = (end - 1) // stride * stride
            found[name] = curves.lowest_within(connection, job_id, name, behind, behind + stride)
    return {name: lowest for name, lowest in found.items() if lowest is not None}
