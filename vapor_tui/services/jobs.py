"""Creates jobs, lists them, and does what a person asks of them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic_core import PydanticCustomError
from sqlalchemy import Connection

from vapor_tui.domain.datasets import Dataset, DatasetStatus
from vapor_tui.domain.job_drafts import (
    GpuConfig,
    unused_name,
)
from vapor_tui.domain.job_pages import (
    JobFilter,
    JobPage,
)
from vapor_tui.domain.jobs import (
    Engine,
    Job,
    Placement,
)
from vapor_tui.domain.lifecycle import (
    WATCHING,
    Action,
    Desired,
    Status,
    closing_line,
    may_apply,
    refusal,
    refusal_of_watching,
)
from vapor_tui.domain.notifications import queued_notice, status_notice
from vapor_tui.domain.results import Ok, Refused, Result
from vapor_tui.processes import is_provably_gone
from vapor_tui.services.plans import Plan, plan_job
from vapor_tui.services.workspace import Workspace
from vapor_tui.simulation import SimulationMode, parse_injection
from vapor_tui.simulation.settings import SIMULATION_SETTINGS
from vapor_tui.storage import claims, takeover, workers
from vapor_tui.storage import datasets as dataset_queries
from vapor_tui.storage import jobs as queries
from vapor_tui.storage.events import record
from vapor_tui.storage.logs import append_lines
from vapor_tui.storage.notifications import notify
from vapor_tui.storage.tables import JobRow

DEFAULT_MODE = SimulationMode.REALISTIC
DEFAULT_SPEED = "auto"


@dataclass(frozen=True, slots=True)
class Simulation:
    """How a simulated job runs: nothing here changes what a real trainer would do."""

    mode: str = DEFAULT_MODE
    speed: str = DEFAULT_SPEED
    injection: str | None = None
    """A fault to rehearse, as "nan@100"; marked wherever the job is shown."""


def check_simulation(simulation: Simulation, total_steps: int | None = None) -> Result[Simulation]:
    """Refuse a speed, mode or injection that does not exist, or that would never come."""
    for name, described in SIMULATION_SETTINGS.items():
        try:
            described.parse(getattr(simulation, name))
        except PydanticCustomError as error:
            return Refused(str(error), {name: str(error)})
    if simulation.injection is not None:
        try:
            parse_injection(simulation.injection, total_steps)
        except ValueError as error:
            return Refused(str(error), {"injection": str(error)})
    return Ok(simulation)


def create_job(
    workspace: Workspace,
    raw: Mapping[str, Any],
    dataset_id: int | None,
    *,
    simulation: Simulation | None = None,
    leased_to: int | None = None,
) -> Result[Job]:
    """Validate a configuration and store it as a queued job in one transaction.

    `leased_to` is the number of the worker that takes it at once, before any other can.
    A job that is given no name gets one that no other of the person's jobs has. Nothing is
    written when anything is wrong; the details name the fields.
    """
    simulation = simulation or Simulation()

    def usable(connection: Connection) -> Result[Dataset]:
        dataset = None
        if dataset_id is not None:
            dataset = dataset_queries.dataset_by_id(connection, workspace.owner, dataset_id)
        problem = _dataset_problem(dataset)
        if dataset is None or problem is not None:
            return Refused(problem or "", {"dataset": problem or ""})
        return Ok(dataset)

    match workspace.database.read(usable):
        case Refused() as refused:
            return refused
        case Ok(dataset):
            pass
    # Planned before the lock is taken: a model's folder may have to be read for it.
    match plan_job(workspace, raw, dataset):
        case Refused() as refused:
            return refused
        case Ok(plan):
            pass
    checked = check_simulation(simulation, plan.estimate.total_steps)
    if isinstance(checked, Refused):
        return checked

    def store(connection: Connection) -> Result[Job]:
        still = usable(connection)
        if isinstance(still, Refused):
            return still
        row = _row(workspace, plan, dataset, simulation)
        if raw.get("name") is None:
            row.name = unused_name(row.name, queries.job_names(connection, workspace.owner))
        job_id = queries.insert_job(connection, row)
        who = workspace.owner
        record(connection, job_id, "status", None, Status.QUEUED, who=who, fence=0)
        notify(connection, workspace.owner, queued_notice(dataset.name), job_id)
        if leased_to is not None:
            claims.claim_job(connection, leased_to, job_id)
        job = queries.job_by_id(connection, workspace.owner, job_id)
        assert job is not None
        return Ok(job)

    return workspace.database.write(store)


def get_job(workspace: Workspace, job_id: int) -> Job | None:
    """Return one of a person's jobs; None when there is none of that number."""
    return workspace.database.read(queries.job_by_id, workspace.owner, job_id)


