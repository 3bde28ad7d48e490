"""What follows from an edit of the configuration, without a screen."""

from __future__ import annotations

import pytest

from tests.conftest import AddDataset, AddJob
from vapor_tui.domain.results import Ok, Refused
from vapor_tui.services.workspace import Workspace
from vapor_tui.ui.screens.configure_form import JobForm, gpu_count_effect, in_sentence


@pytest.fixture
def form(workspace: Workspace) -> JobForm:
    return JobForm(workspace.catalogue)


def test_the_default_preset_fills_its_fields(form: JobForm) -> None:
    shown = {name: form.values[name] for name in ("learning_rate", "batch_size", "epochs")}
    assert shown == {"learning_rate": "5e-5", "batch_size": "4", "epochs": "3"}
    assert form.preset_lines == (
        "Recommended balance of quality and cost, best for most use cases",
    )
    assert not form.is_custom


def test_choosing_a_preset_changes_only_its_fields(form: JobForm) -> None:
    changed = form.choose_preset("fast")
    assert changed == {
        "learning_rate",
        "batch_size",
        "epochs",
        "lora_rank",
        "lora_alpha",
        "lora_dropout",
    }


def test_an_edited_field_makes_it_custom(form: JobForm) -> None:
    form.edit("epochs", "5")
    assert form.preset_lines[0] == "custom, based on Balanced: epochs 5 instead of 3"
    assert form.is_custom
    form.edit("lora_rank", "32")
    assert form.preset_lines == (
        "custom, based on Balanced: epochs 5 instead of 3, LoRA rank 32 instead of 16, "
        "LoRA alpha 64 instead of 32",
        "custom: differs from Balanced in epochs, LoRA rank, LoRA alpha",
        "custom: differs from Balanced in 3 settings",
    )
    form.choose_preset("balanced")
    assert form.differences == []


def test_another_way_to_write_a_value_is_no_difference(form: JobForm) -> None:
    form.edit("learning_rate", "0.00005")
    assert form.differences == []


def test_a_value_that_is_not_valid_is_custom_too(form: JobForm) -> None:
    form.edit("epochs", "many")
    assert form.preset_lines[0] == "custom, based on Balanced: epochs not valid"
    assert form.is_custom


def test_alpha_follows_the_rank_until_it_is_edited(form: JobForm) -> None:
    assert form.edit("lora_rank", "8") == {"lora_rank", "lora_alpha"}
    assert form.values["lora_alpha"] == "16"
    form.edit("lora_rank", "")
    assert form.values["lora_alpha"] == "16"
    form.edit("lora_alpha", "40")
    form.edit("lora_rank", "64")
    assert form.values["lora_alpha"] == "40"
    form.choose_preset("fast")
    form.edit("lora_rank", "4")
    assert form.values["lora_alpha"] == "8"


def test_the_name_follows_model_and_dataset_until_it_is_edited(
    form: JobForm, add_dataset_row: AddDataset
) -> None:
    assert form.values["name"] == "job-lfm2-350m"
    form.choose_dataset(add_dataset_row())
    form.edit("base_model", "LFM2-1.2B")
    assert form.values["name"] == "support-chats-lfm2-1.2b"
    form.edit("name", "mine")
    form.edit("base_model", "LFM2-350M")
    assert form.values["name"] == "mine"


def test_given_values_are_taken(workspace: Workspace) -> None:
    form = JobForm(workspace.catalogue, model="LiquidAI/LFM2-1.2B", preset="quality")
    assert form.values["base_model"] == "LFM2-1.2B"
    assert form.values["batch_size"] == "2"


def test_an_unknown_preset_is_answered_by_the_service(workspace: Workspace) -> None:
    form = JobForm(workspace.catalogue, preset="fats")
    answer = form.plan(workspace)
    assert isinstance(answer, Refused)
    assert answer.details == {"preset": 'There is no preset "fats". Did you mean fast?'}


@pytest.mark.parametrize(("alpha", "then"), [(32, "16"), (40, "40")])
def test_alpha_of_a_clone_follows_the_rank_as_that_of_its_job_did(
    workspace: Workspace, add_job: AddJob, alpha: int, then: str
) -> None:
    form = JobForm(workspace.catalogue, clone=add_job(lora_rank=16, lora_alpha=alpha))
    form.edit("lora_rank", "8")
    assert form.values["lora_alpha"] == then


def test_a_clone_has_the_settings_of_its_job(workspace: Workspace, add_job: AddJob) -> None:
    job = add_job(epochs=5, lora_alpha=40, gpu_type="H100", gpu_count=4, budget=20)
    form = JobForm(workspace.catalogue, clone=job)
    assert form.values["name"] == "support-bot-2"
    assert form.preset_id == "balanced"
    assert form.values["gpu_type"] == "H100"
    answer = form.plan(workspace)
    assert isinstance(answer, Ok)
    assert answer.value.draft.hyperparameters == job.hyperparameters
    assert answer.value.draft.settings.seed == job.seed
    assert answer.value.draft.settings.budget == 20
    form.edit("lora_rank", "64")
    assert form.values["lora_alpha"] == "40", "it was set by hand"


def test_going_back_to_a_value_is_no_change(form: JobForm) -> None:
    before = form.snapshot()
    form.edit("epochs", "5")
    assert form.snapshot() != before
    form.edit("epochs", "3")
    assert form.snapshot() == before


def test_a_budget_below_the_estimate_is_a_warning(form: JobForm, workspace: Workspace) -> None:
    form.edit("budget", "4")
    form.edit("learning_rate", "0.01")
    answer = form.plan(workspace)
    assert isinstance(answer, Ok)
    assert form.warnings(answer.value) == {
        "learning_rate": "Above the usual 1e-3",
        "budget": "Below the estimate of $4.32",
    }


@pytest.mark.parametrize(
    ("count", "sentence"),
    [
        ("1", "2 GPUs: 33m instead of 36m, $4.32 instead of $2.57"),
        ("2", "2 GPUs: 33m instead of 36m, $4.32 instead of $2.57"),
        ("8", "8 GPUs: 31m instead of 36m, $14.82 instead of $2.57"),
    ],
)
def test_what_more_gpus_bring(
    form: JobForm, workspace: Workspace, count: str, sentence: str
) -> None:
    form.edit("gpu_count", count)
    answer = form.plan(workspace)
    assert isinstance(answer, Ok)
    assert gpu_count_effect(answer.value) == sentence


def test_gpus_that_bring_no_time_are_no_faster(
    form: JobForm, workspace: Workspace, add_dataset_row: AddDataset
) -> None:
    form.choose_dataset(add_dataset_row(total_training_pairs=40, total_tokens=160))
    answer = form.plan(workspace)
    assert isinstance(answer, Ok)
    assert gpu_count_effect(answer.value).startswith("2 GPUs: no faster, $")


def test_labels_inside_a_sentence() -> None:
    assert in_sentence("Learning rate") == "learning rate"
    assert in_sentence("LoRA rank") == "LoRA rank"
    assert in_sentence("GPU count") == "GPU count"
