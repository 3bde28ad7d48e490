"""What lists show of a job and keys ask of it, apart from the whole job.

Needs no pydantic: to import that takes half as long as the first frame of the app.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol

from vapor_tui.domain.formats import loss_text
from vapor_tui.domain.lifecycle import Desired, Status

if TYPE_CHECKING:
    from vapor_tui.domain.jobs import Job


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


class LatestMetrics(Protocol):
    """What lists show of the latest values of a run."""

    @property
    def loss(self) -> float | None:
        """The training loss; None where it was not measured or is not finite."""

    @property
    def non_finite(self) -> Mapping[str, str]:
        """Which values are "nan", "inf" or "-inf", by name."""


def metric_text(metrics: LatestMetrics, name: str) -> str:
    """Return a metric as it is shown: "2.410", "NaN" or "inf" where it is not finite, "-"."""
    mark = metrics.non_finite.get(name)
    return loss_text(getattr(metrics, name)) if mark is None else {"nan": "NaN"}.get(mark, mark)


class GpuChoice(Protocol):
    """What lists show of the GPUs of a job."""

    @property
    def type(self) -> str:
        """Name in the catalogue."""

    @property
    def count(self) -> int:
        """How many of them."""


class JobFacts:
    """A job as lists show it. Subclasses have the attributes, under the names of their columns."""

    if TYPE_CHECKING:
        id: int
        name: str
        tags: list[str]
        notes: str
        status: Status
        desired: Desired
        engine: Engine
        placement: Placement
        injection: str | None
        base_model: str | None
        dataset_name: str | None
        preset_id: str | None
        hyperparameters: object
        gpu_config: GpuChoice | None
        current_metrics: LatestMetrics
        current_step: int
        total_steps: int
        progress: float
        started_at: datetime | None
        completed_at: datetime | None
        estimated_completion_at: datetime | None
        created_at: datetime
        current_cost: float
        final_cost: float | None
        budget: float | None
        error_repeats: bool

    @property
    def is_simulated(self) -> bool:
        """Whether nothing is really trained."""
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

    def whole(self) -> Job:
        """Return the whole job."""
        raise NotImplementedError


class ListedJob(JobFacts):
    """A job of a list that was read by the driver alone."""

    def __init__(self, columns: Mapping[str, Any]) -> None:
        """`columns` is a row as the driver returns it, joined with what is shown of the dataset.

        Raises ValueError for what cannot be read or shown.
        """
        try:
            self._values = {name: _decoded(name, value) for name, value in columns.items()}
            self.__dict__.update(self._values)
            self.status = Status(self.status)
            self.desired = Desired(self.desired)
            self.engine = Engine(self.engine)
            self.placement = Placement(self.placement)
            self.error_repeats = bool(self.error_repeats)
            self.current_metrics = SimpleNamespace(
                **{**_UNMEASURED, **self._values["current_metrics"]}
            )
            if self.gpu_config is not None:
                self.gpu_config = SimpleNamespace(**self._values["gpu_config"])
            self._check()
        except (TypeError, KeyError, AttributeError, RecursionError) as error:
            raise ValueError(f"a job's row cannot be read: {error}") from error

    def _check(self) -> None:
        for kind, names in _KINDS:
            for name in names:
                if not isinstance(value := getattr(self, name), kind):
                    raise TypeError(f"{name} is {value!r}")
        metrics, gpus = self.current_metrics, self.gpu_config
        parts: list[tuple[object, Any]] = [
            (metrics.loss, _NUMBER | None),
            (metrics.non_finite, dict),
            *((tag, str) for tag in self.tags),
            *(((gpus.type, str), (gpus.count, int)) if gpus is not None else ()),
        ]
        for value, kind in parts:
            if not isinstance(value, kind):
                raise TypeError(f"{value!r} is of another type than it should be")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ListedJob) and self._values == other._values

    __hash__ = None  # type: ignore[assignment]

    def whole(self) -> Job:
        """Return the whole job, validated. Raises pydantic's ValidationError, a ValueError."""
        from vapor_tui.domain.jobs import Job

        rest = {name: json.loads(self._values[name] or "null") for name in _REST}
        return Job.model_validate(self._values | rest)


_NUMBER = int | float
_KINDS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (int, ("id", "current_step", "total_steps")),
    (str, ("name", "notes")),
    (str | None, ("injection", "base_model", "dataset_name", "preset_id")),
    (list, ("tags",)),
    (_NUMBER, ("progress", "current_cost")),
    (_NUMBER | None, ("final_cost", "budget")),
    (datetime, ("created_at",)),
    (datetime | None, ("started_at", "completed_at", "estimated_completion_at")),
)
"""Of which type the values are that are shown; the driver hands over whatever a column holds."""
_UNMEASURED: Mapping[str, Any] = {"loss": None, "non_finite": {}}
_DOCUMENTS = ("hyperparameters", "gpu_config", "estimate", "current_metrics", "tags")
"""Columns that hold JSON."""
_REST = ("source_state", "run_settings")
"""Those that may be large, and which no list shows."""


def _decoded(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _DOCUMENTS:
        return json.loads(value)
    if name.endswith("_at"):
        return datetime.fromisoformat(value).replace(tzinfo=UTC)  # moments are kept in UTC
    return value
