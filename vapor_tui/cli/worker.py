"""`worker`: drives queued jobs without a screen."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from typing import Annotated

import typer

from vapor_tui.cli.context import (
    INTERRUPTED,
    Database,
    Speed,
    settings_of,
    workspace_of,
)
from vapor_tui.cli.output import refuse, telling
from vapor_tui.cli.settings import preferences_of
from vapor_tui.domain.health.settings import HealthSettings
from vapor_tui.domain.results import Refused
from vapor_tui.services.unit import worker_unit
from vapor_tui.services.workspace import Workspace
from vapor_tui.simulation import Pace
from vapor_tui.worker.deliveries import delivering
from vapor_tui.worker.signals import hurrying_on, stop_on_signals
from vapor_tui.worker.worker import DEFAULT_CONCURRENCY, Worker, default_runners

commands = typer.Typer()


@commands.command()
def worker(
    context: typer.Context,
    once: Annotated[
        bool, typer.Option("--once", help="End when nothing is queued or running.")
    ] = False,
    concurrency: Annotated[
        int, typer.Option("--concurrency", metavar="N", min=1, help="Jobs at the same time.")
    ] = DEFAULT_CONCURRENCY,
    print_unit: Annotated[
        bool, typer.Option("--print-unit", help="Print a systemd user unit and leave.")
    ] = False,
    db: Database = None,
    speed: Speed = None,
) -> None:
    """Drive queued jobs until interrupted; Ctrl-C hands back what is running."""
    if print_unit:
        typer.echo(worker_unit(settings_of(context, db).database, concurrency), nl=False)
        return
    wanted = settings_of(context, db, speed).speed
    try:
        pace = Pace.parse(wanted) if wanted else None
    except ValueError as error:
        refuse(Refused(str(error)))
    preferences = preferences_of(settings_of(context))
    on_event = preferences.on_event if preferences else ()
    health = preferences.health if preferences else None
    with workspace_of(context, db) as workspace, telling("vapor_tui.worker"):
        is_interrupted = asyncio.run(_work(workspace, pace, concurrency, once, on_event, health))
    if is_interrupted:
        raise typer.Exit(INTERRUPTED)


async def _work(
    workspace: Workspace,
    pace: Pace | None,
    concurrency: int,
    once: bool,
    on_event: Sequence[str],
    health: HealthSettings | None,
) -> bool:
    """Work until there is a reason to end; say whether that was Ctrl-C."""
    stop = asyncio.Event()
    worker = Worker(
        workspace.database,
        workspace.owner,
        concurrency=concurrency,
        runners=default_runners(pace),
        is_separate=True,
        health=health,
    )
    with stop_on_signals(stop) as received:
        delivery = delivering(workspace.database, workspace.owner, on_event, stop)
        async with hurrying_on(stop, workspace.database), delivery:
            await worker.run(stop, once=once)
    return received[:1] == [signal.SIGINT]
