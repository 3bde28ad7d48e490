"""Finds or reads the dataset that a command names, with a progress bar."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from vapor_tui.domain.datasets import (
    Dataset,
    DatasetReport,
    DatasetStatistics,
    LineError,
    ReadProgress,
)
from vapor_tui.domain.results import Ok, Refused, Result
from vapor_tui.domain.text import printable
from vapor_tui.paths import readable, sample_dataset
from vapor_tui.services.datasets import OnProgress, add_dataset, find_dataset
from vapor_tui.services.workspace import Workspace


def looks_like_path(reference: str) -> bool:
    """Say whether a dataset is given as a file rather than by id or name."""
    return "/" in reference or "\\" in reference or Path(reference).suffix != ""


def registered(workspace: Workspace, reference: str) -> Result[Dataset] | None:
    """Return the registered dataset of an id or name; None when a file is meant instead."""
    path = readable(reference)
    exists = path is not None and path.exists()
    if path is None or (not looks_like_path(reference) and not exists):
        return _known(workspace, reference)
    if not exists and (known := find_dataset(workspace, reference)):
        return Ok(known)
    return None


def obtain_dataset(
    workspace: Workspace,
    reference: str,
    *,
    validation: Path | None = None,
    check: Callable[[DatasetReport], Refused | None] | None = None,
) -> Result[Dataset]:
    """Return the dataset of an id, a name or a path; a file is read and registered.

    A file that is not valid, or that `check` refuses, leaves nothing behind.
    """
    known = registered(workspace, reference)
    if known is not None:
        if isinstance(known, Ok) and validation is not None:
            return Refused(
                f'"{printable(known.value.name)}" is registered already; a validation file is '
                "given where it is added: vapor-tui datasets add FILE --validation FILE"
            )
        return known
    with reading_bar(reference) as progress:
        added = add_dataset(
            workspace,
            readable(reference) or Path(reference),
            validation=validation,
            keep_invalid=False,
            check=check,
            progress=progress,
        )
    if isinstance(added, Ok) and added.value.statistics is not None:
        note_bad_records(added.value.statistics, added.value.validation_errors)
    return added


def note_bad_records(statistics: DatasetStatistics, errors: Sequence[LineError]) -> None:
    """Say on standard error that some records are left out, and what is wrong with the first."""
    if not statistics.bad_records or not errors:
        return
    first = f"line {errors[0].line}: {errors[0].message}"
    typer.echo(
        f"note: {statistics.bad_records:,} of {statistics.records:,} records are bad and left "
        f"out; {printable(first)}",
        err=True,
    )


def _known(workspace: Workspace, reference: str) -> Result[Dataset]:
    dataset = find_dataset(workspace, reference)
    if dataset is None:
        is_sample = reference == sample_dataset().stem
        sample = ", or add the sample: vapor-tui datasets add --sample" if is_sample else ""
        return Refused(
            f'Dataset not found: "{printable(reference, 100)}" is neither the id or name of a '
            f"dataset nor a file here. See: vapor-tui datasets list{sample}"
        )
    return Ok(dataset)


@contextmanager
def reading_bar(name: str) -> Iterator[OnProgress | None]:
    """Show how far a file has been read, on standard error; nothing where nobody looks."""
    if not sys.stderr.isatty():
        yield None
        return
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TextColumn("{task.fields[records]:,} records", markup=False),
        console=Console(stderr=True),
        transient=True,
    )
    with bar:
        task = bar.add_task(f"reading {printable(Path(name).name, 40)}", records=0)

        def show(progress: ReadProgress) -> None:
            bar.update(
                task,
                completed=progress.bytes_read,
                total=progress.bytes_total,
                records=progress.records,
            )

        yield show
