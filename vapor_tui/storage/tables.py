"""The tables, as the newest migration leaves them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Text,
    text,
)
from sqlalchemy import Table as CoreTable
from sqlmodel import Field, SQLModel

from vapor_tui.domain.datasets import DatasetStatistics, DatasetStatus, LineError
from vapor_tui.domain.estimate import Estimate
from vapor_tui.domain.hyperparameters import Hyperparameters
from vapor_tui.domain.job_drafts import GpuConfig
from vapor_tui.domain.jobs import (
    CurrentMetrics,
    Engine,
    Placement,
)
from vapor_tui.domain.lifecycle import Desired, Stage, Status
from vapor_tui.domain.metrics import VALUE_COLUMNS
from vapor_tui.domain.notifications import Kind, Priority
from vapor_tui.domain.sources import RunSettings, SourceState
from vapor_tui.storage.columns import ValidatedJson

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Every constraint has a name: SQLite can change a table only by building it anew."""


class Table(SQLModel):
    """Base of the tables, with metadata of its own."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMING)


def _one_of(column: str, words: Any, name: str | None = None) -> CheckConstraint:
    listed = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=name or f"{column}_known")


class DatasetRow(Table, table=True):
    """A file to train on, as it was read last."""

    __tablename__ = "datasets"
    __table_args__: ClassVar[Any] = (
        _one_of("status", DatasetStatus),
        Index(None, "owner", "sha256"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    owner: str
    name: str
    description: str = ""
    format: str | None = None
    status: str = DatasetStatus.PENDING
    path: str
    file_name: str
    file_size: int
    sha256: str | None = None
    total_training_pairs: int = 0
    total_validation_pairs: int = 0
    total_tokens: int = 0
    avg_turns_per_conversation: float = 0.0
    avg_tokens_per_turn: float = 0.0
    training_ready: bool = False
    validated_at: datetime | None = None
    validation_errors: Any = Field(
        default_factory=list,
        sa_column=Column(ValidatedJson(list[LineError]), nullable=False),
    )
    sample_data: Any = Field(
        default_factory=list, sa_column=Column(ValidatedJson(list[Any]), nullable=False)
    )
    statistics: Any = Field(default=None, sa_column=Column(ValidatedJson(DatasetStatistics)))
    reason: str | None = None
    """Why it is invalid."""
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None


class JobRow(Table, table=True):
    """A training job: what was asked for, how it stands, and who drives it."""

    __tablename__ = "training_jobs"
    __table_args__: ClassVar[Any] = (
        _one_of("status", Status),
        _one_of("desired", Desired),
        _one_of("current_stage", Stage),
        _one_of("engine", Engine),
        _one_of("placement", Placement),
        CheckConstraint("progress BETWEEN 0 AND 100", name="progress_percent"),
        CheckConstraint("current_step >= 0", name="current_step_counts"),
        CheckConstraint(
            "total_steps = 0 OR current_step <= total_steps OR placement = 'attached'",
            name="current_step_within",
        ),
        CheckConstraint("fence >= 0", name="fence_counts"),
        CheckConstraint("budget IS NULL OR budget > 0", name="budget_positive"),
        CheckConstraint(
            "(status IN ('initializing', 'running')) = (lease_owner IS NOT NULL)",
            name="lease_while_held",
        ),
        CheckConstraint(
            "(status IN ('completed', 'failed', 'cancelled')) = (completed_at IS NOT NULL)",
            name="completed_at_when_ended",
        ),
        CheckConstraint(
            "deleted_at IS NULL OR completed_at IS NOT NULL", name="deleted_when_ended"
        ),
        Index(None, "owner", "deleted_at"),  # pages by number: equal entries are in its order
        Index(None, "owner", "status", "queued_at"),  # what waits, oldest first
        Index(None, "owner", "status", "engine", "deleted_at"),  # how many there are of each
        Index(None, "owner", "deleted_at", "completed_at"),  # what cost something lately
        # Who holds what; also asked whenever a worker's row is deleted.
        Index(None, "lease_owner", sqlite_where=text("lease_owner IS NOT NULL")),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    owner: str
    name: str
    dataset_id: int | None = Field(
        default=None, sa_column=Column(Integer, ForeignKey("datasets.id"), index=True)
    )
    base_model: str | None = None
    model_parameters: int | None = None
    preset_id: str | None = None
    preset_base: str | None = None
    hyperparameters: Any = Field(default=None, sa_column=Column(ValidatedJson(Hyperparameters)))
    gpu_config: Any = Field(default=None, sa_column=Column(ValidatedJson(GpuConfig)))
    estimate: Any = Field(default=None, sa_column=Column(ValidatedJson(Estimate)))
    engine: str = Engine.SIMULATOR
    placement: str = Placement.INLINE
    mode: str | None = None
    speed: str | None = None
    injection: str | None = None
    status: str = Status.QUEUED
    desired: str = Desired.RUN
    current_stage: str = Stage.QUEUED
    stage_seconds: float = 0.0
    progress: float = 0.0
    current_epoch: int = 0
    total_epochs: int = 0
    current_step: int = 0
    total_steps: int = 0
    current_metrics: Any = Field(
        default_factory=CurrentMetrics,
        sa_column=Column(ValidatedJson(CurrentMetrics), nullable=False),
    )
    queued_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None
    estimated_completion_at: datetime | None = None
    current_cost: float = 0.0
    estimated_total_cost: float | None = None
    final_cost: float | None = None
    budget: float | None = None
    error_message: str | None = None
    error_stack: str | None = None
    retry_count: int = 0
    barren_claims: int = 0
    """Claims after a crash since the position last moved."""
    external_job_id: str | None = None
    artifact_path: str | None = None
    seed: int
    data_seed: int
    notes: str = ""
    tags: Any = Field(
        default_factory=list, sa_column=Column(ValidatedJson(list[str]), nullable=False)
    )
    created_at: datetime
    updated_at: datetime
    lease_owner: int | None = Field(
        default=None, sa_column=Column(Integer, ForeignKey("workers.id"))
    )
    fence: int = 0
    source: str | None = None
    source_offset: int = 0
    source_state: Any = Field(default=None, sa_column=Column(ValidatedJson(SourceState)))
    run_settings: Any = Field(default=None, sa_column=Column(ValidatedJson(RunSettings)))
    deleted_at: datetime | None = None
    """Hidden since then; its rows are being removed in pieces."""
    error_repeats: bool = Field(
        default=False, sa_column=Column(Boolean, nullable=False, server_default=text("0"))
    )
    rewrites: int = Field(
        default=0, sa_column=Column(Integer, nullable=False, server_default=text("0"))
    )
    """How often rows of its metrics were changed or removed that later ones lay behind."""


class MetricRow(Table, table=True):
    """What was logged at one step of a job; one that is not finite is null."""

    __tablename__ = "training_metrics"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("step > 0", name="step_counts"),
        {"sqlite_with_rowid": False},
    )

    job_id: int = Field(
        sa_column=Column(
            Integer,
            ForeignKey("training_jobs.id", ondelete="CASCADE"),
            primary_key=True,
        )
    )
    step: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    epoch: float
    loss: float | None = None
    accuracy: float | None = None
    learning_rate: float | None = None
    grad_norm: float | None = None
    eval_loss: float | None = None
    tokens_per_second: float | None = None
    non_finite: str | None = None
    """JSON object of the columns that are not finite, as {"loss": "nan"}."""
    created_at: float
    """When it was logged, in seconds since the epoch, UTC; 0 where that is not known."""


class WorkerRow(Table, table=True):
    """A worker that is alive, or was when it was last heard of."""

    __tablename__ = "workers"
    __table_args__: ClassVar[Any] = ({"sqlite_autoincrement": True},)

    id: int | None = Field(default=None, primary_key=True)
    owner: str
    hostname: str
    boot_id: str
    pid: int
    process_start: str
    started_at: datetime
    heartbeat: int = 0
    version: str
    is_separate: bool = False
    """Whether it runs alone, not inside the app or a `run`."""


class EventRow(Table, table=True):
    """A change in the life of a job; rows are only added."""

    __tablename__ = "job_events"
    __table_args__: ClassVar[Any] = (Index(None, "job_id"), {"sqlite_autoincrement": True})

    id: int | None = Field(default=None, primary_key=True)
    job_id: int = Field(
        sa_column=Column(
            Integer, ForeignKey("training_jobs.id", ondelete="CASCADE"), nullable=False
        )
    )
    what: str
    from_: str | None = Field(default=None, sa_column=Column("from", Text))
    to: str | None = None
    who: str
    at: datetime
    fence: int
    note: str = ""


class NotificationRow(Table, table=True):
    """What a person was told, whether it has been read, and of which job."""

    __tablename__ = "notifications"
    __table_args__: ClassVar[Any] = (
        _one_of("type", Kind),
        _one_of("priority", Priority),
        Index(None, "owner", "read"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    owner: str
    type: str
    title: str
    message: str
    priority: str = Priority.NORMAL
    read: bool = False
    job_id: int | None = Field(
        default=None,
        sa_column=Column(Integer, ForeignKey("training_jobs.id", ondelete="CASCADE"), index=True),
    )
    metadata_: Any = Field(
        default_factory=dict,
        sa_column=Column("metadata", ValidatedJson(dict[str, Any]), nullable=False),
    )
    created_at: datetime


class DeliveryRow(Table, table=True):
    """How far a person's own program has been told."""

    __tablename__ = "event_deliveries"

    owner: str = Field(primary_key=True)
    notification_id: int
    """The newest notification that this person's own program was run for."""


