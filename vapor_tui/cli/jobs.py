"""`jobs` and `show`: what there is, and one job in full."""

from __future__ import annotations

from typing import Annotated

import typer

from vapor_tui.cli.context import LARGEST_ID, Json, PageLimit, PageNumber, workspace_of
from vapor_tui.cli.health_output import health_document, print_health
from vapor_tui.cli.output import page_line, print_json, print_line, print_table, refuse, say
from vapor_tui.domain.formats import (
    ABSENT,
    age,
    duration,
    money,
    percent,
    plain_number,
    several,
)
from vapor_tui.domain.hyperparameters import settings
from vapor_tui.domain.job_pages import (
    JobFilter,
    JobPage,
    parse_sort,
)
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.lifecycle import Status, wish_label
from vapor_tui.domain.orders import SORTED_BY
from vapor_tui.domain.results import Ok, Refused
from vapor_tui.domain.sources import FORMAT_NAMES
from vapor_tui.domain.text import printable_lines
from vapor_tui.domain.totals import Tally, Totals
from vapor_tui.services.health import job_health
from vapor_tui.services.jobs import get_job, list_jobs, missing_job
from vapor_tui.services.overview import job_totals, jobs_without_worker

commands = typer.Typer()

_ORDERS = (
    "; ".join(f"{name}: {first}" for name, (first, _) in SORTED_BY.items())
    + f". -ORDER reverses it, as -cost: {SORTED_BY['cost'][1]}. What has no value comes last."
)
JobId = Annotated[
    int, typer.Argument(metavar="ID", min=1, max=LARGEST_ID, help="The job's number.")
]


