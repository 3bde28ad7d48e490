"""`attach` and `discover`: runs that were started elsewhere."""

from __future__ import annotations

import asyncio
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.status import Status as Spinner
from rich.text import Text

from vapor_tui.cli.context import Database, Json, workspace_of
from vapor_tui.cli.output import (
    leave_if_refused,
    print_json,
    print_line,
    print_outcomes,
    print_table,
    refuse,
    say_refused,
)
from vapor_tui.domain.formats import ABSENT, age, count, file_size
from vapor_tui.domain.jobs import (
    Engine,
    Job,
)
from vapor_tui.domain.results import Ok, Refused, Result
from vapor_tui.domain.sources import FORMAT_NAMES
from vapor_tui.domain.text import NOT_UTF8, printable
from vapor_tui.own_thread import in_own_thread
from vapor_tui.runlogs.discovery import DEPTH
from vapor_tui.runners.attach import AttachRunner
from vapor_tui.services.attach import (
    FoundRuns,
    KnownRun,
    attach_inspected,
    inspect,
    look_for_runs,
)
from vapor_tui.services.jobs import get_job
from vapor_tui.services.workspace import Workspace
from vapor_tui.worker.signals import stop_on_signals
from vapor_tui.worker.worker import Worker

commands = typer.Typer()

_LOOK_SECONDS = 0.2
_DEEPEST = 12


@commands.command()
def attach(
    context: typer.Context,
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH...", help="Logs, or the folders of runs.")
    ],
    name: Annotated[
        str | None, typer.Option("--name", help="Instead of that of the file or folder.")
    ] = None,
    db: Database = None,
    as_json: Json = False,
) -> None:
    """Watch runs that were started elsewhere: read what they have logged, and follow them.

    Reads its TensorBoard files, trainer_state.json, trainer_log.jsonl, events.jsonl, a CSV or
    JSONL with step and loss, or the captured output of the Trainer. Nothing is written there.
    """
    if name is not None and len(paths) > 1:
        refuse(Refused("A name is for one run: name one path with it"), as_json=as_json)
    if len(paths) == 1:
        _attach_one(context, paths[0], name, db, as_json=as_json)
    else:
        _attach_each(context, paths, db, as_json=as_json)


def _attach_one(
    context: typer.Context, path: Path, name: str | None, db: Path | None, *, as_json: bool
) -> None:
    with workspace_of(context, db) as workspace:
        match asyncio.run(_read(workspace, path, name)):
            case Refused() as refused:
                refuse(refused, as_json=as_json)
            case Ok(attached) if as_json:
                print_json(attached.job)
            case Ok(attached):
                _print_attached(attached)


def _attach_each(
    context: typer.Context, paths: list[Path], db: Path | None, *, as_json: bool
) -> None:
    """Attach to each run; one that is refused does not keep the others from it."""
    done: list[Job] = []
    refusals: list[Refused] = []
    with workspace_of(context, db) as workspace:
        for path in paths:
            match asyncio.run(_read(workspace, path, None)):
                case Ok(attached):
                    done.append(attached.job)
                    if not as_json:
                        _print_attached(attached)
                case Refused() as refused:
                    refusals.append(refused)
                    if not as_json:
                        say_refused(refused)
    if as_json:
        print_outcomes(done, refusals)
    leave_if_refused(refusals)


@dataclass(frozen=True, slots=True)
class _Attached:
    """The job of a run, and what is said of the other logs beside it."""

    job: Job
    others: str


async def _read(workspace: Workspace, path: Path, name: str | None) -> Result[_Attached]:
    """Make the job and read what there is; an app or a worker follows it from there."""
    # The disk may hang: nothing is begun before it has answered, and Ctrl-C ends the wait.
    inspected = await in_own_thread(inspect, path)
    if isinstance(inspected, Refused):
        return inspected
    stop = asyncio.Event()
    runners = {Engine.EXTERNAL: lambda: AttachRunner(caught_up=stop.set)}
    worker = Worker(workspace.database, workspace.owner, runners=runners, claims=False)
    with stop_on_signals(stop):
        worker_id = await worker.register()
        answer = await asyncio.to_thread(
            attach_inspected, workspace, inspected.value, name=name, leased_to=worker_id
        )
        if isinstance(answer, Refused):
            await worker.leave()
            return answer
        others = inspected.value.others_sentence
        if answer.value.lease_owner != worker_id:
            await worker.leave()
            return Ok(_Attached(answer.value, others))
        worker.adopt(answer.value)
        working = asyncio.create_task(worker.run(stop, once=True))
        with _spinner(printable(path, 60)) as show:
            while not working.done():
                await asyncio.wait([working], timeout=_LOOK_SECONDS)
                if (
                    seen := await asyncio.to_thread(get_job, workspace, answer.value.id)
                ) is not None:
                    show(seen)
        await working
    stored = await asyncio.to_thread(get_job, workspace, answer.value.id)
    return Ok(_Attached(stored or answer.value, others))


