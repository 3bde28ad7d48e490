"""What a job is before it exists (its draft) and as it is shown."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializationInfo,
    ValidationError,
    field_serializer,
)

from vapor_tui.domain.catalogue import (
    CUSTOM,
    Catalogue,
    Gpu,
    nearest,
    preset_hyperparameters,
    preset_of,
)
from vapor_tui.domain.estimate import Estimate, EstimateDocument, final_cost
from vapor_tui.domain.hyperparameters import Hyperparameters, field_messages
from vapor_tui.domain.lifecycle import Desired, Position, Stage, Status, last_epoch, stage_label
from vapor_tui.domain.results import Ok, Refused, Result
from vapor_tui.domain.settings import Number, Setting, Text, Whole
from vapor_tui.domain.sources import RunSettings, SourceState
from vapor_tui.domain.text import storable

DEFAULT_GPU = "A100-80GB"
DEFAULT_GPU_COUNT = 2

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)


class Engine(StrEnum):
    """What trains."""

    SIMULATOR = "simulator"
    HF = "hf"
    EXTERNAL = "external"
    """Somebody else's trainer, whose log is followed."""


class Placement(StrEnum):
    """Where it trains."""

    INLINE = "inline"
    LOCAL = "local"
    SLURM = "slurm"
    ATTACHED = "attached"


class GpuConfig(BaseModel):
    """The GPUs of a job, with the figures of the catalogue on the day it was created."""

    model_config = ConfigDict(frozen=True)

    type: str
    count: int
    price: float
    """USD per GPU-hour."""
    tokens_per_second: float
    """Of one GPU."""
    memory_gb: float
    needed_gb: float | None = None
    """What one GPU has to hold, as estimated; None for a model of unknown size."""

    @property
    def fits(self) -> bool:
        """Whether nothing says that the memory is too small."""
        return self.needed_gb is None or self.needed_gb <= self.memory_gb

    @classmethod
    def of(cls, gpu: Gpu, count: int, needed_gb: float | None = None) -> GpuConfig:
        return cls(
            type=gpu.type,
            count=count,
            price=gpu.price,
            tokens_per_second=gpu.tokens_per_second,
            memory_gb=gpu.memory_gb,
            needed_gb=needed_gb,
        )


