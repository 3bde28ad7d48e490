"""What stands in the configuration form and what follows from an edit; knows no widget."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticCustomError

from vapor_tui.domain.catalogue import CUSTOM, Catalogue, Preset
from vapor_tui.domain.estimate import estimate
from vapor_tui.domain.formats import duration, money
from vapor_tui.domain.hyperparameters import ALPHA_PER_RANK, Hyperparameters, settings
from vapor_tui.domain.job_drafts import (
    JobSettings,
    copy_name,
    job_setting,
    proposed_name,
)
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.results import Refused
from vapor_tui.domain.settings import Setting
from vapor_tui.simulation.settings import SIMULATION_SETTINGS

if TYPE_CHECKING:
    from vapor_tui.domain.datasets import Dataset
    from vapor_tui.domain.results import Result
    from vapor_tui.services.jobs import Simulation
    from vapor_tui.services.plans import Plan
    from vapor_tui.services.workspace import Workspace

FIELDS: dict[str, Setting] = {
    **{name: job_setting(name) for name in JobSettings.model_fields},
    **dict(settings()),
    **SIMULATION_SETTINGS,
}
"""Every field of the form with what describes it."""

OWN_PRESET = "A preset of your own: ctrl+r renames it, delete deletes it"
"""Stands where a preset does not say what it is for."""
UNNAMED_DATASET = "job"
"""Stands for the dataset in a proposed name while none is chosen."""


class JobForm:
    """The fields as text, the preset they come from, and the dataset.

    The name follows model and dataset, and alpha the rank, each until it is edited by hand.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        model: str | None = None,
        preset: str | None = None,
        clone: Job | None = None,
    ) -> None:
        self._catalogue = catalogue
        self._is_named = False
        self._alpha_follows = True
        self.dataset: Dataset | None = None
        self.preset_id = preset or catalogue.default_preset.id
        self.values = _defaults()
        self.values["base_model"] = catalogue.models[0].id
        if self.base is not None:
            self._fill(self.base)
        if clone is not None:
            self._copy(clone)
        if model is not None:
            known = catalogue.model(model)
            self.values["base_model"] = known.id if known else model
        if preset is not None and self.base is not None:
            self.choose_preset(preset)
        self._propose_name()

    @property
    def base(self) -> Preset | None:
        """The preset that the fields come from."""
        return self._catalogue.preset(self.preset_id)

    def take_catalogue(self, catalogue: Catalogue, preset_id: str) -> None:
        """Take presets that were changed, and the id of the one that the fields come from now."""
        self._catalogue = catalogue
        self.preset_id = preset_id if catalogue.preset(preset_id) else CUSTOM

    def choose_preset(self, preset_id: str) -> set[str]:
        """Fill the fields of a preset; the answer names those that changed."""
        before = dict(self.values)
        self.preset_id = preset_id
        if self.base is not None:
            self._fill(self.base)
        return self._changed_since(before)

    def choose_dataset(self, dataset: Dataset | None) -> set[str]:
        """Take a dataset; the answer names the fields that changed."""
        before = dict(self.values)
        self.dataset = dataset
        self._propose_name()
        return self._changed_since(before)

    def name_copy(self, original: Job, taken: Collection[str]) -> set[str]:
        """Give a copy a name that no other job has; the answer names the fields that changed."""
        before = dict(self.values)
        if self.values["name"] == copy_name(original.name):
            self.values["name"] = copy_name(original.name, taken)
        return self._changed_since(before)

    def edit(self, name: str, text: str) -> set[str]:
        """Take what was typed into a field; the answer names the fields that changed."""
        before = dict(self.values)
        self.values[name] = text
        match name:
            case "name":
                self._is_named = True
            case "base_model":
                self._propose_name()
            case "lora_alpha":
                self._alpha_follows = False
            case "lora_rank":
                self._follow_rank()
        return self._changed_since(before)

    def parsed(self, name: str) -> Any | None:
        """Return the value of a field; None where it is empty or not valid."""
        try:
            return FIELDS[name].parse(self.values[name])
        except PydanticCustomError:
            return None

    @property
    def raw(self) -> dict[str, Any]:
        """The flat mapping that the services take."""
        values = {k: text for k, text in self.values.items() if k not in SIMULATION_SETTINGS}
        if not self._is_named:
            del values["name"]  # it is proposed anew where the job is created, and unique there
        return {"preset": self.preset_id, **values}

    @property
    def simulation(self) -> Simulation:
        """How the job is simulated; what is not valid stays as typed."""
        from vapor_tui.services.jobs import Simulation

        said = {name: self.parsed(name) or self.values[name] for name in SIMULATION_SETTINGS}
        return Simulation(said["mode"], said["speed"], said["injection"].strip() or None)

    def snapshot(self) -> tuple[object, ...]:
        """Return something that compares equal as long as nothing was changed."""
        dataset_id = self.dataset.id if self.dataset else None
        return (self.preset_id, dataset_id, tuple(self.values.items()))

    def plan(self, workspace: Workspace) -> Result[Plan]:
        """Return the valid configuration with its estimate, or what is wrong with each field."""
        from vapor_tui.services.jobs import check_simulation
        from vapor_tui.services.plans import plan_job

        planned = plan_job(workspace, self.raw, self.dataset)
        steps = None if isinstance(planned, Refused) else planned.value.estimate.total_steps
        checked = check_simulation(self.simulation, steps)
        if not isinstance(checked, Refused):
            return planned
        details = planned.details if isinstance(planned, Refused) else {}
        return Refused(checked.error, {**details, **checked.details})

    @property
    def differences(self) -> list[str]:
        """How the fields differ from the preset they come from, as "epochs 5 instead of 3"."""
        found = []
        for name, standard in self._differing.items():
            value, field = self.parsed(name), FIELDS[name]
            change = f"{field.show(value)} instead of {field.show(standard)}"
            found.append(
                f"{in_sentence(field.label)} {change if value is not None else 'not valid'}"
            )
        return found

    @property
    def _differing(self) -> dict[str, Any]:
        """The fields that are not as in the preset, with its values for them."""
        standards = self.base.values if self.base else {}
        return {name: value for name, value in standards.items() if self.parsed(name) != value}

    @property
    def is_custom(self) -> bool:
        """Whether the fields are no longer those of the preset they come from."""
        return self.base is None or bool(self._differing)

    @property
    def preset_lines(self) -> tuple[str, ...]:
        """What the preset is for, or what became of it: in full, and in fewer words."""
        if self.base is None:
            return ("custom",)
        if not self.is_custom:
            says = ", ".join(part for part in (self.base.tagline, self.base.detail) if part)
            return (says or OWN_PRESET,)
        names = [in_sentence(FIELDS[name].label) for name in self._differing]
        return (
            f"custom, based on {self.base.name}: {', '.join(self.differences)}",
            f"custom: differs from {self.base.name} in {', '.join(names)}",
            f"custom: differs from {self.base.name} in {len(names)} settings",
        )

    def warnings(self, plan: Plan | None) -> dict[str, str]:
        """Return what is unusual about each valid value, against the last valid plan."""
        found = {}
        for name, setting in FIELDS.items():
            value = self.parsed(name)
            if value is not None and (sentence := setting.warning(value)):
                found[name] = sentence
        budget = self.parsed("budget")
        if plan is not None and budget is not None and budget < plan.larger_cost:
            found["budget"] = f"Below the estimate of {money(plan.larger_cost)}"
        return found

    def _fill(self, preset: Preset) -> None:
        for name, value in preset.values.items():
            self.values[name] = FIELDS[name].show(value)
        self._alpha_follows = preset.lora_alpha == ALPHA_PER_RANK * preset.lora_rank

    def _copy(self, job: Job) -> None:
        # The preset may have been deleted since, or be one of another person's.
        base = self._catalogue.preset(job.preset_base or CUSTOM)
        self.preset_id = base.id if base else CUSTOM
        # A fault that was rehearsed is not: a copy is to go better.
        simulation = {"mode": job.mode, "speed": job.speed}
        given: dict[str, Any] = {"budget": job.budget, "seed": job.seed}
        given |= {name: value for name, value in simulation.items() if value is not None}
        if job.base_model is not None:
            given["base_model"] = job.base_model
        if job.gpu_config is not None:
            given |= {"gpu_type": job.gpu_config.type, "gpu_count": job.gpu_config.count}
        if job.hyperparameters is not None:
            given |= dict(job.hyperparameters)
            values = job.hyperparameters
            self._alpha_follows = values.lora_alpha == ALPHA_PER_RANK * values.lora_rank
        for name, value in given.items():
            self.values[name] = FIELDS[name].show(value)
        self.values["name"] = copy_name(job.name)
        self._is_named = True

    def _propose_name(self) -> None:
        if not self._is_named:
            dataset = self.dataset.name if self.dataset else UNNAMED_DATASET
            self.values["name"] = proposed_name(self.values["base_model"], dataset)

    def _follow_rank(self) -> None:
        rank = self.parsed("lora_rank")
        if self._alpha_follows and rank is not None:
            self.values["lora_alpha"] = FIELDS["lora_alpha"].show(rank * ALPHA_PER_RANK)

    def _changed_since(self, before: Mapping[str, str]) -> set[str]:
        return {name for name, text in self.values.items() if text != before[name]}


