"""Makes a job of a run that somebody else started, and finds such runs."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection

from vapor_tui.domain.annotations import check_name
from vapor_tui.domain.formats import several
from vapor_tui.domain.job_drafts import LONGEST_NAME, SHORTEST_NAME
from vapor_tui.domain.jobs import (
    Engine,
    Job,
    Placement,
)
from vapor_tui.domain.lifecycle import Desired, Status
from vapor_tui.domain.results import Ok, Refused, Result
from vapor_tui.domain.run_events import LARGEST_STEP
from vapor_tui.domain.sources import FORMAT_NAMES, RunSettings
from vapor_tui.domain.text import printable, storable
from vapor_tui.runlogs import (
    Discovery,
    FoundRun,
    FoundSource,
    RunLogError,
    describe,
    find_runs,
    find_source,
    open_source,
)
from vapor_tui.runlogs.discovery import DEPTH, SECONDS
from vapor_tui.runlogs.folders import sources_in
from vapor_tui.runners.attach import SILENCE
from vapor_tui.services.annotations import renamed
from vapor_tui.services.local_models import known_model
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import claims
from vapor_tui.storage import jobs as queries
from vapor_tui.storage.events import record
from vapor_tui.storage.tables import JobRow

_MOST_OTHERS = 5
_LONGEST_OTHER = 40
_PLAIN_NAMES = frozenset(
    (
        "trainer_log",
        "trainer_state",
        "events",
        "metrics",
        "train",
        "training",
        "log",
        "logs",
        "output",
        "out",
        "stdout",
        "stderr",
        "results",
        "result",
        "history",
        "progress",
        "nohup",
        "run",
        "loss",
    )
)
"""Names of files that say nothing of the run: its folder does."""
_LOG_FOLDERS = frozenset({"runs", "logs", "tensorboard", "tb"})
_NAMED_BY_TIME = re.compile(r"[A-Z][a-z]{2}\d{2}_\d{2}-\d{2}-\d{2}(_.*)?|[\d_T:.-]{8,}")
"""Folders of one start each, as TensorBoard's writer (Nov22_10-11-12_host) and others name them."""


@dataclass(frozen=True, slots=True)
class Inspected:
    """A log that can be followed, and what was found beside it."""

    source: FoundSource
    settings: RunSettings
    others: tuple[str, ...] = ()
    """What the other logs in the folder that was named are called."""

    @property
    def others_sentence(self) -> str:
        """What else could be followed there; empty where nothing else could."""
        if not self.others:
            return ""
        rest = len(self.others) - _MOST_OTHERS
        more = f" and {rest} more" if rest > 0 else ""
        return f"{several(len(self.others), 'more log')} here: " + (
            ", ".join(printable(name, _LONGEST_OTHER) for name in self.others[:_MOST_OTHERS]) + more
        )


def attach_run(
    workspace: Workspace, path: Path, *, name: str | None = None, leased_to: int | None = None
) -> Result[Job]:
    """Make a job that follows the log at a path, or the best one of a folder.

    What has been followed before is answered with its job, which goes on where its log does;
    a `name` is then its new one. `leased_to` is the number of the worker that takes at once what
    is to be read. Nothing is written beside the log.
    """
    match inspect(path):
        case Refused() as refused:
            return refused
        case Ok(inspected):
            return attach_inspected(workspace, inspected, name=name, leased_to=leased_to)


def inspect(path: Path) -> Result[Inspected]:
    """Look at what is to be followed; reads files only, and waits as long as their disk does."""
    try:
        source = find_source(path)
        others = _others(path.expanduser().resolve(), source)
    except RunLogError as error:
        return Refused(str(error), {"path": str(error)})
    if not is_storable(source.path):
        sentence = f"{path} has bytes in its path that are not UTF-8; rename it"
        return Refused(sentence, {"path": sentence})
    return Ok(Inspected(source, describe(source.path), others))


def is_storable(path: Path) -> bool:
    """Say whether a path can be stored: file systems allow bytes that are no text."""
    return str(path) == storable(str(path))


