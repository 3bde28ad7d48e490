"""A run that is only watched can be watched again after its end: its log may go on."""

from alembic import op

revision = "0007"
down_revision = "0006"

LIFE_CYCLE = """
CREATE TRIGGER training_jobs_life_cycle BEFORE UPDATE OF status ON training_jobs
WHEN NEW.status <> OLD.status
    AND NOT ((OLD.status = 'queued'
    AND NEW.status IN ('cancelled', 'initializing', 'paused'))
  OR (OLD.status = 'initializing'
    AND NEW.status IN ('cancelled', 'failed', 'paused', 'queued', 'running'))
  OR (OLD.status = 'running'
    AND NEW.status IN ('cancelled', 'completed', 'failed', 'paused', 'queued'))
  OR (OLD.status = 'paused'
    AND NEW.status IN ('cancelled', 'queued'))
  OR (OLD.status = 'failed'
    AND NEW.status IN ('queued'))
  OR (OLD.placement = 'attached'
    AND OLD.status IN ('cancelled', 'completed', 'failed')
    AND NEW.status = 'queued'))
BEGIN
  SELECT RAISE(ABORT, 'a job of this status cannot become that');
END
"""


def upgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql("DROP TRIGGER training_jobs_life_cycle")
    connection.exec_driver_sql(LIFE_CYCLE)
