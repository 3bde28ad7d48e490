"""`compare`: two to six jobs side by side."""

from __future__ import annotations

import csv
import sys
from typing import Annotated

import typer

from vapor_tui.cli.context import LARGEST_ID, Json, workspace_of
from vapor_tui.cli.output import print_json, print_line, print_table, refuse
from vapor_tui.domain.comparison import MOST, Axis, Comparison, common_places, means_until
from vapor_tui.domain.comparison_rows import outcome_rows
from vapor_tui.domain.formats import count, duration, loss_text
from vapor_tui.domain.results import Ok, Refused
from vapor_tui.domain.text import printable
from vapor_tui.services.compare import (
    CURVE_COLUMNS,
    compare_jobs,
    comparison_document,
    curve_rows,
)
from vapor_tui.services.workspace import Workspace

commands = typer.Typer()

_PLACES = 8
"""Rows of the table of losses."""
_NAME_LENGTH = 24
_LEAST_WHOLE_SECONDS = 60.0
_HEADINGS = {
    Axis.STEP: "step",
    Axis.EPOCH: "epoch",
    Axis.TIME: "time",
    Axis.SIMULATED: "simulated time",
}


@commands.command()
def compare(
    context: typer.Context,
    job_ids: Annotated[
        list[int],
        typer.Argument(metavar="ID...", min=1, max=LARGEST_ID, help=f"Two to {MOST} jobs."),
    ],
    by: Annotated[
        str, typer.Option("--by", metavar="|".join(Axis), help="What losses are laid along.")
    ] = Axis.STEP.value,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print the curves instead, a line per logged step.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show in which settings jobs differ, what came of each, and their losses side by side."""
    if by not in list(Axis):
        sentence = f'Curves cannot be laid along "{by}", only along {", ".join(Axis)}'
        refuse(Refused(sentence, {"by": sentence}), as_json=as_json)
    if as_csv and as_json:
        refuse(Refused("--csv and --json exclude each other"), as_json=True)
    with workspace_of(context) as workspace:
        match compare_jobs(workspace, job_ids):
            case Refused() as refused:
                refuse(refused, as_json=as_json)
            case Ok(comparison):
                pass
        if as_csv:
            _print_curves(workspace, comparison)
        elif as_json:
            print_json({**comparison_document(comparison), **_losses(comparison, Axis(by))})
        else:
            _print_tables(comparison, Axis(by))


def _print_curves(workspace: Workspace, comparison: Comparison) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(CURVE_COLUMNS)
    writer.writerows(curve_rows(workspace, [compared.job for compared in comparison.jobs]))


def _print_tables(comparison: Comparison, axis: Axis) -> None:
    headings = [
        f"#{compared.job.id} {printable(compared.job.name, _NAME_LENGTH)}"
        for compared in comparison.jobs
    ]
    print_table(
        ("", *headings),
        [
            ("Status", *(compared.job.status_word for compared in comparison.jobs)),
            *((row.label, *row.values) for row in comparison.differing),
            *((row.label, *row.values) for row in outcome_rows(comparison)),
        ],
    )
    if not comparison.differing:
        print_line("The settings are the same")
    if any(compared.job.is_simulated for compared in comparison.jobs):
        print_line("sim: simulated, nobody pays it")
    for compared in comparison.jobs:
        if not len(compared.trace):
            print_line(f"Job {compared.job.id} has no curve: it has logged no step")
    places = common_places(comparison.jobs, axis, _PLACES)
    if len(places):
        print_line()
        columns = [means_until(compared, "loss", axis, places) for compared in comparison.jobs]
        print_table(
            (f"Mean loss until {_HEADINGS[axis]}", *(f"#{job_id}" for job_id in comparison.ids)),
            [
                (_place(axis, place), *(loss_text(column[row]) for column in columns))
                for row, place in enumerate(places.tolist())
            ],
        )


def _losses(comparison: Comparison, axis: Axis) -> dict[str, object]:
    places = common_places(comparison.jobs, axis, _PLACES)
    return {
        "losses": {
            "by": axis.value,
            "until": [round(place, 4) for place in places.tolist()],
            "mean_loss": {
                str(compared.job.id): means_until(compared, "loss", axis, places)
                for compared in comparison.jobs
            },
        }
    }


def _place(axis: Axis, place: float) -> str:
    match axis:
        case Axis.STEP:
            return count(round(place))
        case Axis.EPOCH:
            return f"{place:.2f}"
        case Axis.TIME | Axis.SIMULATED:
            return duration(place) if place >= _LEAST_WHOLE_SECONDS else f"{place:.2f}s"