def _others(path: Path, chosen: FoundSource) -> tuple[str, ...]:
    found = sources_in(path) if path.is_dir() else []
    return tuple(
        FORMAT_NAMES[other.format] if other.path.is_dir() else other.path.name
        for other in found
        if (other.path, other.format) != (chosen.path, chosen.format)
    )


def attach_inspected(
    workspace: Workspace,
    inspected: Inspected,
    *,
    name: str | None = None,
    leased_to: int | None = None,
) -> Result[Job]:
    """Make the job of `attach_run`; reads the base model's own files, where there are any."""
    match None if name is None else check_name(name):
        case Refused() as refused:
            return refused
        case Ok(checked):
            name = checked
    source, owner = inspected.source, workspace.owner
    before = workspace.database.read(queries.job_of_source, owner, str(source.path))
    is_same_log = before is not None and _is_same_log(before, source)
    row = _row(workspace, inspected, name or name_of(source.path))

    def store(connection: Connection) -> Result[Job]:
        known = queries.job_of_source(connection, owner, str(source.path))
        if known is None or not (known.status.is_active or is_same_log):
            job_id = queries.insert_job(connection, row)
            record(connection, job_id, "status", None, Status.QUEUED, who=owner, fence=0)
        else:
            job_id = known.id
            renamed(connection, owner, known, name or known.name)
            if known.status.is_active or _has_nothing_new(known, source):
                return Ok(_stored(connection, owner, job_id))
            _watch_again(connection, owner, known)
        if leased_to is not None:
            claims.claim_job(connection, leased_to, job_id)
        return Ok(_stored(connection, owner, job_id))

    return workspace.database.write(store)


@dataclass(frozen=True, slots=True)
class KnownRun:
    """A run that was found, and the job that follows it already."""

    run: FoundRun
    job_id: int | None
    ended_at: datetime | None = None
    """When that job was found to have ended, by the run's own word."""

    def is_live(self, now: datetime) -> bool:
        """Say whether the run was heard of lately, and not only that it has ended."""
        is_over = self.ended_at is not None and self.run.changed_at <= self.ended_at
        return self.run.is_live(now) and not is_over

    @property
    def can_be_attached(self) -> bool:
        """Whether its path can be stored as text."""
        return is_storable(self.run.best.path)

    def shown_in(self, directory: Path) -> str:
        """Return where the run lies, as seen from a folder; safe to show."""
        folder = self.run.folder
        is_below = folder.is_relative_to(directory)
        shown = str(folder.relative_to(directory)) if is_below else str(folder)
        if len(self.run.sources) == 1 and not self.run.best.path.is_dir():
            shown = os.path.join(shown, self.run.best.path.name)
        return printable("this folder" if shown == "." else shown.removeprefix("./"))


@dataclass(frozen=True, slots=True)
class FoundRuns:
    """The runs below a folder, the one that was heard of last first."""

    directory: Path
    runs: tuple[KnownRun, ...]
    is_complete: bool
    """Whether there was the time to look everywhere."""


def look_for_runs(
    workspace: Workspace, directory: Path, *, depth: int = DEPTH, seconds: float = SECONDS
) -> Result[FoundRuns]:
    """Look for runs in a folder and below it, for so long at most."""
    match discover(directory, depth, seconds):
        case Refused() as refused:
            return refused
        case Ok(found):
            return Ok(with_jobs(workspace, found))


def discover(directory: Path, depth: int = DEPTH, seconds: float = SECONDS) -> Result[Discovery]:
    """Look for runs on the disk alone; waits as long as that does."""
    try:
        return Ok(find_runs(directory.expanduser().resolve(), depth, seconds))
    except (RunLogError, OSError, RuntimeError, ValueError) as error:
        return Refused(str(error), {"directory": str(error)})


def with_jobs(workspace: Workspace, found: Discovery) -> FoundRuns:
    """Add to the runs that were found the jobs that follow them already."""
    sources = [storable(str(source.path)) for run in found.runs for source in run.sources]
    jobs = workspace.database.read(queries.jobs_of_sources, workspace.owner, sources)
    ended = workspace.database.read(queries.ended_by_their_word, list(jobs.values()))
    known = []
    for run in found.runs:
        job_id = next((jobs[p] for s in run.sources if (p := str(s.path)) in jobs), None)
        known.append(KnownRun(run, job_id, None if job_id is None else ended.get(job_id)))
    return FoundRuns(found.directory, tuple(known), found.is_complete)


