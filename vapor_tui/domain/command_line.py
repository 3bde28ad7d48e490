"""How the fields of a job are called on the command line."""

from __future__ import annotations

PROGRAM = "vapor-tui"

_SHORT_FLAGS = {
    "base_model": "--model",
    "gpu_type": "--gpu",
    "gpu_count": "--gpus",
    "lora_rank": "--rank",
    "lora_alpha": "--alpha",
    "lora_dropout": "--dropout",
    "injection": "--inject",
}


def flag(name: str) -> str:
    """Return the option of a field, as "--learning-rate"."""
    return _SHORT_FLAGS.get(name, f"--{name.replace('_', '-')}")