def job_names(workspace: Workspace) -> set[str]:
    """Return the names that a person's jobs have."""
    return workspace.database.read(queries.job_names, workspace.owner)


def take_job(workspace: Workspace, job_id: int, worker_id: int) -> Job | None:
    """Lease a queued job to this worker; None when it is not queued any more."""
    return workspace.database.write(claims.claim_job, worker_id, job_id)


def list_jobs(workspace: Workspace, wanted: JobFilter | None = None) -> JobPage[Job]:
    """Return one page of a person's jobs, the first of the newest ones unless told otherwise."""
    return workspace.database.read(queries.job_page, workspace.owner, wanted or JobFilter())


def get_jobs(workspace: Workspace, job_ids: Sequence[int]) -> list[Job]:
    """Return those of these jobs that there are, in order of number."""
    return workspace.database.read(queries.jobs_of, workspace.owner, job_ids)


def apply_action(workspace: Workspace, action: Action, job_id: int) -> Result[Job]:
    """Do what a person asks of a job, or ask its worker to; the answer is the job after it.

    A deleted job is gone for the person; `purge_deleted` or a worker removes its rows.
    """
    return workspace.database.write(_apply, workspace.owner, action, job_id)


def apply_actions(workspace: Workspace, wanted: Mapping[int, Action]) -> dict[int, Result[Job]]:
    """Do what a person asks of several jobs, by number, in one transaction.

    One that is refused does not keep the others from it.
    """
    return workspace.database.write(_apply_all, workspace.owner, wanted)


def purge_deleted(workspace: Workspace) -> None:
    """Remove what is left of deleted jobs, in pieces that keep nobody waiting; takes long."""
    while workspace.database.write(queries.purge_some, workspace.owner, queries.PURGED_AT_ONCE):
        time.sleep(0)  # lets those who wait for the lock have their turn


def missing_job(job_id: int) -> Refused:
    """Return the answer for a number that no job of this person has."""
    return Refused(f"There is no job {job_id}. See the list with: vapor-tui jobs")


_WISHES = {
    Action.PAUSE: Desired.PAUSE,
    Action.CANCEL: Desired.STOP,
    Action.CANCEL_AFTER_EPOCH: Desired.STOP_AFTER_EPOCH,
    Action.FAIL: Desired.FAIL,
}

_LAST_WISHES = (Desired.STOP, Desired.FAIL)

_AT_ONCE = {
    Action.PAUSE: Status.PAUSED,
    Action.CANCEL: Status.CANCELLED,
    Action.RESUME: Status.QUEUED,
    Action.RETRY: Status.QUEUED,
}


def _apply(connection: Connection, owner: str, action: Action, job_id: int) -> Result[Job]:
    job = queries.job_by_id(connection, owner, job_id)
    if job is None:
        return missing_job(job_id)
    if job.is_attached and action not in WATCHING:
        return Refused(refusal_of_watching(action, job_id))
    goes_on = action in (Action.RETRY, Action.RESUME)
    if goes_on and job.status is Status.FAILED and job.error_repeats:
        return Refused(
            f"Job {job_id} would fail in the same way again. "
            "Clone it and change what its message names"
        )
    if not may_apply(action, job.status):
        return Refused(refusal(action, job_id, job.status, job.status_word))
    if (objection := _contradiction(job, action)) is not None:
        return Refused(objection)
    if action is Action.DELETE:
        queries.mark_deleted(connection, job_id)
        return Ok(job)
    if job.lease_owner is not None:
        _ask_worker(connection, owner, job, _WISHES[action])
    else:
        _change_at_once(connection, owner, job, action)
    changed = queries.job_by_id(connection, owner, job_id)
    assert changed is not None
    return Ok(changed)


def _apply_all(
    connection: Connection, owner: str, wanted: Mapping[int, Action]
) -> dict[int, Result[Job]]:
    return {job_id: _apply(connection, owner, action, job_id) for job_id, action in wanted.items()}


