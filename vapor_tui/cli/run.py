"""`run`: creates a job and drives it here, with progress bars, until it ends."""

from __future__ import annotations

import asyncio
from typing import Any

import typer

from vapor_tui.cli.context import (
    INTERRUPTED,
    Bell,
    Database,
    Json,
    Speed,
    settings_of,
    workspace_of,
)
from vapor_tui.cli.driving import create_and_drive
from vapor_tui.cli.options import with_job_options
from vapor_tui.cli.output import FAILED, print_json, print_line, refuse
from vapor_tui.cli.plan import (
    SIMULATOR,
    DatasetArgument,
    InjectOption,
    ModeOption,
    RunnerOption,
    ValidationOption,
    prepared,
)
from vapor_tui.cli.settings import preferences_of
from vapor_tui.config import Preferences
from vapor_tui.domain.formats import ABSENT, duration, money
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.lifecycle import Status
from vapor_tui.domain.results import Ok, Refused
from vapor_tui.domain.text import printable
from vapor_tui.services.jobs import DEFAULT_MODE, Simulation

commands = typer.Typer()


@commands.command()
@with_job_options
def run(
    context: typer.Context,
    dataset: DatasetArgument,
    raw: dict[str, Any],
    runner: RunnerOption = SIMULATOR,
    validation: ValidationOption = None,
    mode: ModeOption = DEFAULT_MODE.value,
    inject: InjectOption = None,
    db: Database = None,
    speed: Speed = None,
    bell: Bell = False,
    as_json: Json = False,
) -> None:
    """Create a job and drive it here until it ends."""
    settings = settings_of(context, db, speed, rings=bell)
    preferences = preferences_of(settings) or Preferences()
    with workspace_of(context, db) as workspace:
        wanted = settings.speed or "auto"
        simulation = Simulation(mode=mode, speed=wanted, injection=inject)
        match prepared(workspace, dataset, raw, runner, simulation, validation):
            case Refused() as refused:
                refuse(refused, as_json=as_json)
            case Ok(dataset_id):
                pass
        driving = create_and_drive(workspace, raw, dataset_id, simulation, preferences)
        match asyncio.run(driving):
            case None:
                raise typer.Exit(INTERRUPTED)
            case Refused() as refused:
                refuse(refused, as_json=as_json)
            case Ok(driven):
                pass
        if as_json:
            print_json(driven.job)
        else:
            _print_summary(driven.job)
        if driven.is_interrupted and driven.job.status.is_active:
            raise typer.Exit(INTERRUPTED)
        if driven.job.status is not Status.COMPLETED:
            raise typer.Exit(FAILED)


def _print_summary(job: Job) -> None:
    simulated = " (simulated)" if job.is_simulated else ""
    name = printable(job.name)
    if job.status.is_active:
        where = f"at step {job.current_step} of {job.total_steps}; nothing is lost."
        if job.status is Status.QUEUED:
            print_line(f"Job {job.id} is back in the queue {where}")
        else:
            print_line(f"Job {job.id} could not be handed back: the next worker takes it {where}")
        print_line(f"Go on with: vapor-tui worker --once   or watch it: vapor-tui --job {job.id}")
        return
    injected = f", injected {job.injection}" if job.injection else ""
    print_line(f"Job {job.id} {name}: {job.status}{simulated}{injected}")
    if job.error_message:
        print_line(f"  {job.error_message}")
    metrics = job.current_metrics
    cost = job.final_cost if job.final_cost is not None else job.current_cost
    for label, value in (
        ("steps", f"{job.current_step} of {job.total_steps}"),
        ("loss", metrics.shown("loss")),
        ("eval_loss", metrics.shown("eval_loss")),
        ("cost", f"{money(cost)} of {money(job.estimated_total_cost)} estimated{simulated}"),
        ("estimate", _error(job.estimate_error)),
        ("elapsed", duration(job.elapsed())),
    ):
        print_line(f"  {label:<11}{value}")
    print_line(f"See it again: vapor-tui --job {job.id}")


def _error(share: float | None) -> str:
    if share is None:
        return ABSENT
    shown = f"{abs(share):.1%}"
    if shown == "0.0%":
        return "as estimated"
    return f"was {shown} too {'low' if share > 0 else 'high'}"