class JobSettings(BaseModel):
    """What is set for a job beside its hyperparameters; each field is a `Setting` too."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Text(label="Name", help="Shown in the list", shortest=3, longest=100)]
    base_model: Annotated[
        str,
        Text(
            label="Model",
            help="One of the catalogue, a Hugging Face id (owner/name) or a local folder",
            missing="Please select a base model",
            longest=500,
        ),
    ]
    gpu_type: Annotated[str, Text(label="GPU", help="Type of GPU to rent")] = DEFAULT_GPU
    gpu_count: Annotated[
        int, Whole(label="GPU count", help="GPUs used together", low=1, high=8)
    ] = DEFAULT_GPU_COUNT
    budget: Annotated[
        float | None,
        Number(
            label="Budget",
            help="Most that the job may cost, in USD",
            low=0,
            above_low=True,
            optional=True,
        ),
    ] = None
    seed: Annotated[
        int | None,
        Whole(
            label="Seed",
            help="The same seed and configuration give the same run",
            low=0,
            high=2**32 - 1,
            optional=True,
            advanced=True,
        ),
    ] = None


def job_setting(name: str) -> Setting:
    """Return what describes a field of JobSettings; raises KeyError for an unknown name."""
    return next(m for m in JobSettings.model_fields[name].metadata if isinstance(m, Setting))


class JobDraft(BaseModel):
    """A configuration that is valid in itself; the dataset is checked when the job is made."""

    model_config = ConfigDict(frozen=True)

    settings: JobSettings
    hyperparameters: Hyperparameters
    preset_id: str
    preset_base: str | None
    gpu: Gpu


def draft_job(raw: Mapping[str, Any], catalogue: Catalogue) -> Result[JobDraft]:
    """Return the draft of a flat mapping of fields as typed or given, or what is wrong with it.

    `preset` names the preset whose values stand where none is given; the default preset when it
    is missing, the schema's defaults when it is "custom". Every other key is a field of
    JobSettings or Hyperparameters; None means "not given".
    """
    errors: dict[str, str] = {}
    given = {key: value for key, value in raw.items() if key != "preset" and value is not None}

    preset_id = str(raw.get("preset") or catalogue.default_preset.id)
    preset = catalogue.preset(preset_id)
    if preset is None and preset_id != CUSTOM:
        known = [*(p.id for p in catalogue.presets), CUSTOM]
        errors["preset"] = f'There is no preset "{preset_id}".{nearest(preset_id, known)}'

    own = {key: value for key, value in given.items() if key in JobSettings.model_fields}
    rest = {key: value for key, value in given.items() if key not in JobSettings.model_fields}
    settings = _validated(JobSettings, {"name": "", "base_model": "", **own}, errors)
    values = _validated(Hyperparameters, preset_hyperparameters(preset, rest), errors)

    gpu = None
    if "gpu_type" not in errors:
        gpu_type = settings.gpu_type if settings else str(own.get("gpu_type", DEFAULT_GPU))
        gpu = catalogue.gpu(gpu_type)
        if gpu is None:
            known = [g.type for g in catalogue.gpus]
            errors["gpu_type"] = (
                f'There is no GPU "{gpu_type}" in the catalogue.{nearest(gpu_type, known)}'
            )
    if settings and (problem := model_problem(settings.base_model, catalogue)):
        errors["base_model"] = problem

    if errors or settings is None or values is None or gpu is None:
        return Refused(_headline(errors), errors)
    return Ok(
        JobDraft(
            settings=settings.model_copy(
                update={
                    "name": storable(settings.name),
                    "base_model": storable(settings.base_model),
                    "gpu_type": gpu.type,
                }
            ),
            hyperparameters=values,
            preset_id=preset_of(values, preset),
            preset_base=preset.id if preset else None,
            gpu=gpu,
        )
    )


def model_problem(base_model: str, catalogue: Catalogue) -> str | None:
    """Return what is wrong with the name of a base model, or None."""
    if catalogue.model(base_model) or _HUB_ID.fullmatch(base_model):
        return None
    if names_folder(base_model):
        return None
    return (
        f'"{base_model}" is not in the catalogue, and neither a Hugging Face id (owner/name) '
        f"nor a folder.{nearest(base_model, (m.id for m in catalogue.models))}"
    )


def names_folder(base_model: str) -> bool:
    """Say whether a base model is given as a path rather than as a name."""
    return base_model.startswith(("/", "./", "../", "~"))


def proposed_name(model: str, dataset: str) -> str:
    """Return a name for a job, from its model and dataset."""
    short_model = re.split(r"[\\/]", model.rstrip("/\\"))[-1]
    name = f"{dataset}-{short_model}".lower()
    return re.sub(r"[\s_]+", "-", name)[:100]


def numbered(name: str) -> str:
    """Return the name of a copy: "chat" becomes "chat-2", "chat-2" becomes "chat-3"."""
    found = re.fullmatch(r"(.*)-(\d{1,4})", name, re.ASCII | re.DOTALL)
    stem, number = (found[1], int(found[2]) + 1) if found else (name, 2)
    ending = f"-{number}"
    return stem[: 100 - len(ending)] + ending


def unused_name(name: str, taken: Collection[str]) -> str:
    """Return a name that is not taken: this one, or the first free one of "chat-2", "chat-3"."""
    if name not in taken:
        return name
    endings = (f"-{number}" for number in itertools.count(2))
    return next(
        free for ending in endings if (free := name[: 100 - len(ending)] + ending) not in taken
    )


def _validated(kind: type[Any], values: Mapping[str, Any], errors: dict[str, str]) -> Any | None:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        errors.update(field_messages(error))
        return None


def _headline(errors: Mapping[str, str]) -> str:
    messages = list(errors.values())
    if len(messages) == 1:
        return messages[0]
    return f"{len(messages)} settings are not valid"


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


class Job(BaseModel):
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

    @property
    def is_simulated(self) -> bool:
        return self.engine is Engine.SIMULATOR

    @property
    def is_attached(self) -> bool:
        """Whether the job only follows a run that somebody else started."""
        return self.placement is Placement.ATTACHED

    @property
    def has_progress(self) -> bool:
        """Whether it is known how much of the run is done: a log may not say how long it is."""
        return self.total_steps > 0 or self.status is Status.COMPLETED

    @property
    def status_word(self) -> str:
        """What the status is called: to give up watching is not to cancel the run."""
        if self.is_attached and self.status is Status.CANCELLED:
            return "detached"
        return self.status.value

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

    def seconds_left(self, now: datetime | None = None) -> float | None:
        """Wall-clock seconds until the expected end; None when that is not known."""
        if self.estimated_completion_at is None or not self.status.is_active:
            return None
        return max(0.0, (self.estimated_completion_at - (now or datetime.now(UTC))).total_seconds())

    def elapsed(self, now: datetime | None = None) -> float | None:
        """Wall-clock seconds since the first start, until the end or now; None before it."""
        if self.started_at is None:
            return None
        return ((self.completed_at or now or datetime.now(UTC)) - self.started_at).total_seconds()

    def watched(self, now: datetime | None = None) -> float | None:
        """Wall-clock seconds since it is watched, of a run whose log does not say when it began.

        None for every other job, and for a run that had ended before.
        """
        if not self.is_attached or self.started_at is not None:
            return None
        until = self.completed_at or now or datetime.now(UTC)
        return (until - self.created_at).total_seconds() if until >= self.created_at else None


DEFAULT_LIMIT = 10
MAXIMUM_LIMIT = 1000


class Sort(StrEnum):
    """Orders of the list; the newest job comes first among equals, what has no value last."""

    NEWEST = "newest"
    OLDEST = "oldest"
    NAME = "name"
    STATUS = "status"
    MODEL = "model"
    PROGRESS = "progress"
    LOSS = "loss"
    LEFT = "left"
    COST = "cost"
    AGE = "age"
    DURATION = "duration"

    def falls(self, is_reversed: bool = False) -> bool:
        """Say whether the largest value comes first."""
        return (self in _LARGEST_FIRST) is not is_reversed


_LARGEST_FIRST = frozenset({Sort.NEWEST, Sort.PROGRESS, Sort.COST, Sort.DURATION})


def parse_sort(text: str) -> Result[tuple[Sort, bool]]:
    """Return the order that a word names and whether it is reversed, as in "-cost"."""
    name = text.removeprefix("-")
    if name not in list(Sort):
        sentence = f'There is no order "{name}"; there are {", ".join(Sort)}'
        return Refused(sentence, {"sort": sentence})
    return Ok((Sort(name), text != name))


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs to list, and which page of them."""

    status: Status | None = None
    search: str = ""
    tag: str | None = None
    """Only jobs with exactly this tag, in whatever case."""
    sort: Sort = Sort.NEWEST
    is_reversed: bool = False
    page: int = 1
    limit: int = DEFAULT_LIMIT
    around: int | None = None
    """A job whose page is wanted in place of `page`, where it is in the list at all."""


class JobPage(BaseModel):
    """One page of a list of jobs."""

    jobs: list[Job]
    page: int
    limit: int
    total: int

    @property
    def total_pages(self) -> int:
        return max(1, math.ceil(self.total / self.limit))
