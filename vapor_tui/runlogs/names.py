"""Under which names trainers log their metrics, and what counts as a number."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from vapor_tui.domain.run_events import LARGEST_STEP

STEP, EPOCH, TOTAL_STEPS, TIME = "step", "epoch", "total_steps", "time"
LOSSES = ("loss", "eval_loss")

_ALIASES: dict[str, tuple[str, ...]] = {
    STEP: (
        "steps",
        "global_step",
        "train/global_step",
        "trainer/global_step",
        "current_steps",
        "train_step",
        "iter",
        "iters",
        "iteration",
        "iterations",
        "_step",
    ),
    EPOCH: ("epochs", "train/epoch"),
    TOTAL_STEPS: ("max_steps",),
    TIME: ("timestamp", "_timestamp", "wall_time"),
    "loss": (
        "train_loss",
        "train/loss",
        "training_loss",
        "training/loss",
        "loss/train",
        "train_loss_step",
    ),
    "eval_loss": (
        "eval/loss",
        "val_loss",
        "val/loss",
        "valid_loss",
        "valid/loss",
        "validation_loss",
        "validation/loss",
        "loss/eval",
        "loss/val",
        "loss/validation",
    ),
    "learning_rate": ("lr", "train/learning_rate", "train/lr"),
    "grad_norm": ("train/grad_norm", "gradient_norm", "gnorm"),
    "accuracy": (
        "acc",
        "train_accuracy",
        "train/accuracy",
        "train_acc",
        "train/acc",
        "mean_token_accuracy",
        "train/mean_token_accuracy",
    ),
    "tokens_per_second": (
        "tokens_per_sec",
        "tokens/s",
        "tok/s",
        "train/tokens_per_second",
        "throughput",
    ),
}
_ROLES = {name: role for role, names in _ALIASES.items() for name in (role, *names)}

_LONGEST_NUMBER = 64
_MOST_CACHED, _LONGEST_CACHED = 64, 2_000
_EARLIEST, _LATEST = 1e9, 1e10
"""What is a moment in seconds since the epoch lies between these (2001 to 2286)."""


def role_of(name: str) -> str | None:
    """Return what a column or key of that name holds; None for one that is not ours."""
    return _ROLES.get(name.strip().strip("\"'").lower().replace(" ", "_"))


def roles_of(names: Iterable[str]) -> Sequence[str | None]:
    """Return what each of these columns holds; of several for one thing the plainest is taken."""
    columns = tuple(names)
    # The records of a log have the same keys; those of a hostile one are not to fill the memory.
    is_usual = len(columns) <= _MOST_CACHED and sum(map(len, columns)) <= _LONGEST_CACHED
    return _roles_cached(columns) if is_usual else _roles(columns)


def _roles(names: tuple[str, ...]) -> Sequence[str | None]:
    roles = [role_of(name) for name in names]
    chosen: dict[str, int] = {}
    for place, (name, role) in enumerate(zip(names, roles, strict=True)):
        if role is not None and (role not in chosen or name.strip().lower() == role):
            chosen[role] = place
    return [role if role and chosen[role] == place else None for place, role in enumerate(roles)]


_roles_cached = lru_cache(maxsize=256)(_roles)


def has_points(roles: Iterable[str | None]) -> bool:
    """Say whether columns of these meanings make the log of a run: a step and a loss."""
    held = set(roles)
    return STEP in held and any(name in held for name in LOSSES)


def by_role(record: Mapping[str, object]) -> dict[str, object]:
    """Return the values of a record by what they mean, without those that mean nothing to us."""
    values = list(record.values())
    return {role: values[place] for place, role in enumerate(roles_of(record)) if role is not None}


def number(value: object) -> float | None:
    """Return a number however it is written, "nan" and "inf" included; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and len(value) > _LONGEST_NUMBER:
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def whole(value: object) -> int | None:
    """Return a count from 0 on; None for anything else, and for what cannot be a count of steps."""
    found = number(value)
    if found is None or not math.isfinite(found) or found != int(found):
        return None
    return int(found) if 0 <= found <= LARGEST_STEP else None


def moment(value: object) -> float | None:
    """Return seconds since the epoch; None for what is not a moment of our time."""
    found = number(value)
    return found if found is not None and _EARLIEST < found < _LATEST else None


_CLOCK = re.compile(r"(?:(\d{1,6}) days?, )?(?:(\d{1,6}):)?(\d{1,2}):(\d{2})")


def clock_seconds(text: object) -> float | None:
    """Return the seconds of a time span as "1:02:03", "02:03" or "2 days, 0:00:01"."""
    found = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
