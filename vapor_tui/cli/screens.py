"""Opens the app, on the list, a monitor or the configuration."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from vapor_tui.cli.context import Settings, preferences_of, settings_of

commands = typer.Typer()


@commands.command()
def configure(
    context: typer.Context,
    dataset: Annotated[int | None, typer.Option("--dataset", metavar="ID")] = None,
    model: Annotated[str | None, typer.Option("--model", metavar="M")] = None,
    preset: Annotated[str | None, typer.Option("--preset", metavar="P")] = None,
) -> None:
    """Open the app on a new job."""
    filled = {"dataset_id": dataset, "model": model, "preset": preset}
    raise typer.Exit(open_app(settings_of(context), configure=filled))


def open_app(
    settings: Settings, *, job_id: int | None = None, configure: dict[str, Any] | None = None
) -> int:
    """Run the app until it is left; return its exit code."""
    from vapor_tui.ui.terminal import can_be_drawn_on, draws_ascii

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        _refuse("The app needs a terminal. Without one, try: vapor-tui jobs")
    if not can_be_drawn_on():
        _refuse(
            "The app needs a terminal that can be drawn on, and TERM says that this one cannot "
            "be. The commands need none: try vapor-tui jobs"
        )
    from vapor_tui.ui.app import create_app
    from vapor_tui.ui.backend import Backend

    if settings.speed is not None:
        _check_speed(settings.speed)
    preferences = preferences_of(settings)
    backend = Backend(
        settings.database,
        speed=settings.speed,
        runs_worker=settings.runs_worker,
        on_event=preferences.on_event if preferences else (),
        health=preferences.health if preferences else None,
    )
    app = create_app(
        backend,
        job_id=job_id,
        configure=configure,
        preferences=preferences,
        owns_process=True,
        ascii_only=draws_ascii(preferences.ascii if preferences else None),
        directory=Path.cwd(),
    )
    app.run()
    return app.return_code or 0


def _refuse(sentence: str) -> NoReturn:
    from vapor_tui.cli.output import refuse
    from vapor_tui.domain.results import Refused

    refuse(Refused(sentence))


def _check_speed(speed: str) -> None:
    from vapor_tui.simulation import Pace

    try:
        Pace.parse(speed)
    except ValueError as error:
        _refuse(str(error))
