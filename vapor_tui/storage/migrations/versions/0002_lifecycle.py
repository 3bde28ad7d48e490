"""Jobs can be marked deleted; the database itself keeps the life cycle."""

from alembic import op

from vapor_tui.storage.migrations.rebuild import rebuild

revision = "0002"
down_revision = "0001"

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
  CONSTRAINT ck_training_jobs_deleted_when_ended
    CHECK (deleted_at IS NULL OR completed_at IS NOT NULL),
  CONSTRAINT fk_training_jobs_dataset_id_datasets
    FOREIGN KEY(dataset_id) REFERENCES datasets (id),
  CONSTRAINT fk_training_jobs_lease_owner_workers
    FOREIGN KEY(lease_owner) REFERENCES workers (id)
)"""

TRIGGERS = (
    """
CREATE TRIGGER training_jobs_begin_queued BEFORE INSERT ON training_jobs
WHEN NEW.status <> 'queued' AND NEW.placement <> 'attached'
BEGIN
  SELECT RAISE(ABORT, 'a job begins queued');
END
""",
    """
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
    AND NEW.status IN ('queued')))
BEGIN
  SELECT RAISE(ABORT, 'a job of this status cannot become that');
END
""",
    """
CREATE TRIGGER training_jobs_fence_never_falls BEFORE UPDATE OF fence ON training_jobs
WHEN NEW.fence < OLD.fence
BEGIN
  SELECT RAISE(ABORT, 'a fence never falls');
END
""",
    """
CREATE TRIGGER training_jobs_claim_raises_fence BEFORE UPDATE OF lease_owner ON training_jobs
WHEN NEW.lease_owner IS NOT NULL AND NEW.lease_owner IS NOT OLD.lease_owner
  AND NEW.fence <= OLD.fence
BEGIN
  SELECT RAISE(ABORT, 'a claim raises the fence');
END
""",
    """
CREATE TRIGGER training_jobs_step_never_falls BEFORE UPDATE OF current_step ON training_jobs
WHEN NEW.current_step < OLD.current_step AND NEW.placement <> 'attached'
BEGIN
  SELECT RAISE(ABORT, 'a stored step is never taken back');
END
""",
    """
CREATE TRIGGER job_events_no_update BEFORE UPDATE ON job_events
WHEN 1
BEGIN
  SELECT RAISE(ABORT, 'job_events is append-only');
END
""",
    """
CREATE TRIGGER job_events_no_delete BEFORE DELETE ON job_events
WHEN EXISTS (SELECT 1 FROM training_jobs WHERE id = OLD.job_id AND deleted_at IS NULL)
BEGIN
  SELECT RAISE(ABORT, 'job_events is append-only');
END
""",
)


def upgrade() -> None:
    connection = op.get_bind()
    connection.exec_driver_sql("DROP TRIGGER job_events_no_update")
    rebuild(connection, "training_jobs", TRAINING_JOBS)
    for statement in TRIGGERS:
        connection.exec_driver_sql(statement)