def name_of(source: Path) -> str:
    """Return what a run is called, by its file where that says something, else by its folder."""
    folder = source if source.is_dir() else source.parent
    stem = source.name.split(".")[0]
    if source.is_dir() or stem.lower() in _PLAIN_NAMES or not stem:
        is_of_logs = folder.name.lower() in _LOG_FOLDERS
        stem = folder.parent.name if is_of_logs else _name_of_folder(folder)
    name = storable(stem).strip()[:LONGEST_NAME]
    return name if len(name) >= SHORTEST_NAME else f"run {name}".strip()


def _name_of_folder(folder: Path) -> str:
    """Return the name of a run's folder; that of a start is below the run that was started."""
    above = folder.parent.parent.name
    is_start = folder.parent.name.lower() in _LOG_FOLDERS and _NAMED_BY_TIME.fullmatch(folder.name)
    if not is_start or not above:
        return folder.name
    return f"{above} {folder.name}" if _has_folders_beside(folder) else above


def _has_folders_beside(folder: Path) -> bool:
    try:
        with os.scandir(folder.parent) as entries:
            return any(entry.name != folder.name and entry.is_dir() for entry in entries)
    except OSError:
        return False


def _is_same_log(known: Job, source: FoundSource) -> bool:
    """Say whether a log is the one that a job has read; another run may have overwritten it."""
    state = known.source_state
    if state is None or _is_unchanged(known, source):
        return True
    if state.format is not source.format:
        return False
    try:
        return not open_source(source.path, source.format, state).read().is_anew
    except RunLogError:
        return False


def _is_unchanged(known: Job, source: FoundSource) -> bool:
    state = known.source_state
    return state is not None and state.changed_at == source.changed_at


def _has_nothing_new(known: Job, source: FoundSource) -> bool:
    """Say whether a job that has ended would only end again in the same way."""
    if known.status is Status.CANCELLED:
        is_silent = datetime.now(UTC) - source.changed_at >= SILENCE
        return is_silent and bool(known.error_message) and _is_unchanged(known, source)
    return _is_unchanged(known, source)


def _watch_again(connection: Connection, owner: str, known: Job) -> None:
    """Queue a job that has ended, to go on where it has stopped reading."""
    values = {
        "status": Status.QUEUED,
        "desired": Desired.RUN,
        "queued_at": datetime.now(UTC),
        "completed_at": None,
        "error_message": None,
        "error_stack": None,
        "barren_claims": 0,
    }
    queries.change_unheld(connection, known.id, known.status, values)
    record(
        connection, known.id, "status", known.status, Status.QUEUED, who=owner, fence=known.fence
    )


def _stored(connection: Connection, owner: str, job_id: int) -> Job:
    job = queries.job_by_id(connection, owner, job_id)
    assert job is not None
    return job


def _row(workspace: Workspace, inspected: Inspected, name: str) -> JobRow:
    now, settings = datetime.now(UTC), inspected.settings
    base_model = settings.get("base_model")
    model = known_model(base_model, workspace.catalogue) if isinstance(base_model, str) else None
    return JobRow(
        owner=workspace.owner,
        name=storable(name),
        base_model=base_model if isinstance(base_model, str) else None,
        model_parameters=model.parameters if model else None,
        engine=Engine.EXTERNAL,
        placement=Placement.ATTACHED,
        total_steps=_count(settings, "max_steps"),
        total_epochs=_count(settings, "epochs"),
        queued_at=now,
        seed=0,
        data_seed=0,
        created_at=now,
        updated_at=now,
        source=str(inspected.source.path),
        run_settings=settings,
    )


def _count(settings: RunSettings, name: str) -> int:
    """Return how many of something a run was told to do, 0 where that is not known."""
    match settings.get(name):
        case bool():
            return 0
        case int(value) if 0 < value <= LARGEST_STEP:
            return value
        case _:
            return 0
