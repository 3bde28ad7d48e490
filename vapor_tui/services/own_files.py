"""A person's own catalogue files: where they lie and how one begins."""

from __future__ import annotations

from pathlib import Path

from vapor_tui import paths

_GPUS_BEGIN = """\
# Your own GPUs and prices: an entry with the type of a shipped one replaces it, others are added.
#
# [[gpu]]
# type = "A100-80GB"
# name = "NVIDIA A100 80GB"
# price = 1.99                # USD per GPU-hour
# tokens_per_second = 1800    # of one GPU, for the list estimate
# memory_gb = 80
# peak_flops = 312e12         # dense bf16
# tagline = "what we pay"
# source = "our contract"
# date = 2026-01-31
"""


def own_gpus_file() -> Path:
    """Return the person's own file of GPUs, begun with an explained example when it is new.

    Raises OSError when it cannot be written.
    """
    path = paths.config_directory() / "gpus.toml"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_GPUS_BEGIN, encoding="utf-8")
    return path