def in_sentence(label: str) -> str:
    """Return a label as it stands inside a sentence: "epochs", but "LoRA rank"."""
    return label[:1].lower() + label[1:] if label.split(maxsplit=1)[0][1:].islower() else label


def gpu_count_effect(plan: Plan) -> str:
    """Return what the chosen number of GPUs brings against one, or a second one would."""
    draft, found = plan.draft, plan.estimate
    chosen = draft.settings.gpu_count
    other = estimate(found.workload, draft.hyperparameters, draft.gpu, 1 if chosen > 1 else 2)
    several, one = (found, other) if chosen > 1 else (other, found)
    now, then = duration(several.seconds), duration(one.seconds)
    return (
        f"{max(chosen, 2)} GPUs: {f'{now} instead of {then}' if now != then else 'no faster'}, "
        f"{money(several.total_cost)} instead of {money(one.total_cost)}"
    )


def _defaults() -> dict[str, str]:
    from vapor_tui.services.jobs import Simulation

    fields = {**JobSettings.model_fields, **Hyperparameters.model_fields}
    simulation = Simulation()
    return {
        **{
            name: FIELDS[name].show(None if field.is_required() else field.default)
            for name, field in fields.items()
        },
        **{name: FIELDS[name].show(getattr(simulation, name)) for name in SIMULATION_SETTINGS},
    }
