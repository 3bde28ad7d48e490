"""What commands print: documents, tables, and sentences about what went wrong."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

import typer
from pydantic import BaseModel
from rich.cells import cell_len

from vapor_tui.config import ConfigError
from vapor_tui.domain.catalogue import CatalogueError
from vapor_tui.domain.results import Refused
from vapor_tui.domain.text import printable, printable_lines
from vapor_tui.log import log_file
from vapor_tui.storage.errors import StorageError

FAILED = 1
WRONG_INPUT = 2
_LISTS = {"gpu_type": "vapor-tui gpus", "preset": "vapor-tui presets"}
"""What lists the values that a field may have."""
_DETAILS_SHOWN = 10


def print_json(document: Any) -> None:
    """Print one JSON document to standard output."""
    if isinstance(document, BaseModel):
        document = document.model_dump(mode="json")
    typer.echo(json.dumps(document, indent=2, ensure_ascii=True))


def print_line(text: object = "") -> None:
    """Print a line that may hold text from outside."""
    typer.echo(printable(text))


def page_line(page: int, pages: int, rows: str) -> str:
    """Return which page of a list it is, of how many rows, and how to see others."""
    others = ". --page N shows another, --limit N more at once" if pages > 1 else ""
    return f"page {page} of {pages}, {rows}{others}"


def print_text(text: str) -> None:
    """Print text of several lines that may come from outside; nothing where there is none."""
    if text:
        typer.echo("\n".join(printable_lines(text)))


def print_table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under headings, figures (and headings of figures) aligned at the right."""
    cells = [[printable(cell, 60) for cell in row] for row in rows]
    numeric = [
        bool(cells) and all(_is_figure(row[i]) for row in cells) for i in range(len(headings))
    ]
    widths = [
        max(cell_len(heading), *(cell_len(row[i]) for row in cells)) if cells else cell_len(heading)
        for i, heading in enumerate(headings)
    ]
    lines = []
    for row in (list(headings), *cells):
        aligned = (
            _filler(cell, width) + cell if right else cell + _filler(cell, width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        )
        lines.append("  ".join(aligned).rstrip())
    typer.echo("\n".join(lines))


def refuse(refused: Refused, *, as_json: bool = False) -> NoReturn:
    """Say why something was not done, and leave with the exit code for it."""
    say_refused(refused, as_json=as_json)
    raise typer.Exit(WRONG_INPUT if refused.is_input else FAILED)


def say(sentence: object) -> None:
    """Print a sentence that may hold text from outside to standard error."""
    typer.echo(printable(sentence), err=True)


@contextlib.contextmanager
def telling(name: str) -> Iterator[None]:
    """Say what a part of the program logs on standard error too."""

    class Saying(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            with contextlib.suppress(OSError):  # nobody reads it, and the work goes on
                say(record.getMessage())

    logger, handler = logging.getLogger(name), Saying()
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def say_refused(refused: Refused, *, as_json: bool = False) -> None:
    """Print an error: a document on standard output, or sentences on standard error."""
    if as_json:
        print_json({"error": refused.error, "details": dict(refused.details)})
        return
    typer.echo(f"vapor-tui: {printable(refused.error)}", err=True)
    shown = list(refused.details.items())[:_DETAILS_SHOWN]
    for field, sentence in shown:
        if sentence != refused.error:
            typer.echo(f"  {printable(field)}: {printable(sentence)}", err=True)
    if len(refused.details) > len(shown):
        typer.echo(f"  and {len(refused.details) - len(shown)} more", err=True)
    for field, command in _LISTS.items():
        if field in refused.details:
            typer.echo(f"  See: {command}", err=True)


def print_outcomes(jobs: Sequence[BaseModel], refusals: Sequence[Refused]) -> None:
    """Print what came of several jobs as one JSON document."""
    errors = [{"error": each.error, "details": dict(each.details)} for each in refusals]
    print_json({"jobs": [job.model_dump(mode="json") for job in jobs], "errors": errors})


def leave_if_refused(refusals: Sequence[Refused]) -> None:
    """Leave with the exit code for what was refused, if anything was."""
    if refusals:
        raise typer.Exit(WRONG_INPUT if all(refused.is_input for refused in refusals) else FAILED)


def expected_exit(error: Exception, *, as_json: bool) -> int | None:
    """Say what a person can do about an error; return the exit code, None for a bug of ours."""
    match error:
        case CatalogueError() | ConfigError():
            say_refused(Refused(str(error)), as_json=as_json)
            return WRONG_INPUT
        case StorageError():
            say_refused(Refused(str(error)), as_json=as_json)
            return FAILED
        case _:
            return None


def unexpected_exit(error: Exception, *, as_json: bool) -> int:
    """Say where the details of a bug lie; return the exit code."""
    sentence = f"An unexpected error: {type(error).__name__}. Its details are in {log_file()}"
    say_refused(Refused(sentence), as_json=as_json)
    return FAILED


def _filler(cell: str, width: int) -> str:
    return " " * (width - cell_len(cell))


def _is_figure(cell: str) -> bool:
    return not cell or cell == "-" or cell.lstrip("$+-×").replace(",", "")[:1].isdigit()
