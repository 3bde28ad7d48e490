"""What a curve has to be read anew for, and where in a stretch a loss was not finite."""

from alembic import op

revision = "0006"
down_revision = "0005"

LOST = """
CREATE TEMP TABLE lost AS
SELECT job_id, step FROM training_metrics WHERE non_finite LIKE '%"loss"%'
"""
MARK_LOST = """
UPDATE metric_stretches SET loss_lost = 1 FROM lost
WHERE metric_stretches.job_id = lost.job_id AND size = ? AND stretch = (lost.step - 1) / size
"""


def upgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql(
        "ALTER TABLE training_jobs ADD COLUMN rewrites INTEGER DEFAULT 0 NOT NULL"
    )
    connection.exec_driver_sql(
        "ALTER TABLE metric_stretches ADD COLUMN loss_lost INTEGER DEFAULT 0 NOT NULL"
    )
    connection.exec_driver_sql(LOST)
    sizes = connection.exec_driver_sql("SELECT DISTINCT size FROM metric_stretches").scalars()
    for size in sizes.all():
        connection.exec_driver_sql(MARK_LOST, (size,))
    connection.exec_driver_sql("DROP TABLE lost")
