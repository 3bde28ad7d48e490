"""Checks configurations and says what they take; reads nothing but local model folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from vapor_tui.domain.calibration import Calibration, calibrate
from vapor_tui.domain.catalogue import Gpu, Model
from vapor_tui.domain.datasets import Dataset
from vapor_tui.domain.estimate import Estimate, Workload, estimate
from vapor_tui.domain.job_drafts import (
    JobDraft,
    draft_job,
    names_folder,
    proposed_name,
)
from vapor_tui.domain.jobs import Engine
from vapor_tui.domain.memory import MemoryEstimate, estimate_memory
from vapor_tui.domain.model_estimate import ModelEstimate, at_rate
from vapor_tui.domain.plans import PlanRow, PlanSort, compare_plans, model_estimate
from vapor_tui.domain.results import Ok, Refused, Result
from vapor_tui.paths import readable
from vapor_tui.services.export_files import ExportTable
from vapor_tui.services.local_models import known_model
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import jobs as queries


@dataclass(frozen=True, slots=True)
class Plan:
    """A configuration that is valid, with what it takes.

    `model`, `for_model` and `memory` are None for a model of which nothing is known here.
    """

    draft: JobDraft
    estimate: Estimate
    model: Model | None = None
    for_model: ModelEstimate | None = None
    memory: MemoryEstimate | None = None

    @property
    def larger_cost(self) -> float:
        """USD of the dearer of the two estimates: what a budget is held against."""
        if self.for_model is None:
            return self.estimate.total_cost
        return max(self.estimate.total_cost, self.for_model.total_cost)

    @property
    def budget_warning(self) -> bool:
        """Whether an estimate is above the budget."""
        budget = self.draft.settings.budget
        return budget is not None and self.larger_cost > budget


def plan_job(
    workspace: Workspace, raw: Mapping[str, Any], data: Dataset | Workload | None
) -> Result[Plan]:
    """Return the valid configuration and estimates of what was typed or given; microseconds.

    `raw` is a flat mapping as `draft_job` takes it; a missing name is proposed, a missing model
    is the first of the catalogue. Without data the usual figures stand in.
    """
    catalogue = workspace.catalogue
    workload = workload_of(data)
    filled = dict(raw)
    if filled.get("base_model") is None:
        filled["base_model"] = catalogue.models[0].id
    if filled.get("name") is None:
        filled["name"] = proposed_name(str(filled["base_model"]), workload.name or "job")
    match draft_job(filled, catalogue):
        case Refused() as refused:
            return refused
        case Ok(draft):
            pass
    settings, values = draft.settings, draft.hyperparameters
    folder = readable(settings.base_model) if names_folder(settings.base_model) else None
    if names_folder(settings.base_model) and not (folder and folder.is_dir()):
        sentence = f"There is no folder {settings.base_model}"
        return Refused(sentence, {"base_model": sentence})
    listed = estimate(workload, values, draft.gpu, settings.gpu_count)
    model = known_model(settings.base_model, catalogue)
    return Ok(
        Plan(
            draft,
            listed,
            model,
            model_estimate(listed, model, values, draft.gpu, settings.gpu_count),
            _memory(draft, model),
        )
    )


def compare(
    workspace: Workspace,
    plan: Plan,
    sort: PlanSort = PlanSort.COST,
) -> list[PlanRow]:
    """Return every GPU type and count for a plan, those that fit first."""
    return compare_plans(
        plan.estimate.workload,
        plan.draft.hyperparameters,
        plan.model,
        workspace.catalogue.gpus,
        sort,
    )


def calibration(
    workspace: Workspace, base_model: str, gpu: Gpu, engine: Engine = Engine.SIMULATOR
) -> Calibration | None:
    """Return what finished jobs of a model on a GPU say of the rate; None for fewer than three.

    Simulated jobs speak for simulated ones only.
    """

    def ask(connection: Connection) -> Calibration | None:
        finished = queries.finished_jobs(connection, workspace.owner, base_model, gpu.type, engine)
        rates = [rate for job in finished if (rate := job.measured_rate) is not None]
        return calibrate(rates)

    return workspace.database.read(ask)


def calibrated(plan: Plan, found: Calibration) -> ModelEstimate:
    """Return the estimate at the rate that finished jobs have had, with their spread."""
    rate = found.tokens_per_second * plan.draft.settings.gpu_count
    return at_rate(plan.estimate, rate, min(found.spread, 0.99))


def plan_document(plan: Plan, found: Calibration | None = None) -> dict[str, Any]:
    """Return the plan as one JSON document; money in cents, memory in GB to two digits."""
    document = plan.estimate.document().model_dump(mode="json")
    document["memory"] = None if plan.memory is None else memory_document(plan.memory)
    document["model_estimate"] = (
        None if plan.for_model is None else plan.for_model.document().model_dump(mode="json")
    )
    document["calibrated_estimate"] = (
        None
        if found is None
        else {**calibrated(plan, found).document().model_dump(mode="json"), "runs": found.runs}
    )
    return document


def memory_document(memory: MemoryEstimate) -> dict[str, Any]:
    """Return the memory of one GPU as JSON values."""
    parts = {f"{name}_gb": round(size, 2) for name, size in memory.parts.items()}
    return {
        "per_gpu_gb": round(memory.total, 2),
        "available_gb": memory.available,
        "fits": memory.fits,
        "trainable_parameters": memory.trainable_parameters,
        **parts,
    }


def plan_table(rows: Sequence[PlanRow]) -> ExportTable:
    """Return choices of GPUs as a table, costs in USD and memory in GB per GPU."""
    columns = (
        "gpu_type",
        "gpu_count",
        "estimated_duration_hours",
        "estimated_cost",
        "list_cost",
        "cost_per_million_tokens",
        "memory_gb",
        "memory_available_gb",
        "on_frontier",
    )
    return ExportTable("plans", columns, [_plan_cells(row) for row in rows])


def _plan_cells(row: PlanRow) -> list[object]:
    memory = row.memory
    return [
        row.gpu.type,
        row.gpu_count,
        round(row.seconds / 3600, 4),
        round(row.total_cost, 2),
        round(row.listed.total_cost, 2),
        round(row.cost_per_million_tokens, 2),
        memory and round(memory.total, 2),
        memory and memory.available,
        row.is_on_frontier,
    ]


def workload_of(data: Dataset | Workload | None) -> Workload:
    """Return what an estimate needs to know of a dataset, or the usual figures."""
    if isinstance(data, Workload):
        return data
    if data is None:
        return Workload.of(None, None)
    return Workload.of(data.total_training_pairs, data.total_tokens, data.name)


def _memory(draft: JobDraft, model: Model | None) -> MemoryEstimate | None:
    if model is None:
        return None
    return estimate_memory(
        model, draft.hyperparameters, draft.gpu.memory_gb, draft.settings.gpu_count
    )
