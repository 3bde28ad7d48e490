"""How far a person's own program was told of notifications, and notifications that try it out."""

from alembic import op

from vapor_tui.storage.migrations.rebuild import rebuild

revision = "0004"
down_revision = "0003"

EVENT_DELIVERIES = """
CREATE TABLE event_deliveries (
  owner VARCHAR NOT NULL,
  notification_id INTEGER NOT NULL,
  CONSTRAINT pk_event_deliveries PRIMARY KEY (owner)
)
"""

NOTIFICATIONS = """(
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  owner VARCHAR NOT NULL,
  type VARCHAR NOT NULL,
  title VARCHAR NOT NULL,
  message VARCHAR NOT NULL,
  priority VARCHAR NOT NULL,
  read BOOLEAN NOT NULL,
  job_id INTEGER,
  metadata TEXT NOT NULL,
  created_at DATETIME NOT NULL,
  CONSTRAINT ck_notifications_type_known
    CHECK (type IN ('job_queued', 'job_started', 'job_completed', 'job_failed',
    'job_cancelled', 'job_paused', 'budget_warning', 'budget_reached', 'divergence',
    'stalled', 'test')),
  CONSTRAINT ck_notifications_priority_known CHECK (priority IN ('low', 'normal', 'high')),
  CONSTRAINT fk_notifications_job_id_training_jobs
    FOREIGN KEY(job_id) REFERENCES training_jobs (id) ON DELETE CASCADE
)"""


def upgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql(EVENT_DELIVERIES)
    rebuild(connection, "notifications", NOTIFICATIONS)
