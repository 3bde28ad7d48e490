"""`pause`, `resume`, `cancel`, `retry`, `fail`, `delete`: what can be asked of jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from vapor_tui.cli.context import LARGEST_ID, Json, workspace_of
from vapor_tui.cli.output import leave_if_refused, print_line, print_outcomes, say_refused
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.lifecycle import Action, may_apply, wish_label
from vapor_tui.domain.results import Ok, Refused
from vapor_tui.services.jobs import apply_actions, get_jobs, purge_deleted

commands = typer.Typer()

JobIds = Annotated[
    list[int],
    typer.Argument(metavar="ID...", min=1, max=LARGEST_ID, help="The jobs' numbers."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@commands.command()
def pause(context: typer.Context, job_ids: JobIds, as_json: Json = False) -> None:
    """Pause jobs; they keep what they have done."""
    _apply(context, Action.PAUSE, job_ids, as_json)


@commands.command()
def resume(context: typer.Context, job_ids: JobIds, as_json: Json = False) -> None:
    """Queue paused jobs again; they go on where they were."""
    _apply(context, Action.RESUME, job_ids, as_json)


@commands.command()
def cancel(
    context: typer.Context,
    job_ids: JobIds,
    after_epoch: Annotated[
        bool, typer.Option("--after-epoch", help="Let the present epoch end first.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Stop jobs for good; what was saved is kept."""
    action = Action.CANCEL_AFTER_EPOCH if after_epoch else Action.CANCEL
    _apply(context, action, job_ids, as_json)


@commands.command()
def retry(context: typer.Context, job_ids: JobIds, as_json: Json = False) -> None:
    """Queue failed jobs again; they go on after the last stored step."""
    _apply(context, Action.RETRY, job_ids, as_json)


@commands.command()
def fail(context: typer.Context, job_ids: JobIds, as_json: Json = False) -> None:
    """Make running jobs fail, to try what happens then."""
    _apply(context, Action.FAIL, job_ids, as_json)


@commands.command()
def delete(
    context: typer.Context, job_ids: JobIds, yes: Yes = False, as_json: Json = False
) -> None:
    """Delete jobs that have ended, with their metrics and logs."""
    if not yes and _any_deletable(context, job_ids):
        numbers = ", ".join(str(number) for number in job_ids)
        typer.confirm(f"Delete job {numbers} for good?", abort=True, err=True)
    _apply(context, Action.DELETE, job_ids, as_json)


def _any_deletable(context: typer.Context, job_ids: Sequence[int]) -> bool:
    """Say whether there is anything to ask about: what is refused anyway needs no answer."""
    with workspace_of(context) as workspace:
        jobs = get_jobs(workspace, job_ids)
    return any(may_apply(Action.DELETE, job.status) for job in jobs)


def _apply(context: typer.Context, action: Action, job_ids: Sequence[int], as_json: bool) -> None:
    """Apply an action to each job; one that is refused does not keep the others from it."""
    done: list[Job] = []
    refusals: list[Refused] = []
    with workspace_of(context) as workspace:
        for answer in apply_actions(workspace, dict.fromkeys(job_ids, action)).values():
            match answer:
                case Ok(job):
                    done.append(job)
                    if not as_json:
                        print_line(_sentence(action, job))
                case Refused() as refused:
                    refusals.append(refused)
        if action is Action.DELETE:
            purge_deleted(workspace)
    if as_json:
        print_outcomes(done, refusals)
    else:
        for refused in refusals:
            say_refused(refused)
    leave_if_refused(refusals)


def _sentence(action: Action, job: Job) -> str:
    if action is Action.DELETE:
        return f"Job {job.id} is deleted"
    wish = wish_label(job.desired) if job.lease_owner is not None else None
    return f"Job {job.id} is {wish or job.status_word}"
