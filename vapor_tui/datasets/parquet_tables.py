"""Parquet files, where pyarrow is installed (extra `parquet`)."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vapor_tui.datasets.errors import (
    Damaged,
    DatasetFileError,
    ReadingBrokenError,
    quote,
    quote_path,
)
from vapor_tui.datasets.opening import BLOCK
from vapor_tui.datasets.progress import Meter
from vapor_tui.datasets.shapes import KNOWN_KEYS

ROWS = 256
"""Rows made into Python objects at a time."""

COLUMNS_SHOWN = 6


def hash_parquet(path: Path, meter: Meter) -> tuple[int, str]:
    """Size and sha256, in a pass of its own as Parquet is read by seeking."""
    digest = hashlib.sha256()
    size = 0
    try:
        with path.open("rb", buffering=0) as file:
            while block := file.read(BLOCK):
                meter.check()
                digest.update(block)
                size += len(block)
    except OSError as error:
        raise DatasetFileError(f"{quote_path(path)} can't be read: {error.strerror}.") from error
    return size, digest.hexdigest()


def parquet_records(path: Path, size: int, meter: Meter) -> Iterator[tuple[int, object]]:
    """Yield (row number from 1, record or Damaged), of the columns that mean something.

    Progress goes by rows, as bytes of the file. Raises DatasetFileError.
    """
    shown = quote_path(path)
    try:
        arrow: Any = importlib.import_module("pyarrow")
        parquet: Any = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise DatasetFileError(
            f"{shown} is a Parquet file, which needs the pyarrow package: pip install pyarrow."
        ) from error
    number = told = 0
    try:
        with parquet.ParquetFile(path, pre_buffer=False) as file:
            names = file.schema_arrow.names
            columns = [name for name in names if name.lower() in KNOWN_KEYS]
            if not columns:
                raise ReadingBrokenError(1, _unknown_columns(names))
            for batch in file.iter_batches(batch_size=ROWS, columns=columns):
                for record in _rows(batch):
                    number += 1
                    yield number, record
                now = size * number // max(file.metadata.num_rows, number)
                meter.advance(now - told)
                told = now
    except (arrow.ArrowException, OSError, ValueError) as error:
        raise DatasetFileError(
            f"{shown} is a damaged Parquet file: {quote(str(error))}; copy or export it again."
        ) from error
    meter.advance(size - told)


def _rows(batch: Any) -> Iterator[object]:
    """Rows one by one where the batch as a whole holds text that is not UTF-8."""
    try:
        yield from batch.to_pylist()
    except UnicodeDecodeError:
        for index in range(batch.num_rows):
            try:
                yield from batch.slice(index, 1).to_pylist()
            except UnicodeDecodeError:
                yield Damaged("not valid UTF-8")


def _unknown_columns(names: list[str]) -> str:
    shown = ", ".join(quote(name, 20) for name in names[:COLUMNS_SHOWN])
    return f"none of the columns ({shown}) belongs to a dataset"