def _contradiction(job: Job, action: Action) -> str | None:
    """Say which wish would be lost by another one: a job keeps a single wish."""
    match job.desired, action:
        case Desired.STOP_AFTER_EPOCH, Action.PAUSE:
            return (
                f"Job {job.id} is to stop after its epoch, and a pause would take that back. "
                "Let it stop, or cancel it now"
            )
        case Desired.PAUSE, Action.CANCEL_AFTER_EPOCH:
            return (
                f"Job {job.id} is about to pause. Cancel it now; or resume it once it has paused, "
                "and then stop it after its epoch"
            )
        case Desired.FAIL, Action.PAUSE if job.lease_owner is None:
            return f"Job {job.id} was made to fail, and does as soon as a worker takes it"
    return None


def _ask_worker(connection: Connection, owner: str, job: Job, wish: Desired) -> None:
    """Note a wish for the worker that holds a job, or do it where that worker is gone."""
    assert job.lease_owner is not None
    if job.desired in _LAST_WISHES and wish not in _LAST_WISHES:
        return  # what ends a job is not taken back by what would only halt it
    queries.set_desired(connection, job.id, wish)
    record(connection, job.id, "desired", job.desired, wish, who=owner, fence=job.fence)
    holder = workers.worker_by_id(connection, job.lease_owner)
    if holder is None or is_provably_gone(holder.process):
        takeover.release(connection, job, owner, wish, is_barren=holder is not None)


def _change_at_once(connection: Connection, owner: str, job: Job, action: Action) -> None:
    """Change a job that no worker holds."""
    now, status = datetime.now(UTC), _AT_ONCE[action]
    values: dict[str, Any] = {"status": status, "desired": Desired.RUN}
    if status is Status.QUEUED:
        values |= {"queued_at": now, "completed_at": None, "final_cost": None}
    if action is Action.RETRY:
        values |= {
            "retry_count": job.retry_count + 1,
            "error_message": None,
            "error_stack": None,
            "barren_claims": 0,
        }
    if status is Status.CANCELLED:
        values |= {"completed_at": now, "final_cost": job.final_cost_of(job.current_cost)}
    queries.change_unheld(connection, job.id, job.status, values)
    record(connection, job.id, "status", job.status, status, who=owner, fence=job.fence)
    if status.has_ended and not job.is_attached:
        append_lines(connection, job.id, [closing_line(status, Desired.RUN, job.current_epoch)])
    if action is Action.RETRY:
        notify(connection, owner, queued_notice(job.dataset_name or job.name), job.id)
    elif notice := status_notice(
        job.name, status, cost=job.current_cost, is_attached=job.is_attached
    ):
        notify(connection, owner, notice, job.id)


def _dataset_problem(dataset: Dataset | None) -> str | None:
    if dataset is None:
        return "Dataset not found"
    if dataset.status is not DatasetStatus.READY or not dataset.training_ready:
        return f"Dataset not ready for training (status: {dataset.status})"
    return None


def _row(workspace: Workspace, plan: Plan, dataset: Dataset, simulation: Simulation) -> JobRow:
    draft, now = plan.draft, datetime.now(UTC)
    settings, values = draft.settings, draft.hyperparameters
    return JobRow(
        owner=workspace.owner,
        name=settings.name,
        dataset_id=dataset.id,
        base_model=settings.base_model,
        model_parameters=plan.model.parameters if plan.model else None,
        preset_id=draft.preset_id,
        preset_base=draft.preset_base,
        hyperparameters=values,
        gpu_config=GpuConfig.of(
            draft.gpu, settings.gpu_count, plan.memory.total if plan.memory else None
        ),
        estimate=plan.estimate,
        engine=Engine.SIMULATOR,
        placement=Placement.INLINE,
        mode=simulation.mode,
        speed=simulation.speed,
        injection=simulation.injection,
        total_epochs=values.epochs,
        total_steps=plan.estimate.total_steps,
        queued_at=now,
        estimated_total_cost=plan.estimate.total_cost,
        budget=settings.budget,
        seed=settings.seed if settings.seed is not None else secrets.randbelow(2**31),
        # Jobs on the same data meet its batches in the same order and share their noise.
        data_seed=int((dataset.sha256 or "0")[:8], 16),
        created_at=now,
        updated_at=now,
    )
