"""A person's own catalogue files: where they lie, how one begins, how one is changed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from vapor_tui import paths
from vapor_tui.folders import locked_folder

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


def edit_own_file(path: Path, change: Callable[[str], str], begin: str = "") -> None:
    """Replace a file by what `change` makes of its text; `begin` stands for one that is new.

    The file is whole at every moment, and two programs that change it wait for each other.
    Raises OSError and UnicodeDecodeError, and what `change` raises; the file is as it was then.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked_folder(path.parent):
        target = path.resolve()  # a link stays one, as among files kept under version control
        try:
            raw: bytes | None = target.read_bytes()
        except FileNotFoundError:
            raw = None
        mark = "\ufeff" if raw is not None and raw.startswith(b"\xef\xbb\xbf") else ""
        text = begin if raw is None else raw.decode("utf-8-sig")
        _replace(target, (mark + change(text)).encode("utf-8"))


def _replace(target: Path, content: bytes) -> None:
    """Put a file with this content in the place of another, with that one's permissions."""
    number, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o600)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
