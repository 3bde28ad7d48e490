"""The schema of a fine-tune: fields, defaults, bounds, units and help lines, in this one place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from vapor_tui.domain.settings import Choice, Number, PowerOfTwo, Setting, Switch, Text, Whole

ALPHA_PER_RANK = 2
"""LoRA alpha follows the rank at this factor until it is set by hand."""

_ONE_TWO_FIVE = tuple(m * 10.0**e for e in range(-6, 1) for m in (1, 2, 5) if m * 10.0**e <= 1)


class Hyperparameters(BaseModel):
    """What a trainer is told; every field is a `Setting` that validates and describes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    learning_rate: Annotated[
        float,
        Number(
            label="Learning rate",
            help="Step size. 1e-5 to 2e-4 is usual for LoRA; "
            "lower is steadier, higher is faster and riskier",
            low=1e-6,
            high=1,
            usual=(1e-5, 1e-3),
            steps=_ONE_TWO_FIVE,
        ),
    ] = 2e-4
    batch_size: Annotated[
        int,
        PowerOfTwo(
            label="Batch size",
            help="Larger batches train faster and need more memory. Global, per step",
            low=1,
            high=128,
            usual=(None, 64),
        ),
    ] = 16
    epochs: Annotated[
        int,
        Whole(
            label="Epochs",
            help="More epochs learn more, with diminishing returns",
            low=1,
            high=100,
            usual=(None, 20),
            too_low="At least 1 epoch required",
            too_high="Maximum 100 epochs",
        ),
    ] = 3
    lora_rank: Annotated[
        int,
        Whole(
            label="LoRA rank",
            help="Higher rank: a more expressive, larger adapter",
            low=4,
            high=128,
            usual=(None, 64),
            steps=(4, 8, 16, 32, 64, 128),
        ),
    ] = 16
    lora_alpha: Annotated[
        int,
        Whole(
            label="LoRA alpha",
            help="Weight of the adapter, divided by the rank; follows at 2 × rank until edited",
            low=1,
            high=512,
            steps=(1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
        ),
    ] = 32
    lora_dropout: Annotated[
        float,
        Number(
            label="LoRA dropout",
            help="Share of adapter inputs dropped while training; more helps on small datasets",
            low=0,
            high=0.5,
            steps=(0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5),
        ),
    ] = 0.05
    max_sequence_length: Annotated[
        int,
        Whole(
            label="Sequence length",
            help="Longest record in tokens; longer ones are cut. Memory grows with it",
            low=128,
            high=131072,
            steps=tuple(2.0**n for n in range(7, 18)),
        ),
    ] = 2048
    quantization: Annotated[
        str,
        Choice(
            label="Quantization",
            help="4-bit base weights: far less memory, somewhat slower",
            choices=("none", "4-bit"),
        ),
    ] = "none"
    warmup_ratio: Annotated[
        float,
        Number(
            label="Warm-up ratio",
            help="Share of the steps in which the learning rate rises from zero",
            low=0,
            high=0.5,
            steps=(0, 0.01, 0.03, 0.05, 0.1, 0.2),
            advanced=True,
        ),
    ] = 0.03
    weight_decay: Annotated[
        float,
        Number(
            label="Weight decay",
            help="Pull of the weights towards zero at each step",
            low=0,
            high=1,
            steps=(0, 0.001, 0.01, 0.05, 0.1),
            advanced=True,
        ),
    ] = 0.0
    max_grad_norm: Annotated[
        float,
        Number(
            label="Maximum gradient norm",
            help="Larger gradients are scaled down to this norm",
            low=0,
            high=100,
            above_low=True,
            steps=(0.1, 0.3, 0.5, 1, 2, 5),
            advanced=True,
        ),
    ] = 1.0
    lr_scheduler_type: Annotated[
        str,
        Choice(
            label="Schedule",
            help="How the learning rate falls after warm-up",
            choices=("constant", "linear", "cosine"),
            advanced=True,
        ),
    ] = "cosine"
    gradient_accumulation_steps: Annotated[
        int,
        Whole(
            label="Gradient accumulation",
            help="Forward passes per optimizer step: a larger batch in the same memory",
            low=1,
            high=1024,
            steps=(1, 2, 4, 8, 16, 32, 64),
            advanced=True,
        ),
    ] = 1
    logging_steps: Annotated[
        int,
        Whole(
            label="Logging steps",
            help="Steps per logged point; a point is the mean over them",
            low=1,
            high=10000,
            steps=(1, 5, 10, 20, 50, 100),
            advanced=True,
        ),
    ] = 1
    validation_split: Annotated[
        float,
        Number(
            label="Validation split",
            help="Share of the pairs held back for evaluation when no validation file is given",
            low=0,
            high=0.5,
            steps=(0, 0.01, 0.05, 0.1, 0.2),
            advanced=True,
        ),
    ] = 0.05
    target_modules: Annotated[
        str,
        Text(
            label="Target modules",
            help='Layers that get an adapter: "all-linear", or names separated by commas',
            pattern=r"[\w.-]+(\s*,\s*[\w.-]+)*",
            advanced=True,
        ),
    ] = "all-linear"
    gradient_checkpointing: Annotated[
        bool,
        Switch(
            label="Gradient checkpointing",
            help="Recomputes activations instead of keeping them: less memory, slower",
            advanced=True,
        ),
    ] = True
    packing: Annotated[
        bool,
        Switch(
            label="Packing",
            help="Joins short records into full sequences: faster on short data",
            advanced=True,
        ),
    ] = False
    optim: Annotated[
        str,
        Choice(
            label="Optimizer",
            help="adamw_8bit keeps its state in a quarter of the memory",
            choices=("adamw_torch", "adamw_8bit"),
            advanced=True,
        ),
    ] = "adamw_torch"

    @model_validator(mode="before")
    @classmethod
    def _alpha_follows_rank(cls, values: Any) -> Any:
        """Fill an alpha that was not given from a rank that was and is valid."""
        if not isinstance(values, Mapping) or values.get("lora_alpha") is not None:
            return values
        try:
            rank = setting("lora_rank").parse(values["lora_rank"])
        except (KeyError, ValueError):
            return values
        return {**values, "lora_alpha": rank * ALPHA_PER_RANK}


def settings() -> Iterator[tuple[str, Setting]]:
    """Yield each hyperparameter's name with what describes it, in the order of the form."""
    for name, field in Hyperparameters.model_fields.items():
        yield name, next(m for m in field.metadata if isinstance(m, Setting))


_SETTINGS: dict[str, Setting] = dict(settings())


def setting(name: str) -> Setting:
    """Return what describes a hyperparameter; raises KeyError for an unknown name."""
    return _SETTINGS[name]


def field_messages(error: ValidationError) -> dict[str, str]:
    """Return pydantic's findings as one sentence per field."""
    messages: dict[str, str] = {}
    for finding in error.errors(include_url=False, include_input=False):
        field = str(finding["loc"][-1]) if finding["loc"] else ""
        text = finding["msg"] if finding["type"] == "setting" else _plain(field, finding["type"])
        messages.setdefault(field, text)
    return messages


def _plain(field: str, kind: str) -> str:
    return (
        f'There is no setting "{field}"' if kind == "extra_forbidden" else f"{field} is not valid"
    )
