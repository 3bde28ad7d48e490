"""The command that opens the app on the configuration."""

from __future__ import annotations

from typing import Annotated

import typer

from vapor_tui.cli.context import settings_of
from vapor_tui.cli.opening import open_app

commands = typer.Typer()


@commands.command()
def configure(
    context: typer.Context,
    dataset: Annotated[
        int | None, typer.Option("--dataset", metavar="ID", help="Train on this dataset")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", metavar="M", help="Begin with this model")
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option("--preset", metavar="P", help="Begin with the values of this preset"),
    ] = None,
) -> None:
    """Open the app on a new job."""
    filled = {"dataset_id": dataset, "model": model, "preset": preset}
    raise typer.Exit(open_app(settings_of(context), configure=filled))
