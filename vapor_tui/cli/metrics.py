"""`metrics` and `logs`: what a run measured, and what it printed."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from vapor_tui.cli.context import Json, workspace_of
from vapor_tui.cli.jobs import JobId
from vapor_tui.cli.output import print_json, print_line, refuse
from vapor_tui.domain.results import Refused
from vapor_tui.services.exports import metric_rows, metrics_csv, metrics_jsonl, new_log_lines
from vapor_tui.services.jobs import get_job, missing_job

commands = typer.Typer()

_LOOK_SECONDS = 0.5


@commands.command()
def metrics(
    context: typer.Context,
    job_id: JobId,
    format_: Annotated[
        str, typer.Option("--format", metavar="csv|jsonl", help="How to print them.")
    ] = "csv",
    last: Annotated[
        int | None, typer.Option("--last", metavar="N", min=1, help="Only the last N points.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Print a job's metrics, a line per logged step."""
    if format_ not in ("csv", "jsonl"):
        refuse(Refused(f'There is no format "{format_}"; there are csv and jsonl'), as_json=as_json)
    with workspace_of(context) as workspace:
        if get_job(workspace, job_id) is None:
            refuse(missing_job(job_id), as_json=as_json)
        if as_json:
            print_json({"job_id": job_id, "metrics": list(metric_rows(workspace, job_id, last))})
            return
        lines = {"csv": metrics_csv, "jsonl": metrics_jsonl}[format_]
        sys.stdout.writelines(lines(workspace, job_id, last))


@commands.command()
def logs(
    context: typer.Context,
    job_id: JobId,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the job has ended.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print what a job's runner printed."""
    with workspace_of(context) as workspace:
        number, document = 0, []
        while True:
            job = get_job(workspace, job_id)
            if job is None:
                refuse(missing_job(job_id), as_json=as_json)
            for line in new_log_lines(workspace, job_id, number):
                number = line.number
                if as_json:
                    at = datetime.fromtimestamp(line.at, UTC).isoformat()
                    document.append({"number": number, "at": at, "text": line.text})
                    continue
                stamp = time.strftime("%H:%M:%S", time.localtime(line.at))
                print_line(f"{stamp}  {line.text}")
            if not follow or not job.status.is_active:
                break
            sys.stdout.flush()
            time.sleep(_LOOK_SECONDS)
    if as_json:
        print_json({"job_id": job_id, "lines": document})
