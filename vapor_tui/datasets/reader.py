"""Reading a dataset from file to report, in one pass and constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from vapor_tui.datasets.csv_tables import csv_records
from vapor_tui.datasets.json_arrays import array_records
from vapor_tui.datasets.jsonl import jsonl_records
from vapor_tui.datasets.opening import Source, resolve
from vapor_tui.datasets.parquet_tables import hash_parquet, parquet_records
from vapor_tui.datasets.progress import Meter
from vapor_tui.datasets.sniffing import Kind, sniff
from vapor_tui.datasets.tally import Tally, tally_records
from vapor_tui.datasets.tokens import Counter, choose_counter
from vapor_tui.domain.datasets import (
    DEFAULT_MAX_SEQUENCE_LENGTH,
    ERRORS_KEPT,
    MAX_BAD_SHARE,
    DatasetContainer,
    DatasetReport,
    DatasetStatus,
    FileFacts,
    LineError,
    ReadProgress,
)


def read_dataset(
    path: Path,
    *,
    max_sequence_length: int = DEFAULT_MAX_SEQUENCE_LENGTH,
    tokenizer: Path | None = None,
    validation: Path | None = None,
    progress: Callable[[ReadProgress], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> DatasetReport:
    """Read a file (and a second one to validate on) and report what is in it.

    Blocks for as long as that takes, so run it in a thread; `progress` and `cancelled` are called
    in it, some ten times a second. Raises DatasetFileError for what is no dataset file at all,
    and ReadingCancelledError. Bad lines and broken arrays are not raised, they are in the report.
    """
    counter_name, count = choose_counter(tokenizer)
    paths = [resolve(path)] + ([resolve(validation)] if validation is not None else [])
    meter = Meter(sum(size for _, size in paths), progress, cancelled)
    files = [_read(real, max_sequence_length, count, meter) for real, _ in paths]
    meter.finish()
    return _report(files, max_sequence_length, counter_name)


class _File(NamedTuple):
    """What reading one file came to."""

    facts: FileFacts
    tally: Tally


def _read(path: Path, max_sequence_length: int, count: Counter, meter: Meter) -> _File:
    with Source(path, meter) as source:
        kind = sniff(source)
        if kind.container is DatasetContainer.PARQUET:
            size, sha256 = hash_parquet(path, meter)
            records: Iterator[tuple[int, object]] = parquet_records(path, size, meter)
        else:
            records = _records(source, kind)
        is_by_line = kind.container in (DatasetContainer.JSONL, DatasetContainer.CSV)
        tally = tally_records(
            records,
            count=count,
            max_sequence_length=max_sequence_length,
            meter=meter,
            unit="" if is_by_line else "record",
        )
        if kind.container is not DatasetContainer.PARQUET:
            size, sha256 = source.finish()
        facts = FileFacts(
            path=path,
            file_name=path.name,
            file_size=size,
            sha256=sha256,
            container=kind.container,
            compressed=source.compressed,
        )
    return _File(facts, tally)


def _records(source: Source, kind: Kind) -> Iterator[tuple[int, object]]:
    if kind.container is DatasetContainer.JSON:
        return array_records(source.stream, kind.key)
    if kind.header is not None:
        return csv_records(source.stream, kind.header)
    return jsonl_records(source.stream)


def _report(files: list[_File], max_sequence_length: int, counter_name: str) -> DatasetReport:
    facts, tally = files[0]
    reason = _why_invalid(tally)
    errors = tally.errors
    other = files[1] if len(files) > 1 else None
    if other is not None:
        reason = reason or _why_unfit(other.tally, tally)
        errors = errors + [
            LineError(line=error.line, message=f"validation file: {error.message}")
            for error in other.tally.errors
        ]
    return DatasetReport(
        **dict(facts),
        status=DatasetStatus.INVALID if reason else DatasetStatus.READY,
        reason=reason,
        format=tally.shape,
        records=tally.valid + tally.bad,
        bad_records=tally.bad,
        total_training_pairs=tally.pairs,
        total_validation_pairs=other.tally.pairs if other else 0,
        total_tokens=tally.tokens,
        avg_turns_per_conversation=_ratio(tally.turns, tally.valid),
        avg_tokens_per_turn=_ratio(tally.tokens, tally.turns),
        max_sequence_length=max_sequence_length,
        share_over_max_sequence_length=_ratio(tally.too_long, tally.valid),
        token_counter=counter_name,
        token_histogram=tally.histogram(),
        validation_errors=tuple(errors[:ERRORS_KEPT]),
        samples=tuple(tally.samples),
        validation_file=other.facts if other else None,
    )


def _why_invalid(tally: Tally) -> str | None:
    """A sentence, or None where the file can be trained on."""
    records = tally.valid + tally.bad
    if tally.broken:
        return f"Reading ended early: {tally.broken}."
    if not records:
        return "The file holds no record."
    share = tally.bad / records
    if share > MAX_BAD_SHARE:
        return (
            f"{tally.bad:,} of {records:,} records are bad ({share:.1%}); "
            f"at most {MAX_BAD_SHARE:.0%} may be."
        )
    return None


def _why_unfit(validation: Tally, training: Tally) -> str | None:
    reason = _why_invalid(validation)
    if reason:
        return f"The validation file is invalid. {reason}"
    if validation.shape is not training.shape:
        return (
            f'The validation file has the shape "{validation.shape}", '
            f'the training file "{training.shape}".'
        )
    return None


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
