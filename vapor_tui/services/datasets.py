"""Registers dataset files, and finds the dataset that a person means."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from vapor_tui.datasets import DatasetFileError, ReadingCancelledError, read_dataset
from vapor_tui.domain.datasets import (
    DEFAULT_MAX_SEQUENCE_LENGTH,
    Dataset,
    DatasetFilter,
    DatasetPage,
    DatasetReport,
    DatasetStatistics,
    DatasetStatus,
    ListedDataset,
    ListedT,
    ReadProgress,
)
from vapor_tui.domain.results import Ok, Refused, Result
from vapor_tui.domain.text import storable
from vapor_tui.services.dataset_readings import (
    ReadingNote,
    end_interrupted,
    file_stem,
    is_stale,
)
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import datasets as queries
from vapor_tui.storage import jobs as job_queries

OnProgress = Callable[[ReadProgress], None]


def inspect_file(
    path: Path,
    *,
    validation: Path | None = None,
    max_sequence_length: int = DEFAULT_MAX_SEQUENCE_LENGTH,
    tokenizer: Path | None = None,
    progress: OnProgress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Result[DatasetReport]:
    """Read a dataset file through without storing anything; blocks while it reads."""
    try:
        return Ok(
            read_dataset(
                path,
                validation=validation,
                max_sequence_length=max_sequence_length,
                tokenizer=tokenizer,
                progress=progress,
                cancelled=cancelled,
            )
        )
    except DatasetFileError as error:
        return Refused(str(error))
    except ReadingCancelledError:
        return Refused("Reading was cancelled; nothing was stored", is_input=False)


def add_dataset(
    workspace: Workspace,
    path: Path,
    *,
    name: str | None = None,
    validation: Path | None = None,
    tokenizer: Path | None = None,
    keep_invalid: bool = True,
    check: Callable[[DatasetReport], Refused | None] | None = None,
    progress: OnProgress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Result[Dataset]:
    """Read and register a file; one that is known by its bytes is not registered twice.

    An invalid file is stored with its errors where `keep_invalid` is set, and refused otherwise.
    What was stored of the same file while it was invalid is replaced. `check` sees what was
    read and may refuse it before anything is stored.
    """
    note = ReadingNote(workspace, path, name)

    def tell(reached: ReadProgress) -> None:
        if keep_invalid:
            note.renew(reached)
        if progress is not None:
            progress(reached)

    try:
        match inspect_file(
            path, validation=validation, tokenizer=tokenizer, progress=tell, cancelled=cancelled
        ):
            case Refused() as refused:
                note.discard()
                return refused
            case Ok(report):
                pass
        if report.status is DatasetStatus.INVALID and not keep_invalid:
            return Refused(invalid_sentence(report), bad_lines(report))
        if check is not None and (objection := check(report)) is not None:
            note.discard()
            return objection
        renewed = validation is not None or tokenizer is not None
        return Ok(
            workspace.database.write(
                _register, workspace.owner, report, name, renewed, note.dataset_id
            )
        )
    except BaseException:
        note.discard()  # of an interrupted command too
        raise


def find_dataset(workspace: Workspace, reference: str) -> Dataset | None:
    """Return the registered dataset of that id or name; None when there is none."""
    return workspace.database.read(_find, workspace.owner, reference)


def list_datasets(workspace: Workspace) -> list[Dataset]:
    """Return all of a person's datasets, as they were last stored."""
    return workspace.database.read(queries.datasets, workspace.owner)


def page_of_datasets(workspace: Workspace, wanted: DatasetFilter) -> DatasetPage[ListedDataset]:
    """Return one page of the list; a reading that was killed is marked first."""
    return _page(workspace, queries.dataset_page, wanted)


def whole_page_of_datasets(workspace: Workspace, wanted: DatasetFilter) -> DatasetPage[Dataset]:
    """Return one page as `page_of_datasets` does, with samples, errors and statistics."""
    return _page(workspace, queries.whole_dataset_page, wanted)


def get_dataset(workspace: Workspace, dataset_id: int) -> Dataset | None:
    """Return one of a person's datasets; None when there is none of that number."""
    return workspace.database.read(queries.dataset_by_id, workspace.owner, dataset_id)


def suggested_dataset(workspace: Workspace) -> Dataset | None:
    """Return the dataset of the newest job, else the newest one that is ready, else None."""
    return workspace.database.read(_suggested, workspace.owner)


def delete_dataset(workspace: Workspace, reference: str) -> Result[Dataset]:
    """Hide a dataset; refused while a job still needs it."""
    return workspace.database.write(_delete, workspace.owner, reference)


