"""The first schema."""

from alembic import op

revision = "0001"
down_revision = None

# Spelled out, not taken from the tables of the program: those move on.
STATEMENTS = (
    """
CREATE TABLE datasets (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  owner VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  description VARCHAR NOT NULL,
  format VARCHAR,
  status VARCHAR NOT NULL,
  path VARCHAR NOT NULL,
  file_name VARCHAR NOT NULL,
  file_size INTEGER NOT NULL,
  sha256 VARCHAR,
  total_training_pairs INTEGER NOT NULL,
  total_validation_pairs INTEGER NOT NULL,
  total_tokens INTEGER NOT NULL,
  avg_turns_per_conversation FLOAT NOT NULL,
  avg_tokens_per_turn FLOAT NOT NULL,
  training_ready BOOLEAN NOT NULL,
  validated_at DATETIME,
  validation_errors TEXT NOT NULL,
  sample_data TEXT NOT NULL,
  statistics TEXT,
  reason VARCHAR,
  created_at DATETIME NOT NULL,
  updated_at DATETIME NOT NULL,
  deleted_at DATETIME,
  CONSTRAINT ck_datasets_status_known
    CHECK (status IN ('pending', 'validating', 'ready', 'invalid'))
)
""",
    """
CREATE INDEX ix_datasets_owner_sha256 ON datasets (owner, sha256)
""",
    """
CREATE TABLE workers (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  owner VARCHAR NOT NULL,
  hostname VARCHAR NOT NULL,
  boot_id VARCHAR NOT NULL,
  pid INTEGER NOT NULL,
  process_start VARCHAR NOT NULL,
  started_at DATETIME NOT NULL,
  heartbeat INTEGER NOT NULL,
  version VARCHAR NOT NULL,
  is_separate BOOLEAN NOT NULL
)
""",
    """
CREATE TABLE training_jobs (
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
  CONSTRAINT ck_training_jobs_status_known
    CHECK (status IN ('queued', 'initializing', 'running', 'paused', 'completed',
    'failed', 'cancelled')),
  CONSTRAINT ck_training_jobs_desired_known
    CHECK (desired IN ('run', 'pause', 'stop', 'stop_after_epoch', 'fail')),
  CONSTRAINT ck_training_jobs_current_stage_known
    CHECK (current_stage IN ('queued', 'initializing', 'training', 'validating',
    'saving', 'completed')),
  CONSTRAINT ck_training_jobs_engine_known CHECK (engine IN ('simulator', 'hf')),
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
  CONSTRAINT fk_training_jobs_dataset_id_datasets
    FOREIGN KEY(dataset_id) REFERENCES datasets (id),
  CONSTRAINT fk_training_jobs_lease_owner_workers
    FOREIGN KEY(lease_owner) REFERENCES workers (id)
)
""",
    """
CREATE INDEX ix_training_jobs_dataset_id ON training_jobs (dataset_id)
""",
    """
CREATE INDEX ix_training_jobs_owner_status ON training_jobs (owner, status)
""",
    """
CREATE INDEX ix_training_jobs_owner_queued_at ON training_jobs (owner, queued_at)
""",
    """
CREATE TABLE training_metrics (
  job_id INTEGER NOT NULL,
  step INTEGER NOT NULL,
  epoch FLOAT NOT NULL,
  loss FLOAT,
  accuracy FLOAT,
  learning_rate FLOAT,
  grad_norm FLOAT,
  eval_loss FLOAT,
  tokens_per_second FLOAT,
  non_finite VARCHAR,
  created_at FLOAT NOT NULL,
  CONSTRAINT pk_training_metrics PRIMARY KEY (job_id, step),
  CONSTRAINT ck_training_metrics_step_counts CHECK (step > 0),
  CONSTRAINT fk_training_metrics_job_id_training_jobs
    FOREIGN KEY(job_id) REFERENCES training_jobs (id) ON DELETE CASCADE
)
WITHOUT ROWID
""",
    """
CREATE TABLE job_events (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  job_id INTEGER NOT NULL,
  what VARCHAR NOT NULL,
  "from" TEXT,
  "to" VARCHAR,
  who VARCHAR NOT NULL,
  at DATETIME NOT NULL,
  fence INTEGER NOT NULL,
  note VARCHAR NOT NULL,
  CONSTRAINT fk_job_events_job_id_training_jobs
    FOREIGN KEY(job_id) REFERENCES training_jobs (id) ON DELETE CASCADE
)
""",
    """
CREATE INDEX ix_job_events_job_id ON job_events (job_id)
""",
    """
CREATE TABLE notifications (
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
    'stalled')),
  CONSTRAINT ck_notifications_priority_known CHECK (priority IN ('low', 'normal', 'high')),
  CONSTRAINT fk_notifications_job_id_training_jobs
    FOREIGN KEY(job_id) REFERENCES training_jobs (id) ON DELETE CASCADE
)
""",
    """
CREATE INDEX ix_notifications_owner_read ON notifications (owner, read)
""",
    """
CREATE INDEX ix_notifications_job_id ON notifications (job_id)
""",
    """
CREATE TABLE log_lines (
  job_id INTEGER NOT NULL,
  number INTEGER NOT NULL,
  created_at FLOAT NOT NULL,
  text VARCHAR NOT NULL,
  CONSTRAINT pk_log_lines PRIMARY KEY (job_id, number),
  CONSTRAINT fk_log_lines_job_id_training_jobs
    FOREIGN KEY(job_id) REFERENCES training_jobs (id) ON DELETE CASCADE
)
WITHOUT ROWID
""",
    """
CREATE TRIGGER datasets_touch AFTER UPDATE ON datasets
WHEN NEW.updated_at IS OLD.updated_at
BEGIN
  UPDATE datasets SET updated_at = strftime('%Y-%m-%d %H:%M:%f', 'now') || '000' WHERE id = NEW.id;
END
""",
    """
CREATE TRIGGER training_jobs_touch AFTER UPDATE ON training_jobs
WHEN NEW.updated_at IS OLD.updated_at
BEGIN
  UPDATE training_jobs SET updated_at = strftime('%Y-%m-%d %H:%M:%f', 'now') || '000'
  WHERE id = NEW.id;
END
""",
    """
CREATE TRIGGER job_events_no_update BEFORE UPDATE ON job_events
BEGIN
  SELECT RAISE(ABORT, 'job_events is append-only');
END
""",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.get_bind().exec_driver_sql(statement)
