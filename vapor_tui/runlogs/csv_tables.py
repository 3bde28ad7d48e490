"""Logs that are tables: a heading with a step and a loss, then a line for each point."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from typing import ClassVar

from pydantic import JsonValue

from vapor_tui.domain.sources import LogFormat
from vapor_tui.runlogs import names
from vapor_tui.runlogs.ledger import Ledger

DELIMITERS = ",;\t"
_EXPONENT = r"(?:[eE][+-]?\d+)?"
_WITH_COMMA = re.compile(rf"\s*[+-]?\d*,(\d+){_EXPONENT}\s*")
_WITH_POINT = re.compile(rf"\s*[+-]?\d*\.\d+{_EXPONENT}\s*")
_COUNTS = (names.STEP, names.TOTAL_STEPS)


class CsvTable:
    """Columns are known by their heading; one that comes again begins another part."""

    format: ClassVar[LogFormat] = LogFormat.CSV
    breaks: ClassVar[bytes] = b"\n"

    def __init__(self, memory: dict[str, JsonValue]) -> None:
        self._delimiter = str(memory.get("delimiter", ","))
        columns = memory.get("columns")
        self._columns: list[str] = [str(c) for c in columns] if isinstance(columns, list) else []

    def feed(self, line: str, ledger: Ledger) -> None:
        """Take a heading, or a row under the last one."""
        if (heading := read_heading(line)) is not None:
            if self._columns:
                ledger.announce()
            self._delimiter, self._columns = heading
            return
        cells = cells_of(line, self._delimiter)
        if self._delimiter != "," and "," in line:
            cells = _with_points(self._columns, cells)
        # A line that was cut or run together has other values in its columns than it seems.
        if self._columns and len(cells) == len(self._columns):
            ledger.record({n: cell for n, cell in zip(self._columns, cells, strict=True) if cell})

    def settle(self, ledger: Ledger) -> None:
        """Every line stands for itself."""

    def memory(self) -> dict[str, JsonValue]:
        """Return the heading, which stands in the first lines only."""
        return {"delimiter": self._delimiter, "columns": list(self._columns)}


def read_heading(line: str) -> tuple[str, list[str]] | None:
    """Return delimiter and columns of a line that is a heading with a step and a loss."""
    for delimiter in DELIMITERS:
        columns = cells_of(line, delimiter)
        if names.has_points(names.roles_of(columns)):
            return delimiter, columns
    return None


def cells_of(line: str, delimiter: str) -> list[str]:
    """Return the cells of a line; none where its quotes make no sense."""
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _with_points(columns: Sequence[str], cells: list[str]) -> list[str]:
    """Return the cells of a row, those with a decimal comma with a point in its place.

    Where a number of the row has a point, commas mean something else.
    """
    if len(cells) != len(columns) or any(_WITH_POINT.fullmatch(cell) for cell in cells):
        return cells
    return [_with_point(column, cell) for column, cell in zip(columns, cells, strict=True)]


def _with_point(column: str, cell: str) -> str:
    found = _WITH_COMMA.fullmatch(cell)
    if found is None:
        return cell
    # "1,000" may be a thousand: taken for 1, it would put the point at another step.
    is_doubtful = names.role_of(column) in _COUNTS and len(found[1]) == 3
    return cell if is_doubtful else cell.replace(",", ".")
