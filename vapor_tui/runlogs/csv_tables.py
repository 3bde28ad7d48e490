"""Logs that are tables: a heading with a step and a loss, then a line for each point."""

from __future__ import annotations

import csv
from typing import ClassVar

from pydantic import JsonValue

from vapor_tui.domain.sources import LogFormat
from vapor_tui.runlogs import names
from vapor_tui.runlogs.ledger import Ledger

DELIMITERS = ",;\t"


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