@commands.command()
def jobs(
    context: typer.Context,
    status: Annotated[
        str | None, typer.Option("--status", metavar="S", help="Only jobs of this status.")
    ] = None,
    search: Annotated[
        str, typer.Option("--search", metavar="T", help="In name, model, dataset and tags.")
    ] = "",
    tag: Annotated[
        str | None, typer.Option("--tag", metavar="T", help="Only jobs with this tag.")
    ] = None,
    sort: Annotated[str, typer.Option("--sort", metavar="ORDER", help=_ORDERS)] = "newest",
    page: PageNumber = 1,
    limit: PageLimit = 10,
    totals: Annotated[
        bool, typer.Option("--totals", help="Also what all jobs come to, today and this month.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List jobs, newest first."""
    wanted = _filter(status, search, tag, sort, page, limit)
    if isinstance(wanted, Refused):
        refuse(wanted, as_json=as_json)
    with workspace_of(context) as workspace:
        found = list_jobs(workspace, wanted)
        unattended = jobs_without_worker(workspace)
        spent = job_totals(workspace) if totals else None
    if as_json:
        print_json(_document(found, spent))
    else:
        _print_page(found)
        if spent is not None:
            _print_totals(spent)
        _say_unattended(unattended)


@commands.command()
def show(context: typer.Context, job_id: JobId, as_json: Json = False) -> None:
    """Show one job in full."""
    with workspace_of(context) as workspace:
        job = get_job(workspace, job_id)
        if job is None:
            refuse(missing_job(job_id), as_json=as_json)
        health = job_health(workspace, job)
        unattended = jobs_without_worker(workspace) if job.status.is_active else 0
    if as_json:
        print_json(job.model_dump(mode="json") | health_document(health))
    else:
        _print_job(job)
        print_health(health)
        _say_unattended(unattended)


def _filter(
    status: str | None, search: str, tag: str | None, sort: str, page: int, limit: int
) -> JobFilter | Refused:
    if status is not None and status not in list(Status):
        sentence = f'There is no status "{status}"; there are {", ".join(Status)}'
        return Refused(sentence, {"status": sentence})
    match parse_sort(sort):
        case Refused() as refused:
            return refused
        case Ok((order, is_reversed)):
            pass
    return JobFilter(
        status=Status(status) if status else None,
        search=search,
        tag=tag,
        sort=order,
        is_reversed=is_reversed,
        page=page,
        limit=limit,
    )


def _document(found: JobPage[Job], spent: Totals | None) -> dict[str, object]:
    document: dict[str, object] = {
        "jobs": [job.model_dump(mode="json") for job in found.jobs],
        "pagination": {
            "page": found.page,
            "limit": found.limit,
            "total": found.total,
            "total_pages": found.total_pages,
        },
    }
    if spent is not None:
        document["totals"] = {"real": _tally(spent.real), "simulated": _tally(spent.simulated)}
    return document


def _tally(tally: Tally) -> dict[str, object]:
    return {
        "running": tally.running,
        "queued": tally.queued,
        "spent_today": round(tally.today, 2),
        "spent_this_month": round(tally.month, 2),
    }


def _print_totals(spent: Totals) -> None:
    print_line()
    print_table(
        ("", "running", "queued", "spent today", "this month"),
        [
            (name, tally.running, tally.queued, money(tally.today), money(tally.month))
            for name, tally in (("real", spent.real), ("simulated", spent.simulated))
        ],
    )


def _print_page(found: JobPage[Job]) -> None:
    if not found.jobs and found.total:
        print_line(f"There is no page {found.page}, the last one is {found.total_pages}")
        return
    if not found.jobs:
        print_line("No jobs here. Start one with: vapor-tui run FILE")
        return
    print_table(
        ("id", "name", "status", "model", "done", "loss", "left", "cost", "age"),
        [
            (
                job.id,
                job.name,
                job.status_word,
                job.base_model or ABSENT,
                percent(job.progress / 100) if job.has_progress else ABSENT,
                job.current_metrics.shown("loss"),
                duration(job.seconds_left()),
                _cost(job) if job.final_cost or job.current_cost else ABSENT,
                age(job.created_at),
            )
            for job in found.jobs
        ],
    )
    print_line(page_line(found.page, found.total_pages, several(found.total, "job")))


def _say_unattended(number: int) -> None:
    if number:
        has = "has" if number == 1 else "have"
        say(f"{several(number, 'active job')} {has} no worker. Start one with: vapor-tui worker")


def _print_job(job: Job) -> None:
    for label, value in _watched_rows(job) if job.is_attached else _trained_rows(job):
        print_line(f"{label:<28}{value}")


def _watched_rows(job: Job) -> list[tuple[str, object]]:
    """Return what is known of a run that was started elsewhere."""
    metrics, state = job.current_metrics, job.source_state
    read, watched = ABSENT, job.watched()
    if state is not None and state.changed_at is not None:
        read = f"{FORMAT_NAMES[state.format]}, written {age(state.changed_at)} ago"
    total = f" of {job.total_steps} ({percent(job.progress / 100)})" if job.total_steps else ""
    rows: list[tuple[str, object]] = [
        ("name", job.name),
        ("status", job.stage_label),
        ("follows", job.source),
        ("source", read),
        ("steps", f"{job.current_step}{total}"),
        ("loss", metrics.shown("loss")),
        ("eval_loss", metrics.shown("eval_loss")),
        ("elapsed", duration(job.elapsed())) if watched is None else ("watched", duration(watched)),
        ("left", duration(job.seconds_left())),
    ]
    if job.error_message:
        rows.append(("error" if job.status is Status.FAILED else "note", job.error_message))
    for name, value in (job.run_settings or {}).items():
        rows.append((name, plain_number(value) if isinstance(value, float) else value))
    return rows


def _trained_rows(job: Job) -> list[tuple[str, object]]:
    gpus = job.gpu_config
    metrics = job.current_metrics
    wish = wish_label(job.desired) if job.status.is_active else None
    rows: list[tuple[str, object]] = [
        ("name", job.name),
        ("status", f"{job.stage_label}{f' ({wish})' if wish else ''}"),
        ("engine", _engine(job)),
        ("model", job.base_model or ABSENT),
        ("dataset", f"{job.dataset_name or ABSENT}, {job.dataset_pairs or 0:,} pairs"),
        ("GPUs", f"{gpus.count} × {gpus.type}" if gpus else ABSENT),
        ("preset", f"{job.preset_id}{f', from {job.preset_base}' if job.preset_base else ''}"),
        ("steps", f"{job.current_step} of {job.total_steps} ({percent(job.progress / 100)})"),
        ("loss", metrics.shown("loss")),
        ("eval_loss", metrics.shown("eval_loss")),
        ("cost", f"{_cost(job)} of {money(job.estimated_total_cost)} estimated"),
        ("budget", money(job.budget)),
        ("elapsed", duration(job.elapsed())),
        ("left", duration(job.seconds_left())),
        ("seed", job.seed),
        ("tags", ", ".join(job.tags) or ABSENT),
    ]
    note = printable_lines(job.notes) if job.notes else []
    rows += [("note" if number == 0 else "", line) for number, line in enumerate(note)]
    if job.error_message:
        rows.append(("error", job.error_message))
    if job.hyperparameters is not None:
        rows += [
            (name, described.show(getattr(job.hyperparameters, name)))
            for name, described in settings()
        ]
    return rows


def _engine(job: Job) -> str:
    if not job.is_simulated:
        return job.engine
    injected = f", injected {job.injection}" if job.injection else ""
    return f"{job.engine}, mode {job.mode}{injected} (nothing here is real)"


def _cost(job: Job) -> str:
    if job.is_attached:
        return ABSENT
    return money(job.final_cost if job.final_cost is not None else job.current_cost)
