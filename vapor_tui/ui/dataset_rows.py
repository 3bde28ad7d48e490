"""A dataset as one line of a table: its status, and the columns that there is room for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vapor_tui.domain.datasets import DatasetStatus, ListedDataset
from vapor_tui.domain.formats import ABSENT, age, count, file_size, short_count
from vapor_tui.domain.text import printable
from vapor_tui.ui.table_rows import Column, Layout
from vapor_tui.ui.widgets.lines import Line

_STATES = {
    DatasetStatus.PENDING: ("◌", "status-queued"),
    DatasetStatus.VALIDATING: ("◔", "status-running"),
    DatasetStatus.READY: ("✓", "status-completed"),
    DatasetStatus.INVALID: ("✗", "status-failed"),
}
"""Sign and colour."""
INTERRUPTED = ("⊘", "status-paused")


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell is made from."""

    dataset: ListedDataset
    share: float | None
    """How much of its file this app has read, of 1; None when it does not read it."""
    now: datetime


def badge(dataset: ListedDataset, share: float | None = None) -> Line:
    """Return sign and word of a dataset's status, in its colour."""
    sign, style = INTERRUPTED if dataset.was_interrupted else _STATES[dataset.status]
    return ((f"{sign} ", style), (status_word(dataset, share), style))


def status_word(dataset: ListedDataset, share: float | None = None) -> str:
    """Return what a dataset's status is called."""
    if dataset.was_interrupted:
        return "interrupted"
    if dataset.is_being_read:
        return "reading" if share is None else f"reading {int(share * 100):>2}%"
    return dataset.status.value


def format_word(dataset: ListedDataset) -> str:
    return ABSENT if dataset.format is None else dataset.format.value.replace("_", "/")


def _figure(cell: Cell, text: str) -> Line:
    """Return a figure, absent while the file was not read to its end."""
    known = not cell.dataset.is_being_read and not cell.dataset.was_interrupted
    return ((text, "foreground"),) if known else ((ABSENT, "dim"),)


def _number(cell: Cell) -> Line:
    return ((str(cell.dataset.id), "dim"),)


def _name(cell: Cell) -> Line:
    return ((printable(cell.dataset.name), "foreground"),)


def _format(cell: Cell) -> Line:
    return ((format_word(cell.dataset), "dim"),)


def _status(cell: Cell) -> Line:
    return badge(cell.dataset, cell.share)


def _pairs(cell: Cell) -> Line:
    return _figure(cell, count(cell.dataset.total_training_pairs))


def _tokens(cell: Cell) -> Line:
    return _figure(cell, short_count(cell.dataset.total_tokens))


def _size(cell: Cell) -> Line:
    return ((file_size(cell.dataset.file_size), "dim"),)


def _age(cell: Cell) -> Line:
    return ((age(cell.dataset.created_at, cell.now), "dim"),)


_NUMBER, _NAME = Column("#", 4, _number), Column("name", 0, _name)
_FORMAT = Column("format", 17, _format)
_STATUS = Column("status", 14, _status)
_PAIRS = Column("pairs", 9, _pairs, is_right=True)
_TOKENS = Column("tokens", 6, _tokens, is_right=True)
_SIZE = Column("size", 10, _size, is_right=True)
_AGE = Column("age", 4, _age, is_right=True)


LAYOUTS = (
    Layout(100, 2, (_NUMBER, _NAME, _FORMAT, _STATUS, _PAIRS, _TOKENS, _SIZE, _AGE)),
    Layout(68, 1, (_NUMBER, _NAME, _STATUS, _PAIRS, _TOKENS, _SIZE, _AGE)),
    Layout(56, 1, (_NUMBER, _NAME, _STATUS, _PAIRS, _TOKENS)),
    Layout(0, 1, (_NUMBER, _NAME, _STATUS)),
)
