"""Jobs can follow runs that somebody else started."""

from alembic import op

from vapor_tui.storage.migrations.rebuild import rebuild

revision = "0005"
down_revision = "0004"

TRAINING_JOBS = """(
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  owner VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  dataset_id INTEGER,
  base_model VARCHAR,
  model_parameters INTEGER,
  preset_id VARCHAR,
  preset_base VARCHAR,
  hyperparameters TEXT,
  gpu_config TEXT,
  estimate TEXT,
  engine VARCHAR NOT NULL,
  placement VARCHAR NOT NULL,
  mode VARCHAR,
  speed VARCHAR,
  injection VARCHAR,
  status VARCHAR NOT NULL,
  desired VARCHAR NOT NULL,
  current_stage VARCHAR NOT NULL,
  stage_seconds FLOAT NOT NULL,
  progress FLOAT NOT NULL,
  current_epoch INTEGER NOT NULL,
  total_epochs INTEGER NOT NULL,
  current_step INTEGER NOT NULL,
  total_steps INTEGER NOT NULL,
  current_metrics TEXT NOT NULL,
  queued_at DATETIME NOT NULL,
  started_at DATETIME,
  completed_at DATETIME,
  estimated_completion_at DATETIME,
  current_cost FLOAT NOT NULL,
  estimated_total_cost FLOAT,
  final_cost FLOAT,
  budget FLOAT,
  error_message VARCHAR,
  error_stack VARCHAR,
  retry_count INTEGER NOT NULL,
  barren_claims INTEGER NOT NULL,
  external_job_id VARCHAR,
  artifact_path VARCHAR,
  seed INTEGER NOT NULL,
  data_seed INTEGER NOT NULL,
  notes VARCHAR NOT NULL,
  tags TEXT NOT NULL,
  created_at DATETIME NOT NULL,
  updated_at DATETIME NOT NULL,
  lease_owner INTEGER,
  fence INTEGER NOT NULL,
  source VARCHAR,
  source_offset INTEGER NOT NULL,
  deleted_at DATETIME,
  error_repeats BOOLEAN DEFAULT 0 NOT NULL,
  source_state TEXT,
  run_settings TEXT,
  CONSTRAINT ck_training_jobs_status_known
    CHECK (status IN ('queued', 'initializing', 'running', 'paused', 'completed',
    'failed', 'cancelled')),
  CONSTRAINT ck_training_jobs_desired_known
    CHECK (desired IN ('run', 'pause', 'stop', 'stop_after_epoch', 'fail')),
  CONSTRAINT ck_training_jobs_current_stage_known
    CHECK (current_stage IN ('queued', 'initializing', 'training', 'validating',
    'saving', 'completed')),
  CONSTRAINT ck_training_jobs_engine_known CHECK (engine IN ('simulator', 'hf', 'external')),
  CONSTRAINT ck_training_jobs_placement_known
    CHECK (placement IN ('inline', 'local', 'slurm', 'attached')),
  CONSTRAINT ck_training_jobs_progress_percent CHECK (progress BETWEEN 0 AND 100),
  CONSTRAINT ck_training_jobs_current_step_counts CHECK (current_step >= 0),
  CONSTRAINT ck_training_jobs_current_step_within
    CHECK (total_steps = 0 OR current_step <= total_steps OR placement = 'attached'),
  CONSTRAINT ck_training_jobs_fence_counts CHECK (fence >= 0),
  CONSTRAINT ck_training_jobs_budget_positive CHECK (budget IS NULL OR budget > 0),
  CONSTRAINT ck_training_jobs_lease_while_held
    CHECK ((status IN ('initializing', 'running')) = (lease_owner IS NOT NULL)),
  CONSTRAINT ck_training_jobs_completed_at_when_ended
    CHECK ((status IN ('completed', 'failed', 'cancelled')) = (completed_at IS NOT NULL)),
  CONSTRAINT ck_training_jobs_deleted_when_ended
    CHECK (deleted_at IS NULL OR completed_at IS NOT NULL),
  CONSTRAINT fk_training_jobs_dataset_id_datasets
    FOREIGN KEY(dataset_id) REFERENCES datasets (id),
  CONSTRAINT fk_training_jobs_lease_owner_workers
    FOREIGN KEY(lease_owner) REFERENCES workers (id)
)"""


# It names the table that is built anew, and SQLite renames none that a trigger names in vain.
NO_DELETE = "job_events_no_delete"


def upgrade() -> None:
    connection = op.get_bind()
    trigger = connection.exec_driver_sql(
        "SELECT sql FROM sqlite_master WHERE name = ?", (NO_DELETE,)
    ).scalar_one()
    connection.exec_driver_sql(f"DROP TRIGGER {NO_DELETE}")
    rebuild(connection, "training_jobs", TRAINING_JOBS)
    connection.exec_driver_sql(trigger)
