"""Indexes by which a list and its totals are read without looking at every job."""

from alembic import op

revision = "0008"
down_revision = "0007"

STATEMENTS = (
    "DROP INDEX ix_training_jobs_owner_status",
    "DROP INDEX ix_training_jobs_owner_queued_at",
    "CREATE INDEX ix_training_jobs_owner_deleted_at ON training_jobs (owner, deleted_at)",
    "CREATE INDEX ix_training_jobs_owner_status_queued_at"
    " ON training_jobs (owner, status, queued_at)",
    "CREATE INDEX ix_training_jobs_owner_status_engine_deleted_at"
    " ON training_jobs (owner, status, engine, deleted_at)",
    "CREATE INDEX ix_training_jobs_owner_deleted_at_completed_at"
    " ON training_jobs (owner, deleted_at, completed_at)",
    "CREATE INDEX ix_training_jobs_lease_owner ON training_jobs (lease_owner)"
    " WHERE lease_owner IS NOT NULL",
)


def upgrade() -> None:
    connection = op.get_bind()
    for statement in STATEMENTS:
        connection.exec_driver_sql(statement)
