"""What a run was: the settings that lie beside its log. Nothing is ever unpickled."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from vapor_tui.domain.sources import RunSettings, SettingValue
from vapor_tui.domain.text import storable
from vapor_tui.runlogs import names
from vapor_tui.runlogs.errors import RunLogError
from vapor_tui.runlogs.trainer_state import Document, file_status, state_names
from vapor_tui.runlogs.yaml_settings import top_level

LARGEST_FILE = 256 * 1024
_LARGEST_STATE = 16 * 1024 * 1024
_MOST_FILES = 20
_LONGEST_VALUE = 200
_BENEATH = ("runs", "logs", "tensorboard", "tb")

_KEYS: dict[str, tuple[str, ...]] = {
    "base_model": ("base_model_name_or_path", "model_name_or_path"),
    "learning_rate": ("lr",),
    "epochs": ("num_epochs", "num_train_epochs"),
    "max_steps": (),
    "lora_rank": ("r", "lora_r"),
    "lora_alpha": (),
    "lora_dropout": (),
    "target_modules": ("lora_target", "lora_target_modules"),
    "per_device_batch_size": (
        "micro_batch_size",
        "per_device_train_batch_size",
        "train_batch_size",
    ),
    "gradient_accumulation_steps": (),
    "warmup_ratio": (),
    "warmup_steps": (),
    "weight_decay": (),
    "max_grad_norm": (),
    "lr_scheduler_type": ("lr_scheduler",),
    "optim": ("optimizer",),
    "max_sequence_length": ("sequence_len", "cutoff_len", "max_seq_length", "max_length"),
    "gradient_checkpointing": (),
    "packing": ("sample_packing",),
    "load_in_4bit": (),
    "load_in_8bit": (),
    "seed": (),
    "logging_steps": (),
    "dataset": (),
}
_SETTINGS = {key: name for name, keys in _KEYS.items() for key in (name, *keys)}
_LEAST_SETTINGS = 3
"""Known keys that make a file the configuration of a run."""
_SETTING_FILES = re.compile(r"(?i).*(args|arguments|config|train|lora|sft|params).*\.(json|ya?ml)")


def describe(source: Path) -> RunSettings:
    """Return the settings found beside a log, under our own names where we have them.

    What tells most of the run itself counts more: the adapter's configuration, then files of
    arguments, then the trainer's state. What cannot be read is left out.
    """
    # A state may have any name.
    settings = _of_header(source) if source.suffix == ".json" and source.is_file() else {}
    for folder in _folders_of(source):
        for found in (_of_adapter(folder), *_of_arguments(folder), _of_state(folder)):
            settings = {**found, **settings}
        if settings:
            break
    return settings


def _folders_of(source: Path) -> Iterator[Path]:
    """Yield where the settings of a log may lie: beside it, and above a folder for logs only."""
    folder = source if source.is_dir() else source.parent
    yield folder
    if folder.parent.name in _BENEATH:
        yield folder.parent.parent
    elif folder.name in _BENEATH:
        yield folder.parent


def _of_adapter(folder: Path) -> RunSettings:
    for file in (folder / "adapter_config.json", *_in_checkpoints(folder)):
        if found := settings_of(_json(file)):
            return found
    return {}


def _in_checkpoints(folder: Path) -> list[Path]:
    try:
        states = state_names(folder)[1:]
    except RunLogError:
        return []
    return [(folder / name).parent / "adapter_config.json" for name in reversed(states)][:1]


def _of_arguments(folder: Path) -> Iterator[RunSettings]:
    try:
        files = sorted(file for file in folder.iterdir() if _SETTING_FILES.fullmatch(file.name))
    except OSError:
        return
    for file in files[:_MOST_FILES]:
        if file.name == "adapter_config.json":
            continue
        is_json = file.suffix.lower() == ".json"
        found = settings_of(_json(file) if is_json else top_level(_text(file)))
        if len(found) >= _LEAST_SETTINGS:
            yield found


def _of_state(folder: Path) -> RunSettings:
    try:
        candidates = [folder / name for name in state_names(folder)]
    except RunLogError:
        return {}
    written = [(found.st_mtime_ns, file) for file in candidates if (found := file_status(file))]
    if not written:
        return {}
    return _of_header(max(written, key=lambda each: each[0])[1])


def _of_header(state: Path) -> RunSettings:
    header = Document(_text(state, _LARGEST_STATE)).header()
    known = ("train_batch_size", "max_steps", "num_train_epochs", "logging_steps")
    return settings_of({key: header[key] for key in known if header.get(key)})


def settings_of(found: Mapping[str, Any]) -> RunSettings:
    """Return the values of a mapping that are settings of a run, checked and under our names."""
    settings: RunSettings = {}
    for key, raw in found.items():
        name = _SETTINGS.get(str(key))
        value = _value(raw)
        if name is not None and name not in settings and value is not None:
            settings[name] = value
    return settings


def _value(raw: object) -> SettingValue | None:
    match raw:
        case bool():
            return raw
        case int() | float():
            return _plain(float(raw)) if names.number(raw) is not None else None
        case str():
            return _typed(storable(raw.strip()[:_LONGEST_VALUE]))
        case list():
            words = [word for word in raw[:_MOST_FILES] if isinstance(word, str)]
            return storable(", ".join(sorted(words))[:_LONGEST_VALUE]) or None
    return None


def _typed(text: str) -> SettingValue | None:
    """Return the value that is written in a text: true or false, a number, or the text itself."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if text.lower() in ("", "null", "none", "~"):
        return None
    value = names.number(text)
    return text if value is None or text.lower().startswith(("nan", "inf")) else _plain(value)


def _plain(value: float) -> int | float | None:
    """Return a whole number as one; None for what is not finite, which no setting is."""
    if not math.isfinite(value):
        return None
    return int(value) if value == int(value) and abs(value) < 1e15 else value


def _json(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(_text(file) or "null")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _text(file: Path, largest: int = LARGEST_FILE) -> str:
    """Return a file's text; nothing when it cannot be read or is too large for what it says."""
    try:
        if not file.is_file() or file.stat().st_size > largest:
            return ""
        with file.open("rb") as stream:
            return stream.read(largest).decode("utf-8-sig", "replace")
    except OSError:
        return ""