def invalid_sentence(report: DatasetReport | Dataset) -> str:
    """Return why a file was found invalid, in one sentence."""
    return f"{report.file_name} is not valid: {report.reason or 'see its errors'}"


def bad_lines(report: DatasetReport | Dataset) -> dict[str, str]:
    """Return what is wrong with each bad line, by its number."""
    return {f"line {error.line}": error.message for error in report.validation_errors}


def _page(
    workspace: Workspace,
    question: Callable[[Connection, str, DatasetFilter], DatasetPage[ListedT]],
    wanted: DatasetFilter,
) -> DatasetPage[ListedT]:
    page = workspace.database.read(question, workspace.owner, wanted)
    if any(is_stale(dataset) for dataset in page.datasets):
        end_interrupted(workspace)
        page = workspace.database.read(question, workspace.owner, wanted)
    return page


def _register(
    connection: Connection,
    owner: str,
    report: DatasetReport,
    name: str | None,
    renewed: bool,
    note_id: int | None,
) -> Dataset:
    """Store what was read; of bytes that are known, what was said anew about them.

    The row that tells of the reading, if there is one, becomes that of the dataset.
    """
    known = queries.dataset_by_sha256(connection, owner, report.sha256)
    if known is not None:
        queries.supersede(connection, owner, known.id, storable(str(report.path)))
        if note_id is not None:
            queries.remove_reading(connection, note_id)
        values = _values(owner, report, name or known.name) if renewed else {}
        if name:
            values["name"] = storable(name)
        if not values:
            return known
        queries.update_dataset(connection, known.id, values)
        changed = queries.dataset_by_id(connection, owner, known.id)
        assert changed is not None
        return changed
    values = _values(owner, report, name)
    if note_id is not None and queries.is_noted(connection, note_id):
        dataset_id = note_id
        # Deleted by someone who took the reading for an interrupted one: it is there after all.
        queries.update_dataset(connection, dataset_id, {**values, "deleted_at": None})
    else:
        dataset_id = queries.insert_dataset(connection, values)
    queries.supersede(connection, owner, dataset_id, values["path"])
    stored = queries.dataset_by_id(connection, owner, dataset_id)
    assert stored is not None
    return stored


def _values(owner: str, report: DatasetReport, name: str | None) -> dict[str, Any]:
    ready = report.status is DatasetStatus.READY
    return {
        "owner": owner,
        "name": storable(name or file_stem(report.file_name)),
        "format": report.format,
        "status": report.status,
        "path": storable(str(report.path)),
        "file_name": storable(report.file_name),
        "file_size": report.file_size,
        "sha256": report.sha256,
        "total_training_pairs": report.total_training_pairs,
        "total_validation_pairs": report.total_validation_pairs,
        "total_tokens": report.total_tokens,
        "avg_turns_per_conversation": report.avg_turns_per_conversation,
        "avg_tokens_per_turn": report.avg_tokens_per_turn,
        "training_ready": ready,
        "validated_at": datetime.now(UTC),
        "validation_errors": list(report.validation_errors),
        "sample_data": list(report.samples),
        "statistics": DatasetStatistics.model_validate(
            report.model_dump(include=set(DatasetStatistics.model_fields))
        ),
        "reason": report.reason,
    }


def _find(connection: Connection, owner: str, reference: str) -> Dataset | None:
    if reference.isascii() and reference.isdigit():
        by_id = queries.dataset_by_id(connection, owner, int(reference[:18]))
        if by_id is not None:
            return by_id
    return queries.dataset_by_name(connection, owner, storable(reference))


def _suggested(connection: Connection, owner: str) -> Dataset | None:
    last = job_queries.last_dataset_id(connection, owner)
    used = None if last is None else queries.dataset_by_id(connection, owner, last)
    if used is not None and used.training_ready:
        return used
    return next(
        (d for d in queries.datasets(connection, owner) if d.training_ready),
        None,
    )


def _delete(connection: Connection, owner: str, reference: str) -> Result[Dataset]:
    dataset = _find(connection, owner, reference)
    if dataset is None:
        return Refused(f'There is no dataset "{reference}"')
    if dataset.is_being_read:
        return Refused(f"{dataset.name} is being read; stop the reading first")
    users = job_queries.uses_of_dataset(connection, dataset.id)
    if users:
        numbers = ", ".join(str(number) for number in users[:5])
        return Refused(f"{dataset.name} is still needed by job {numbers}")
    queries.mark_deleted(connection, dataset.id)
    return Ok(dataset)
