"""Runs are summed up in stretches, so that a long one is drawn without reading all of it."""

from alembic import op
from sqlalchemy import Connection

revision = "0003"
down_revision = "0002"

METRIC_STRETCHES = """
CREATE TABLE metric_stretches (
  job_id INTEGER NOT NULL,
  size INTEGER NOT NULL,
  stretch INTEGER NOT NULL,
  step INTEGER NOT NULL,
  epoch FLOAT NOT NULL,
  created_at FLOAT NOT NULL,
  rows INTEGER NOT NULL,
  loss_low FLOAT,
  loss_high FLOAT,
  loss_mean FLOAT,
  accuracy_low FLOAT,
  accuracy_high FLOAT,
  accuracy_mean FLOAT,
  learning_rate_low FLOAT,
  learning_rate_high FLOAT,
  learning_rate_mean FLOAT,
  grad_norm_low FLOAT,
  grad_norm_high FLOAT,
  grad_norm_mean FLOAT,
  eval_loss_low FLOAT,
  eval_loss_high FLOAT,
  eval_loss_mean FLOAT,
  tokens_per_second_low FLOAT,
  tokens_per_second_high FLOAT,
  tokens_per_second_mean FLOAT,
  CONSTRAINT pk_metric_stretches PRIMARY KEY (job_id, size, stretch),
  CONSTRAINT fk_metric_stretches_job_id_training_jobs
    FOREIGN KEY(job_id) REFERENCES training_jobs (id) ON DELETE CASCADE
)
WITHOUT ROWID
"""

METRICS = ("loss", "accuracy", "learning_rate", "grad_norm", "eval_loss", "tokens_per_second")
COLUMNS = ", ".join(f"{name}_low, {name}_high, {name}_mean" for name in METRICS)
INSERT = (
    "INSERT INTO metric_stretches "
    f"(job_id, size, stretch, step, epoch, created_at, rows, {COLUMNS})"
)
SMALLEST, FACTOR = 64, 8


def upgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql(METRIC_STRETCHES)
    values = ", ".join(f"min({name}), max({name}), avg({name})" for name in METRICS)
    connection.exec_driver_sql(
        f"{INSERT} SELECT m.job_id, {SMALLEST}, (step - 1) / {SMALLEST}, max(step), max(epoch), "
        f"max(created_at), count(*), {values} FROM training_metrics AS m JOIN "
        "(SELECT job_id, max(step) AS last FROM training_metrics GROUP BY job_id) AS run "
        "ON run.job_id = m.job_id "
        f"WHERE step <= last / {SMALLEST} * {SMALLEST} GROUP BY m.job_id, (step - 1) / {SMALLEST}"
    )
    size = SMALLEST * FACTOR
    while _sum_up(connection, size):
        size *= FACTOR


def _sum_up(connection: Connection, size: int) -> bool:
    """Make stretches of a size from those of the size below; say whether there were any."""
    values = ", ".join(
        f"min({name}_low), max({name}_high), "
        f"sum({name}_mean * rows) / sum(rows * ({name}_mean IS NOT NULL))"
        for name in METRICS
    )
    made = connection.exec_driver_sql(
        f"{INSERT} SELECT s.job_id, {size}, stretch / {FACTOR}, max(step), max(epoch), "
        f"max(created_at), sum(rows), {values} FROM metric_stretches AS s JOIN "
        "(SELECT job_id, max(step) AS last FROM training_metrics GROUP BY job_id) AS run "
        "ON run.job_id = s.job_id "
        f"WHERE size = {size // FACTOR} AND stretch < last / {size} * {FACTOR} "
        f"GROUP BY s.job_id, stretch / {FACTOR}"
    )
    return bool(made.rowcount)
