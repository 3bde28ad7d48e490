"""A job as it is stored and shown."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializationInfo,
    field_serializer,
)

from vapor_tui.domain.estimate import Estimate, EstimateDocument, final_cost
from vapor_tui.domain.hyperparameters import Hyperparameters
from vapor_tui.domain.job_drafts import GpuConfig
from vapor_tui.domain.job_facts import Engine, JobFacts, Placement, metric_text
from vapor_tui.domain.lifecycle import Desired, Position, Stage, Status, last_epoch, stage_label
from vapor_tui.domain.sources import RunSettings, SourceState

__all__ = ["CurrentMetrics", "Engine", "Job", "Placement"]


class CurrentMetrics(BaseModel):
    """The latest values of a run; None where nothing was measured or it is not finite."""

    model_config = ConfigDict(frozen=True)

    step: int = 0
    epoch: float = 0.0
    loss: float | None = None
    accuracy: float | None = None
    learning_rate: float | None = None
    grad_norm: float | None = None
    eval_loss: float | None = None
    tokens_per_second: float | None = None
    non_finite: dict[str, str] = Field(default_factory=dict)
    """Which of these are "nan", "inf" or "-inf"."""

    def shown(self, name: str) -> str:
        """Return a metric as `metric_text` does."""
        return metric_text(self, name)


class Job(BaseModel, JobFacts):
    """A job as it is stored, joined with its dataset; a snapshot that nothing changes."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    id: int
    owner: str
    name: str
    dataset_id: int | None
    dataset_name: str | None = None
    dataset_format: str | None = None
    dataset_pairs: int | None = None
    base_model: str | None
    model_parameters: int | None
    preset_id: str | None
    preset_base: str | None
    hyperparameters: Hyperparameters | None
    gpu_config: GpuConfig | None
    estimate: Estimate | None
    engine: Engine
    placement: Placement
    mode: str | None
    speed: str | None
    injection: str | None
    status: Status
    desired: Desired
    current_stage: Stage
    stage_seconds: float
    progress: float
    current_epoch: int
    total_epochs: int
    current_step: int
    total_steps: int
    current_metrics: CurrentMetrics
    queued_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    estimated_completion_at: datetime | None
    current_cost: float
    estimated_total_cost: float | None
    final_cost: float | None
    budget: float | None
    error_message: str | None
    error_stack: str | None
    error_repeats: bool
    """Whether the same configuration would fail in the same way again."""
    retry_count: int
    barren_claims: int
    external_job_id: str | None
    artifact_path: str | None
    seed: int
    data_seed: int
    notes: str
    tags: list[str]
    created_at: datetime
    updated_at: datetime
    lease_owner: int | None
    fence: int
    source: str | None
    """The file or folder that is followed, of an attached job."""
    source_offset: int
    source_state: SourceState | None = Field(default=None, exclude=True)
    """How far the source has been read; of no use to anybody else."""
    run_settings: RunSettings | None = None
    """What was found beside the source of an attached job."""
    unreadable: tuple[str, ...] = Field(default=(), exclude=True)
    """Fields that could not be read from the database: what stands there is made up."""

    @field_serializer(
        "current_cost", "estimated_total_cost", "final_cost", "budget", when_used="json-unless-none"
    )
    def _cents(self, value: float, _info: SerializationInfo) -> float:
        return round(value, 2)

    @field_serializer("estimate", when_used="json-unless-none")
    def _document(self, value: Estimate) -> EstimateDocument:
        return value.document()

    def final_cost_of(self, compute: float) -> float | None:
        """Return what the job costs in the end, in USD; None where no price is known."""
        return None if self.estimate is None else final_cost(compute)

    @property
    def position(self) -> Position:
        """The durable position: what a runner goes on from."""
        return Position(
            stage=self.current_stage,
            epoch=self.current_epoch,
            seconds=self.stage_seconds,
            step=self.current_step,
        )

    @property
    def last_epoch(self) -> int | None:
        """The epoch after which the job stops, as a person wishes; None: after all of them."""
        return last_epoch(self.desired, self.position)

    @property
    def ends_at_step(self) -> int:
        """The step after which the job ends; 0 where its length is not known."""
        if self.last_epoch is None or self.estimate is None:
            return self.total_steps
        return self.estimate.epoch_end(self.last_epoch)

    @property
    def stage_label(self) -> str:
        """What the job is at, as "training, epoch 2 of 3"; its status where no worker drives it."""
        if self.is_attached and self.status is Status.CANCELLED:
            return self.status_word
        return stage_label(self.status, self.current_stage, self.current_epoch, self.total_epochs)

    @property
    def epoch_progress(self) -> float:
        """Percent of the present epoch's steps that are done."""
        if self.is_attached:
            done = self.current_metrics.epoch - (self.current_epoch - 1)
            return 100.0 * min(max(done, 0.0), 1.0) if self.current_epoch else 0.0
        if not self.total_epochs or not self.total_steps or not self.current_epoch:
            return 0.0
        per_epoch = self.total_steps / self.total_epochs
        done = self.current_step - (self.current_epoch - 1) * per_epoch
        return 100.0 * min(max(done / per_epoch, 0.0), 1.0)

    @property
    def measured_rate(self) -> float | None:
        """Tokens per second and GPU while training, of a job that is completed; None before."""
        if self.status is not Status.COMPLETED or self.estimate is None or self.gpu_config is None:
            return None
        billed = self.current_cost / self.estimate.hourly_rate * 3600
        training = billed - self.estimate.overhead_seconds
        tokens = self.estimate.training_seconds * self.estimate.tokens_per_second
        return tokens / training / self.gpu_config.count if training > 0 else None

    @property
    def estimate_error(self) -> float | None:
        """By how much the job cost more than estimated, as a share; None before its end."""
        if self.status is not Status.COMPLETED or not self.estimated_total_cost:
            return None
        return None if self.final_cost is None else self.final_cost / self.estimated_total_cost - 1

    def whole(self) -> Job:
        """Return this job."""
        return self

    def watched(self, now: datetime | None = None) -> float | None:
        """Wall-clock seconds since it is watched, of a run whose log does not say when it began.

        None for every other job, and for a run that had ended before.
        """
        if not self.is_attached or self.started_at is not None:
            return None
        until = self.completed_at or now or datetime.now(UTC)
        return (until - self.created_at).total_seconds() if until >= self.created_at else None
