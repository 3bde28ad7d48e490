"""`presets list|save|rename|delete`: values to start from, and a person's own."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from vapor_tui.cli.context import LARGEST_ID, Json, workspace_of
from vapor_tui.cli.options import with_preset_options
from vapor_tui.cli.output import print_json, print_line, print_table, refuse
from vapor_tui.domain.catalogue import (
    CUSTOM,
    Catalogue,
    Preset,
    nearest,
    preset_hyperparameters,
)
from vapor_tui.domain.formats import plain_number
from vapor_tui.domain.results import Ok, Refused, Result
from vapor_tui.services.catalogue import load_catalogue
from vapor_tui.services.presets import delete_preset, rename_preset, save_preset

commands = typer.Typer()
presets = typer.Typer(
    help="List the presets; save, rename and delete your own.", invoke_without_command=True
)
commands.add_typer(presets, name="presets")

Name = Annotated[str, typer.Argument(metavar="NAME", help="Of your own preset, or its id.")]


@presets.callback()
def presets_(context: typer.Context, as_json: Json = False) -> None:
    """List the presets; save, rename and delete your own."""
    if context.invoked_subcommand is None:
        list_(as_json)


@presets.command("list")
def list_(as_json: Json = False) -> None:
    """List all presets, those of the program first."""
    catalogue = load_catalogue()
    if as_json:
        print_json({"presets": [_document(preset, catalogue) for preset in catalogue.presets]})
        return
    print_table(
        ("id", "learning rate", "batch", "epochs", "rank", "alpha", "dropout", "says"),
        [
            (
                preset.id + (" (default)" if preset is catalogue.default_preset else ""),
                *(plain_number(float(value)) for value in preset.values.values()),
                preset.tagline or ("yours" if preset.id in catalogue.own_presets else ""),
            )
            for preset in catalogue.presets
        ],
    )


@presets.command()
@with_preset_options
def save(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="What it is called; --preset takes it in short.")
    ],
    raw: dict[str, Any],
    source: Annotated[
        str | None, typer.Option("--from", metavar="PRESET", help="Values to start from.")
    ] = None,
    job: Annotated[
        int | None,
        typer.Option("--from-job", metavar="ID", max=LARGEST_ID, help="Take a job's values."),
    ] = None,
    tagline: Annotated[
        str, typer.Option("--tagline", metavar="TEXT", help="What it is for.", show_default=False)
    ] = "",
    replace: Annotated[
        bool, typer.Option("--replace", help="Overwrite one of your own of that name.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Keep values under a name, in presets.toml among your settings."""
    if source is not None and job is not None:
        refuse(Refused("Give either --from or --from-job"), as_json=as_json)
    found = _values_of_job(context, job) if job is not None else _values_of(source, raw)
    match found:
        case Refused() as refused:
            refuse(refused, as_json=as_json)
        case Ok(values):
            pass
    saved = save_preset(name, {**values, **raw}, tagline=tagline, replaces=replace)
    _answer(saved, "Saved {0.id}. Use it with: --preset {0.id}", as_json)


@presets.command()
def rename(
    old: Name,
    new: Annotated[str, typer.Argument(metavar="NEW", help="What it is to be called.")],
    as_json: Json = False,
) -> None:
    """Give a preset of your own another name."""
    _answer(rename_preset(old, new), "It is {0.id} now", as_json)


@presets.command()
def delete(name: Name, as_json: Json = False) -> None:
    """Delete a preset of your own; jobs made from it keep their values."""
    _answer(delete_preset(name), "Deleted {0.id}", as_json)


def _values_of(source: str | None, raw: dict[str, Any]) -> Result[dict[str, Any]]:
    """Return the values of a preset, the default one where none is named, with those given."""
    catalogue = load_catalogue()
    if source == CUSTOM:
        return Ok(preset_hyperparameters(None, raw))
    preset = catalogue.default_preset if source is None else catalogue.preset(source)
    if preset is None:
        known = [*(each.id for each in catalogue.presets), CUSTOM]
        sentence = f'There is no preset "{source}".{nearest(str(source), known)}'
        return Refused(sentence, {"preset": sentence})
    return Ok(preset_hyperparameters(preset, raw))


def _values_of_job(context: typer.Context, job_id: int) -> Result[dict[str, Any]]:
    from vapor_tui.services.jobs import get_job, missing_job

    with workspace_of(context) as workspace:
        job = get_job(workspace, job_id)
    if job is None:
        return missing_job(job_id)
    if job.hyperparameters is None:
        return Refused(f"Job {job_id} was started elsewhere: its hyperparameters are not known")
    return Ok(dict(job.hyperparameters))


def _answer(result: Result[Preset], sentence: str, as_json: bool) -> None:
    match result:
        case Refused() as refused:
            refuse(refused, as_json=as_json)
        case Ok(preset) if as_json:
            print_json(_document(preset, load_catalogue()))
        case Ok(preset):
            print_line(sentence.format(preset))


def _document(preset: Preset, catalogue: Catalogue) -> dict[str, Any]:
    return {**preset.model_dump(mode="json"), "own": preset.id in catalogue.own_presets}
