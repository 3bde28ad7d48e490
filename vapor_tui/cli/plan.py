"""`submit` and `estimate`: what a job would take, and putting it into the queue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from vapor_tui.cli.context import Database, Json, Speed, settings_of, workspace_of
from vapor_tui.cli.options import simulation_option, with_job_options
from vapor_tui.cli.output import print_json, print_line, refuse, say
from vapor_tui.cli.plan_output import budget_sentence, print_comparison, print_plan
from vapor_tui.cli.reading import note_bad_records, obtain_dataset, reading_bar, registered
from vapor_tui.domain.datasets import DatasetReport, DatasetStatus
from vapor_tui.domain.estimate import Workload
from vapor_tui.domain.plans import PlanSort
from vapor_tui.domain.results import Ok, Refused, Result
from vapor_tui.paths import readable
from vapor_tui.services.datasets import bad_lines, inspect_file, invalid_sentence
from vapor_tui.services.jobs import DEFAULT_MODE, Simulation, check_simulation, create_job
from vapor_tui.services.plans import Plan, calibration, compare, plan_document, plan_job
from vapor_tui.services.workspace import Workspace

commands = typer.Typer()

DatasetArgument = Annotated[
    str, typer.Argument(metavar="DATASET", help="A dataset's id or name, or a file.")
]
RunnerOption = Annotated[
    str, typer.Option("--runner", metavar="NAME", help="What trains: simulator.")
]
ValidationOption = Annotated[
    Path | None,
    typer.Option("--validation", metavar="FILE", help="Validation records, in a second file."),
]

ModeOption = Annotated[str, simulation_option("mode")]
InjectOption = Annotated[str | None, simulation_option("injection")]

SIMULATOR = "simulator"
_PROMISED = ("hf", "slurm")


def check_runner(name: str) -> Result[None]:
    """Refuse a runner that does not exist, or not yet."""
    if name == SIMULATOR:
        return Ok(None)
    if name in _PROMISED:
        sentence = f'The runner "{name}" is not there yet; simulator is'
    else:
        sentence = f'There is no runner "{name}"; simulator is the one there is'
    return Refused(sentence, {"runner": sentence})


@commands.command()
@with_job_options
def submit(
    context: typer.Context,
    dataset: DatasetArgument,
    raw: dict[str, Any],
    runner: RunnerOption = SIMULATOR,
    validation: ValidationOption = None,
    mode: ModeOption = DEFAULT_MODE.value,
    inject: InjectOption = None,
    db: Database = None,
    speed: Speed = None,
    as_json: Json = False,
) -> None:
    """Create a job in the queue and print its id."""
    with workspace_of(context, db) as workspace:
        wanted = settings_of(context, db, speed).speed or "auto"
        simulation = Simulation(mode=mode, speed=wanted, injection=inject)
        match prepared(workspace, dataset, raw, runner, simulation, validation):
            case Refused() as refused:
                refuse(refused, as_json=as_json)
            case Ok(dataset_id):
                pass
        match create_job(workspace, raw, dataset_id, simulation=simulation):
            case Refused() as refused:
                refuse(refused, as_json=as_json)
            case Ok(job):
                if as_json:
                    print_json(job)
                else:
                    print_line(job.id)


@commands.command()
@with_job_options
def estimate(
    context: typer.Context,
    dataset: DatasetArgument,
    raw: dict[str, Any],
    runner: RunnerOption = SIMULATOR,
    compare_all: Annotated[
        bool, typer.Option("--compare", help="Every GPU type and count, side by side.")
    ] = False,
    sort: Annotated[
        str, typer.Option("--sort", metavar="cost|time|gpu", help="Order of the comparison.")
    ] = PlanSort.COST.value,
    db: Database = None,
    as_json: Json = False,
) -> None:
    """Say what a job would cost and how long it would take; nothing is stored."""
    if sort not in list(PlanSort):
        refuse(Refused(f'There is no order "{sort}"; there are {", ".join(PlanSort)}'))
    with workspace_of(context, db) as workspace:
        match check_runner(runner):
            case Refused() as refused:
                refuse(refused, as_json=as_json)
        match _estimated(workspace, dataset, raw):
            case Refused() as refused:
                refuse(refused, as_json=as_json)
            case Ok(plan):
                pass
        if compare_all:
            print_comparison(compare(workspace, plan, PlanSort(sort)), as_json=as_json)
            return
        found = calibration(workspace, plan.draft.settings.base_model, plan.draft.gpu)
        if as_json:
            print_json(plan_document(plan, found))
        else:
            print_plan(plan, found)


def prepared(
    workspace: Workspace,
    reference: str,
    raw: dict[str, Any],
    runner: str,
    simulation: Simulation,
    validation: Path | None = None,
) -> Result[int]:
    """Check a configuration, then find or register its dataset; return the dataset's id.

    The configuration comes first: when it is wrong, no file is read and nothing is stored. What
    depends on the number of records is checked once they are read, before they are stored.
    """
    for checked in (
        check_runner(runner),
        check_simulation(simulation),
        plan_job(workspace, raw, None),
    ):
        if isinstance(checked, Refused):
            return checked

    def check(report: DatasetReport) -> Refused | None:
        planned = plan_job(workspace, raw, _workload(report))
        if isinstance(planned, Refused):
            return planned
        checked = check_simulation(simulation, planned.value.estimate.total_steps)
        return checked if isinstance(checked, Refused) else None

    match obtain_dataset(workspace, reference, validation=validation, check=check):
        case Refused() as refused:
            return refused
        case Ok(dataset):
            note_budget(plan_job(workspace, raw, dataset))
            return Ok(dataset.id)


def note_budget(planned: Result[Plan]) -> None:
    """Say on standard error where a job is not expected to come to its end within its budget."""
    if isinstance(planned, Ok) and planned.value.budget_warning:
        say(f"Note: an estimate of {budget_sentence(planned.value)}, where the job is stopped")


def _estimated(workspace: Workspace, reference: str, raw: dict[str, Any]) -> Result[Plan]:
    planned = plan_job(workspace, raw, None)
    if isinstance(planned, Refused):
        return planned
    match registered(workspace, reference):
        case Refused() as refused:
            return refused
        case Ok(dataset):
            return plan_job(workspace, raw, dataset)
        case None:
            pass
    with reading_bar(reference) as progress:
        read = inspect_file(readable(reference) or Path(reference), progress=progress)
    match read:
        case Refused() as refused:
            return refused
        case Ok(report) if report.status is DatasetStatus.INVALID:
            return Refused(invalid_sentence(report), bad_lines(report))
        case Ok(report):
            note_bad_records(report, report.validation_errors)
            return plan_job(workspace, raw, _workload(report))


def _workload(report: DatasetReport) -> Workload:
    name = Path(report.file_name).stem
    return Workload.of(report.total_training_pairs, report.total_tokens, name)
