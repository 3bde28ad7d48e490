"""What a job is before it exists: what a person enters, checked and completed."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    ValidationError,
)

from vapor_tui.domain.catalogue import (
    CUSTOM,
    Catalogue,
    Gpu,
    nearest,
    preset_hyperparameters,
    preset_of,
)
from vapor_tui.domain.hyperparameters import Hyperparameters, field_messages
from vapor_tui.domain.results import Ok, Refused, Result
from vapor_tui.domain.settings import Number, Setting, Text, Whole
from vapor_tui.domain.text import storable

DEFAULT_GPU = "A100-80GB"
SHORTEST_NAME, LONGEST_NAME = 3, 100
"""Characters of a job's name."""
DEFAULT_GPU_COUNT = 2

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)


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
        """Return so many GPUs of a catalogue's; `needed_gb` is what each has to hold, in GB."""
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

    name: Annotated[
        str,
        Text(
            label="Name",
            help="Shown in the list",
            shortest=SHORTEST_NAME,
            longest=LONGEST_NAME,
        ),
    ]
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
    return re.sub(r"[\s_]+", "-", name)[:LONGEST_NAME]


def copy_name(name: str, taken: Collection[str] = ()) -> str:
    """Return a name for a copy that is not taken: "chat" becomes "chat-2", that "chat-3"."""
    found = re.fullmatch(r"(.*)-(\d{1,4})", name, re.ASCII | re.DOTALL)
    stem, number = (found[1], int(found[2]) + 1) if found else (name, 2)
    return _first_free(stem, number, taken)


def unused_name(name: str, taken: Collection[str]) -> str:
    """Return a name that is not taken: this one, or the first free one of "chat-2", "chat-3"."""
    return _first_free(name, 2, taken) if name in taken else name


def _first_free(stem: str, number: int, taken: Collection[str]) -> str:
    endings = (f"-{following}" for following in itertools.count(number))
    names = (stem[: LONGEST_NAME - len(ending)] + ending for ending in endings)
    return next(name for name in names if name not in taken)


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
