"""Queues a copy of a job, with changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vapor_tui.domain.catalogue import CUSTOM
from vapor_tui.domain.hyperparameters import ALPHA_PER_RANK
from vapor_tui.domain.job_drafts import copy_name
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.results import Refused, Result
from vapor_tui.services.jobs import (
    DEFAULT_MODE,
    DEFAULT_SPEED,
    Simulation,
    create_job,
    get_job,
    job_names,
    missing_job,
)
from vapor_tui.services.workspace import Workspace


def clone_job(
    workspace: Workspace,
    job_id: int,
    changes: Mapping[str, Any],
    *,
    dataset_id: int | None = None,
    mode: str | None = None,
    speed: str | None = None,
    injection: str | None = None,
) -> Result[Job]:
    """Create a queued job like another one, but for these fields, as `create_job` takes them.

    A preset among the changes brings its own hyperparameters in place of the copied ones. The
    simulation's mode and speed are those of the job unless others are given; a fault that was
    injected into it is not copied.
    """
    job = get_job(workspace, job_id)
    if job is None:
        return missing_job(job_id)
    if job.hyperparameters is None:
        return Refused(f"Job {job_id} was not started from here: its settings are not known")
    simulation = Simulation(
        mode or job.mode or DEFAULT_MODE, speed or job.speed or DEFAULT_SPEED, injection
    )
    given = {name: value for name, value in changes.items() if value is not None}
    raw = {**_settings_of(job, given), "name": copy_name(job.name, job_names(workspace))}
    return create_job(
        workspace,
        {**raw, **given},
        dataset_id if dataset_id is not None else job.dataset_id,
        simulation=simulation,
    )


def _settings_of(job: Job, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a job is kept beside what is given, as a job can be created from it."""
    raw: dict[str, Any] = {
        "base_model": job.base_model,
        "budget": job.budget,
        "seed": job.seed,
    }
    if job.gpu_config is not None:
        raw |= {"gpu_type": job.gpu_config.type, "gpu_count": job.gpu_config.count}
    values = job.hyperparameters
    if values is not None and "preset" not in given:
        raw |= {"preset": job.preset_base or CUSTOM, **dict(values)}
        if "lora_rank" in given and values.lora_alpha == ALPHA_PER_RANK * values.lora_rank:
            raw.pop("lora_alpha")  # it was never set by hand and follows the new rank
    return raw