class LogRow(Table, table=True):
    """A line that the runner of a job printed."""

    __tablename__ = "log_lines"
    __table_args__: ClassVar[Any] = ({"sqlite_with_rowid": False},)

    job_id: int = Field(
        sa_column=Column(
            Integer, ForeignKey("training_jobs.id", ondelete="CASCADE"), primary_key=True
        )
    )
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    """Counts from 1 within the job."""
    created_at: float
    """Seconds since the epoch, UTC."""
    text: str


STRETCHES = CoreTable(
    "metric_stretches",
    Table.metadata,
    Column("job_id", ForeignKey("training_jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("size", Integer, primary_key=True, autoincrement=False),
    Column("stretch", Integer, primary_key=True, autoincrement=False),
    Column("step", Integer, nullable=False),
    Column("epoch", Float, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("rows", Integer, nullable=False),
    *(
        Column(f"{name}_{what}", Float)
        for name in VALUE_COLUMNS
        for what in ("low", "high", "mean")
    ),
    Column("loss_lost", Integer, nullable=False, server_default=text("0")),
    sqlite_with_rowid=False,
)
"""Runs summed up. A row holds the steps behind stretch * size until (stretch + 1) * size.

`step` is the last of them that was logged, `rows` how many were; `loss_lost` is 1 where a loss
among them is not finite.
"""
