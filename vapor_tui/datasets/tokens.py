"""Counting tokens: estimated from UTF-8 bytes, or with a tokenizer file."""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vapor_tui.datasets.errors import DatasetFileError, quote_path
from vapor_tui.datasets.opening import resolve
from vapor_tui.domain.text import storable

Counter = Callable[[str], int]

ESTIMATE = "estimate: UTF-8 bytes / 4"

LARGEST_TOKENIZER = 256 * 1024 * 1024


def estimate(text: str) -> int:
    """ceil(UTF-8 bytes / 4); a lone surrogate counts the three bytes it would take."""
    if text.isascii():
        return (len(text) + 3) >> 2
    return (len(text.encode("utf-8", "surrogatepass")) + 3) >> 2


def choose_counter(tokenizer: Path | None) -> tuple[str, Counter]:
    """The name of the way of counting, and the counter. Raises DatasetFileError.

    `tokenizer` is a tokenizer.json or the directory of a model that holds one.
    """
    if tokenizer is None:
        return ESTIMATE, estimate
    tokenizer = Path(os.path.expanduser(tokenizer))
    path, size = resolve(tokenizer / "tokenizer.json" if tokenizer.is_dir() else tokenizer)
    return path.name, _load(path, size)


def _load(path: Path, size: int) -> Counter:
    shown = quote_path(path)
    try:
        library: Any = importlib.import_module("tokenizers")
    except ImportError as error:
        raise DatasetFileError(
            f"Counting with the tokenizer {shown} needs the tokenizers package: "
            "pip install tokenizers."
        ) from error
    unusable = f"{shown} is not a tokenizer file; name the tokenizer.json of the model"
    if size > LARGEST_TOKENIZER:
        raise DatasetFileError(f"{unusable} (this one has {size:,} bytes).")
    try:
        text = path.read_bytes().decode("utf-8")
        content = json.loads(text)
    except OSError as error:
        raise DatasetFileError(f"{shown} can't be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise DatasetFileError(f"{unusable} (this one is not JSON).") from error
    if not isinstance(content, dict) or not isinstance(content.get("model"), dict):
        raise DatasetFileError(f'{unusable} (this one has no "model").')
    try:
        tokenizer = library.Tokenizer.from_str(text)
    except Exception as error:
        if type(error) is not Exception:  # the library has no class of its own for this
            raise
        raise DatasetFileError(f"{unusable} (the tokenizers package refuses it).") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    encode = tokenizer.encode

    def count(text: str) -> int:
        # special tokens belong to the chat template, not to a content string
        return len(encode(storable(text), add_special_tokens=False))

    return count
