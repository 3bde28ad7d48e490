"""Rules that the database keeps whatever program writes to it."""

from __future__ import annotations

from collections.abc import Iterable

from vapor_tui.domain.lifecycle import ENDED, TRANSITIONS, Status

_NOW = "strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'"
"""The present as SQLAlchemy stores a moment: microseconds, UTC."""

_TOUCH = """
CREATE TRIGGER {table}_touch AFTER UPDATE ON {table}
WHEN NEW.updated_at IS OLD.updated_at
BEGIN
  UPDATE {table} SET updated_at = {now} WHERE id = NEW.id;
END
"""

_REFUSE = """
CREATE TRIGGER {name} {event}
WHEN {condition}
BEGIN
  SELECT RAISE(ABORT, '{message}');
END
"""


def _transitions() -> str:
    """Return the SQL condition under which a change of status is in the table of the domain.

    What is only watched may be watched again after its end, whatever that was.
    """
    changes = [
        f"(OLD.status = '{before.value}' AND NEW.status IN {_statuses(following)})"
        for before, following in TRANSITIONS.items()
        if following
    ]
    again = f"(OLD.placement = 'attached' AND OLD.status IN {_statuses(ENDED)}"
    return " OR ".join((*changes, f"{again} AND NEW.status = 'queued')"))


def _statuses(statuses: Iterable[Status]) -> str:
    return f"({', '.join(sorted(repr(status.value) for status in statuses))})"


TRIGGERS = (
    _TOUCH.format(table="datasets", now=_NOW),
    _TOUCH.format(table="training_jobs", now=_NOW),
    _REFUSE.format(
        name="training_jobs_begin_queued",
        event="BEFORE INSERT ON training_jobs",
        condition="NEW.status <> 'queued' AND NEW.placement <> 'attached'",
        message="a job begins queued",
    ),
    _REFUSE.format(
        name="training_jobs_life_cycle",
        event="BEFORE UPDATE OF status ON training_jobs",
        condition=f"NEW.status <> OLD.status AND NOT ({_transitions()})",
        message="a job of this status cannot become that",
    ),
    _REFUSE.format(
        name="training_jobs_fence_never_falls",
        event="BEFORE UPDATE OF fence ON training_jobs",
        condition="NEW.fence < OLD.fence",
        message="a fence never falls",
    ),
    _REFUSE.format(
        name="training_jobs_claim_raises_fence",
        event="BEFORE UPDATE OF lease_owner ON training_jobs",
        condition="NEW.lease_owner IS NOT NULL AND NEW.lease_owner IS NOT OLD.lease_owner "
        "AND NEW.fence <= OLD.fence",
        message="a claim raises the fence",
    ),
    _REFUSE.format(
        name="training_jobs_step_never_falls",
        event="BEFORE UPDATE OF current_step ON training_jobs",
        condition="NEW.current_step < OLD.current_step AND NEW.placement <> 'attached'",
        message="a stored step is never taken back",
    ),
    _REFUSE.format(
        name="job_events_no_update",
        event="BEFORE UPDATE ON job_events",
        condition="1",
        message="job_events is append-only",
    ),
    _REFUSE.format(
        name="job_events_no_delete",
        event="BEFORE DELETE ON job_events",
        condition="EXISTS (SELECT 1 FROM training_jobs WHERE id = OLD.job_id "
        "AND deleted_at IS NULL)",
        message="job_events is append-only",
    ),
)
