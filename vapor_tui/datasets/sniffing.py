"""What container a file is, told by its content first and by its name second."""

from __future__ import annotations

import contextlib
import importlib
import json
from pathlib import Path
from typing import Any, NamedTuple

from vapor_tui.datasets.csv_tables import Header, read_header
from vapor_tui.datasets.errors import BadRecordError, DatasetFileError
from vapor_tui.datasets.json_arrays import BARE_VALUES, close_quietly, parser_errors
from vapor_tui.datasets.opening import Source
from vapor_tui.datasets.shapes import detect
from vapor_tui.domain.datasets import DatasetContainer

WRAPPING_KEYS = (
    "data",
    "train",
    "records",
    "examples",
    "rows",
    "items",
    "samples",
    "instances",
    "dataset",
)
"""Under one of these a JSON object may hold the array of records."""

_LINES = (".jsonl", ".ndjson", ".jl")
_TABLES = (".csv", ".tsv")


class Kind(NamedTuple):
    """How to read the records: `key` is for array_records, `header` for csv_records."""

    container: DatasetContainer
    key: str | None = None
    header: Header | None = None


_JSONL = Kind(DatasetContainer.JSONL)
_ARRAY = Kind(DatasetContainer.JSON)


def sniff(source: Source) -> Kind:
    """Raises DatasetFileError where neither the content nor the name tells."""
    if source.is_parquet:
        return Kind(DatasetContainer.PARQUET)
    suffix = _suffix(source.path)
    head = source.head.lstrip()
    if head.startswith(b"{"):
        kind = _of_object(head, suffix, source.whole)
    elif head.startswith(b"["):
        kind = _of_array(head, suffix)
    else:
        kind = None
    if kind is None:
        kind = _of_text(head, suffix)
    if kind is None:
        raise DatasetFileError(
            f"{source.shown} is not recognised as a dataset; "
            "name a JSONL, JSON, CSV or Parquet file."
        )
    is_by_line = kind.container in (DatasetContainer.JSONL, DatasetContainer.CSV)
    if is_by_line and b"\r" in head.rstrip() and b"\n" not in head:
        raise DatasetFileError(
            f"{source.shown} ends its lines with bare carriage returns; convert it: tr '\\r' '\\n'."
        )
    return kind


def _suffix(path: Path) -> str:
    """The extension in lower case, of what is inside when it is .gz."""
    suffix = path.suffix.lower()
    return path.with_suffix("").suffix.lower() if suffix in (".gz", ".gzip") else suffix


def _of_array(head: bytes, suffix: str) -> Kind | None:
    inner = head[1:].lstrip()[:1]
    if suffix in _LINES:
        # a line that is a list is a bad line; a list over several lines is a misnamed array
        line, newline, rest = head.partition(b"\n")
        return _JSONL if newline and rest.strip() and _decode(line) is not None else _ARRAY
    if suffix == ".json" or inner in (b"{", b"]"):
        return _ARRAY
    return None


def _of_object(head: bytes, suffix: str, whole: bool) -> Kind | None:
    """JSON lines, or an object around an array, or objects over several lines each."""
    line, newline, _ = head.partition(b"\n")
    record = _decode(line) if newline or whole else None
    if isinstance(record, dict):
        key = next((key for key in WRAPPING_KEYS if _is_records(record.get(key))), None)
        return _JSONL if key is None or _has_shape(record) else Kind(DatasetContainer.JSON, key)
    is_named_json = suffix == ".json" or suffix in _LINES
    if suffix in _TABLES or not (is_named_json or head[1:].lstrip().startswith(b'"')):
        return None
    key = _wrapping_key(head)
    if key is not None:
        return Kind(DatasetContainer.JSON, key)
    line = line.rstrip()
    if newline and (line == b"{" or (suffix not in _LINES and line.endswith((b"{", b"[", b",")))):
        return Kind(DatasetContainer.JSON, BARE_VALUES)
    return _JSONL


def _of_text(head: bytes, suffix: str) -> Kind | None:
    header = read_header(head)
    is_table = suffix in _TABLES or (header.is_known and len(header.names) > 1)
    if is_table:
        return Kind(DatasetContainer.CSV, header=header)
    if suffix == ".json" or suffix in _LINES:
        return _JSONL  # every line of which will be bad, and said to be
    return None


def _decode(line: bytes) -> object:
    """The value of a line of JSON, None where it is none."""
    try:
        return json.loads(line.decode())
    except (ValueError, RecursionError):
        return None


def _is_records(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _has_shape(record: dict[str, Any]) -> bool:
    try:
        detect(record)
    except BadRecordError:
        return False
    return True


def _wrapping_key(head: bytes) -> str | None:
    """The key of the first array of objects that the top-level object holds in its head."""
    ijson: Any = importlib.import_module("ijson")
    events: Any = ijson.sendable_list()
    parser = ijson.basic_parse_coro(events, use_float=True)
    with contextlib.suppress(*parser_errors()):
        parser.send(head)
    close_quietly(parser)
    level = 0
    key, previous = "", ""
    for event, value in events:
        if event == "map_key" and level == 1:
            key = value
        elif (event, previous, level) == ("start_map", "start_array", 2) and key in WRAPPING_KEYS:
            return key
        level += event.startswith("start_") - event.startswith("end_")
        previous = event
    return None
