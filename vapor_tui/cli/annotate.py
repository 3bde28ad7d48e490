"""`clone`, `rename`, `tag`, `note`: a copy of a job, and what a person writes on one."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from vapor_tui.cli.context import Database, Json, Speed, settings_of, workspace_of
from vapor_tui.cli.jobs import JobId
from vapor_tui.cli.options import with_job_options
from vapor_tui.cli.output import print_json, print_line, print_text, refuse
from vapor_tui.cli.plan import SIMULATOR, InjectOption, RunnerOption, check_runner
from vapor_tui.cli.reading import obtain_dataset
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.results import Ok, Refused, Result
from vapor_tui.services.annotations import change_tags, rename_job, set_note
from vapor_tui.services.cloning import clone_job
from vapor_tui.services.jobs import get_job, missing_job

commands = typer.Typer()

Tags = Annotated[list[str] | None, typer.Option("--add", metavar="TAG", help="A tag to add.")]
LostTags = Annotated[
    list[str] | None, typer.Option("--remove", metavar="TAG", help="A tag to take away.")
]


@commands.command()
@with_job_options
def clone(
    context: typer.Context,
    job_id: JobId,
    raw: dict[str, Any],
    dataset: Annotated[
        str | None,
        typer.Option("--dataset", metavar="DATASET", help="Train on this one instead."),
    ] = None,
    runner: RunnerOption = SIMULATOR,
    mode: Annotated[
        str | None,
        typer.Option("--mode", metavar="NAME", help="Another law of the simulated loss."),
    ] = None,
    inject: InjectOption = None,
    db: Database = None,
    speed: Speed = None,
    as_json: Json = False,
) -> None:
    """Put a copy of a job into the queue, with these changes, and print its id."""
    with workspace_of(context, db) as workspace:
        dataset_id = None
        match check_runner(runner):
            case Refused() as refused:
                refuse(refused, as_json=as_json)
        if dataset is not None:
            match obtain_dataset(workspace, dataset):
                case Refused() as refused:
                    refuse(refused, as_json=as_json)
                case Ok(found):
                    dataset_id = found.id
        answer = clone_job(
            workspace,
            job_id,
            raw,
            dataset_id=dataset_id,
            mode=mode,
            speed=settings_of(context, db, speed).speed,
            injection=inject,
        )
    job = _job_of(answer, as_json)
    if as_json:
        print_json(job)
    else:
        print_line(job.id)


@commands.command()
def rename(
    context: typer.Context,
    job_id: JobId,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The new name.")],
    as_json: Json = False,
) -> None:
    """Give a job another name."""
    with workspace_of(context) as workspace:
        job = _job_of(rename_job(workspace, job_id, name), as_json)
    if as_json:
        print_json({"id": job.id, "name": job.name})
    else:
        print_line(f"Job {job.id} is called {job.name}")


@commands.command()
def tag(
    context: typer.Context,
    job_id: JobId,
    add: Tags = None,
    remove: LostTags = None,
    as_json: Json = False,
) -> None:
    """Add tags to a job or take them away, and print those it has then."""
    with workspace_of(context) as workspace:
        answer = change_tags(workspace, job_id, add or [], remove or [])
    job = _job_of(answer, as_json)
    if as_json:
        print_json({"id": job.id, "tags": job.tags})
    else:
        for text in job.tags:
            print_line(text)


@commands.command()
def note(
    context: typer.Context,
    job_id: JobId,
    text: Annotated[
        str | None,
        typer.Argument(metavar="[TEXT]", help='The new note; "" removes the one there is.'),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a job's note; without a text, print it."""
    with workspace_of(context) as workspace:
        if text is None:
            found = get_job(workspace, job_id)
            answer: Result[Job] = missing_job(job_id) if found is None else Ok(found)
        else:
            answer = set_note(workspace, job_id, text)
    job = _job_of(answer, as_json)
    if as_json:
        print_json({"id": job.id, "notes": job.notes})
    elif text is None:
        print_text(job.notes)
    else:
        print_line(f"Job {job.id} has {'a' if job.notes else 'no'} note")


def _job_of(answer: Result[Job], as_json: bool) -> Job:
    """Return what came of it, or leave with the reason why nothing did."""
    match answer:
        case Refused() as refused:
            refuse(refused, as_json=as_json)
        case Ok(job):
            return job
