"""Rules that the database keeps whatever program writes to it."""

from __future__ import annotations

_NOW = "strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'"
"""The present as SQLAlchemy stores a moment: microseconds, UTC."""

_TOUCH = """
CREATE TRIGGER {table}_touch AFTER UPDATE ON {table}
WHEN NEW.updated_at IS OLD.updated_at
BEGIN
  UPDATE {table} SET updated_at = {now} WHERE id = NEW.id;
END
"""

_APPEND_ONLY = """
CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}
BEGIN
  SELECT RAISE(ABORT, '{table} is append-only');
END
"""

TRIGGERS = (
    _TOUCH.format(table="datasets", now=_NOW),
    _TOUCH.format(table="training_jobs", now=_NOW),
    _APPEND_ONLY.format(table="job_events"),
)
