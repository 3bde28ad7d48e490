"""Files that a person exports: tables, metrics and pictures, each under a name of its own."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vapor_tui.domain.results import Ok, Refused, Result

_MOST_NAMES = 1_000
"""Files of one name that are still counted up; more are not a person's doing."""
_LONGEST_NAME = 80
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class ExportTable:
    """A table as it is exported. `name` names the file, and the list in JSON, as "jobs".

    Cells are numbers, text, None, or what JSON has; times are in ISO format. Columns have the
    names of stored fields where they are one, so that scripts find what `--json` calls so.
    """

    name: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


def table_csv(table: ExportTable) -> Iterator[str]:
    """Yield a table as comma-separated values.

    Text that a spreadsheet would run as a formula gets an apostrophe in front: names come from
    anybody's files, and a file of this kind is opened in a spreadsheet by a double click. Those
    who need text to the letter have it in JSON.
    """
    yield from csv_lines(table.columns, ([_cell(value) for value in row] for row in table.rows))


def table_json(table: ExportTable) -> Iterator[str]:
    """Yield a table as one JSON document: a list of objects under the table's name."""
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    yield json.dumps({table.name: rows}, indent=2, ensure_ascii=True, allow_nan=False)
    yield "\n"


def csv_lines(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yield comma-separated lines, the headings first."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    yield buffer.getvalue()
    for row in rows:
        buffer.seek(0)
        buffer.truncate()
        writer.writerow(row)
        yield buffer.getvalue()


def save(folder: Path, name: str, suffix: str, pieces: Iterable[str]) -> Result[Path]:
    """Write a new file into a folder, readable by its owner alone; return its full path.

    A number is added to a name that is taken: nothing is ever overwritten. What could not be
    written to its end is taken away again.
    """
    stem = safe_name(name)
    try:
        path, descriptor = _create(folder.absolute(), stem, suffix)
    except OSError as error:
        return _refused(folder / f"{stem}{suffix}", error)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.writelines(pieces)
    except BaseException as error:
        with suppress(OSError):
            path.unlink()
        if isinstance(error, OSError):
            return _refused(path, error)
        raise
    return Ok(path)


def safe_name(name: str) -> str:
    """Return a name made of letters, digits, dots and dashes, which is no option and not hidden."""
    return re.sub(r"[^A-Za-z0-9._]+", "-", name).strip("-.")[:_LONGEST_NAME] or "export"


def _create(folder: Path, stem: str, suffix: str) -> tuple[Path, int]:
    """Create the first file of the name that is not there yet, and open it."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    for number in range(1, _MOST_NAMES):
        path = folder / f"{stem}{f'-{number}' if number > 1 else ''}{suffix}"
        with suppress(FileExistsError):
            return path, os.open(path, flags, 0o600)
    raise FileExistsError(f"there are {_MOST_NAMES - 1} files of this name")


def _refused(path: Path, error: OSError) -> Refused:
    reason = error.strerror or str(error)
    return Refused(f"Cannot write {path}: {reason}", is_input=False)


def _cell(value: Any) -> Any:
    if isinstance(value, (list, tuple, dict)):
        value = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