@contextmanager
def _spinner(what: str) -> Iterator[Any]:
    """Yield a function that says how much has been read, where somebody looks."""
    if not sys.stderr.isatty():
        yield lambda job: None
        return
    with Spinner("", console=Console(stderr=True, markup=False)) as spinner:
        yield lambda job: spinner.update(
            # A plain string would be markup to the spinner, whatever its console makes of it.
            Text(f"reading {what}: {file_size(job.source_offset)}, step {count(job.current_step)}")
        )


def _print_attached(attached: _Attached) -> None:
    job = attached.job
    metrics, state = job.current_metrics, job.source_state
    total = f" of {count(job.total_steps)}" if job.total_steps else ""
    state_word = f"{job.status_word}, " if job.status.has_ended else ""
    print_line(f"Job {job.id} {job.name}: {state_word}step {count(job.current_step)}{total}")
    if job.error_message:
        print_line(f"  {job.error_message}")
    if state is not None and state.changed_at is not None:
        written = f"{FORMAT_NAMES[state.format]}, written {age(state.changed_at)} ago"
        print_line(f"  source     {job.source} ({written})")
    print_line(f"  loss       {metrics.shown('loss')}")
    if not job.status.has_ended:
        print_line("It is followed while the app or a worker runs.")
    if attached.others:
        print_line(attached.others)
    print_line(f"Watch it: vapor-tui --job {job.id}")


@commands.command()
def discover(
    context: typer.Context,
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where to look; here without it.")
    ] = Path(),
    depth: Annotated[
        int, typer.Option("--depth", metavar="N", min=0, max=_DEEPEST, help="Folders below it.")
    ] = DEPTH,
    db: Database = None,
    as_json: Json = False,
) -> None:
    """Find runs in the known formats, the one that was heard of last first."""
    with workspace_of(context, db) as workspace:
        match look_for_runs(workspace, directory, depth=depth):
            case Refused() as refused:
                refuse(refused, as_json=as_json)
            case Ok(found):
                pass
    if as_json:
        print_json(_document(found))
        return
    if found.runs:
        _print_runs(found)
    else:
        print_line(f"There is no run in the known formats in {found.directory}")
    if not found.is_complete:
        print_line("There was not the time to look everywhere; name a folder further down")


def _document(found: FoundRuns) -> dict[str, object]:
    now = datetime.now(UTC)
    return {
        "directory": str(found.directory),
        "runs": [
            {
                "folder": str(each.run.folder),
                "job_id": each.job_id,
                "can_be_attached": each.can_be_attached,
                "is_live": each.is_live(now),
                "changed_at": each.run.changed_at.isoformat(),
                "sources": [
                    {
                        "path": str(source.path),
                        "format": source.format,
                        "changed_at": source.changed_at.isoformat(),
                    }
                    for source in each.run.sources
                ],
            }
            for each in found.runs
        ],
        "is_complete": found.is_complete,
    }


def _state(each: KnownRun, now: datetime) -> str:
    if not each.can_be_attached:
        return NOT_UTF8
    return "live" if each.is_live(now) else "quiet"


def _print_runs(found: FoundRuns) -> None:
    now = datetime.now(UTC)
    print_table(
        ("run", "state", "written", "source", "job"),
        [
            (
                each.shown_in(found.directory),
                _state(each, now),
                f"{age(each.run.changed_at, now)} ago",
                ", ".join(FORMAT_NAMES[source.format] for source in each.run.sources),
                ABSENT if each.job_id is None else each.job_id,
            )
            for each in found.runs
        ],
    )
    if not all(each.can_be_attached for each in found.runs):
        print_line(f"{NOT_UTF8}: rename what is to be watched")
    if first := next((each.run.best.path for each in found.runs if each.can_be_attached), None):
        print_line(f"Watch one: vapor-tui attach {shlex.quote(str(first))}")
