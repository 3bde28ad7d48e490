"""Writes a person's names, tags and notes on jobs; what runs is not disturbed by it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from vapor_tui.domain.annotations import check_name, check_note, check_tags, without
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.results import Ok, Refused, Result
from vapor_tui.services.jobs import missing_job
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import jobs as queries
from vapor_tui.storage.events import record


def rename_job(workspace: Workspace, job_id: int, name: str) -> Result[Job]:
    """Give a job another name."""
    match check_name(name):
        case Refused() as refused:
            return refused
        case Ok(checked):
            return workspace.database.write(_rename, workspace.owner, job_id, checked)


def set_tags(workspace: Workspace, job_id: int, texts: Sequence[str]) -> Result[Job]:
    """Give a job exactly these tags; each text may hold several, between commas."""
    return workspace.database.write(_change_tags, workspace.owner, job_id, lambda _: texts)


def change_tags(
    workspace: Workspace, job_id: int, added: Sequence[str], removed: Sequence[str]
) -> Result[Job]:
    """Add tags to a job and take others away; a tag in both is added."""
    match check_tags(removed):
        case Refused() as refused:
            return refused
        case Ok(gone):
            pass

    def changed(tags: Sequence[str]) -> Sequence[str]:
        return [*without(tags, gone), *added]

    return workspace.database.write(_change_tags, workspace.owner, job_id, changed)


def set_note(workspace: Workspace, job_id: int, text: str) -> Result[Job]:
    """Write a job's note in place of the one before; an empty text removes it."""
    match check_note(text):
        case Refused() as refused:
            return refused
        case Ok(note):
            return workspace.database.write(_change_note, workspace.owner, job_id, note)


def tags_in_use(workspace: Workspace) -> list[str]:
    """Return every tag of any job, the most used ones first."""
    return workspace.database.read(queries.tags_in_use, workspace.owner)


def _rename(connection: Connection, owner: str, job_id: int, name: str) -> Result[Job]:
    job = queries.job_by_id(connection, owner, job_id)
    if job is None:
        return missing_job(job_id)
    return Ok(renamed(connection, owner, job, name))


def renamed(connection: Connection, owner: str, job: Job, name: str) -> Job:
    """Give a job another name inside a transaction, and return it as it is then."""
    if name != job.name:
        queries.set_name(connection, job.id, name)
        record(connection, job.id, "name", job.name, name, who=owner, fence=job.fence)
    return job.model_copy(update={"name": name})


def _change_tags(
    connection: Connection,
    owner: str,
    job_id: int,
    change: Callable[[Sequence[str]], Sequence[str]],
) -> Result[Job]:
    job = queries.job_by_id(connection, owner, job_id)
    if job is None:
        return missing_job(job_id)
    match check_tags(change(job.tags)):
        case Refused() as refused:
            return refused
        case Ok(tags):
            pass
    if list(tags) != job.tags:
        queries.set_tags(connection, job_id, tags)
        before, after = ", ".join(job.tags), ", ".join(tags)
        record(connection, job_id, "tags", before, after, who=owner, fence=job.fence)
    return Ok(job.model_copy(update={"tags": list(tags)}))


def _change_note(connection: Connection, owner: str, job_id: int, note: str) -> Result[Job]:
    job = queries.job_by_id(connection, owner, job_id)
    if job is None:
        return missing_job(job_id)
    if note != job.notes:
        queries.set_note(connection, job_id, note)
        record(connection, job_id, "note", None, None, who=owner, fence=job.fence)
    return Ok(job.model_copy(update={"notes": note}))
