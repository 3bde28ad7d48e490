"""The configuration screen, driven by keyboard and mouse."""

from __future__ import annotations

import sqlite3
import threading
from typing import Any

import pytest
from textual.binding import Binding
from textual.dom import DOMNode
from textual.widgets import Button, Collapsible

from tests.conftest import AddDataset, AddJob
from tests.ui.configure_support import opened
from vapor_tui.domain.datasets import DatasetStatus
from vapor_tui.domain.results import Ok, Refused
from vapor_tui.services import datasets as dataset_services
from vapor_tui.services import jobs as job_services
from vapor_tui.services.jobs import list_jobs
from vapor_tui.services.plans import plan_job
from vapor_tui.services.workspace import Workspace
from vapor_tui.storage import engine
from vapor_tui.storage.errors import StorageBusyError
from vapor_tui.ui.screens.add_dataset import AddDatasetScreen
from vapor_tui.ui.screens.ask_name import AskNameScreen
from vapor_tui.ui.screens.command import CommandScreen
from vapor_tui.ui.screens.configure import ConfigureScreen
from vapor_tui.ui.screens.configure_presets import PresetsScreen
from vapor_tui.ui.screens.confirm import ConfirmScreen
from vapor_tui.ui.screens.datasets import DatasetsScreen
from vapor_tui.ui.screens.pick import PickScreen
from vapor_tui.ui.widgets.choice import ChoiceControl
from vapor_tui.ui.widgets.cost_panel import CostPanel
from vapor_tui.ui.widgets.dataset_picker import NO_DATASET
from vapor_tui.ui.widgets.form_field import FormField
from vapor_tui.ui.widgets.model_picker import ModelPicker
from vapor_tui.ui.widgets.no_dataset import NoDataset
from vapor_tui.ui.widgets.number_input import NumberInput
from vapor_tui.ui.widgets.pick_field import PickControl
from vapor_tui.ui.widgets.preset_cards import PresetCard, PresetCards
from vapor_tui.ui.widgets.start_bar import SAVING, START, StartBar


async def test_an_unknown_preset_is_said_at_the_cards(
    workspace: Workspace, add_dataset_row: AddDataset
) -> None:
    add_dataset_row()
    async with opened(workspace, preset="fats") as form:
        assert form.says("#preset-line") == 'There is no preset "fats". Did you mean fast?'
        await form.press("tab", "ctrl+s", "right")
        assert form.shown("epochs") == "1"
        assert form.says("#preset-line").startswith("Quick training")


async def test_the_worked_example(workspace: Workspace, add_dataset_row: AddDataset) -> None:
    add_dataset_row()
    async with opened(workspace) as form:
        assert form.panel()[:11] == [
            "Cost SIMULATED",
            "compute $3.82",
            "storage $0.50",
            "total $4.32",
            "",
            "duration 33m",
            "rate $7.00/h",
            "steps 750 = 250 × 3 epochs",
            "speed 3,600 tok/s",
            "dataset support-chats",
            "",
        ]
        rest = "\n".join(form.panel()[11:])
        for expected in ("for LFM2-350M $4.0", "± 40 % speed", "memory fits", "budget none set"):
            assert expected in rest
        assert (
            form.field("gpu_count").message == "2 GPUs: 33m instead of 36m, $4.32 instead of $2.57"
        )
        assert form.field("dataset").message == "1,000 pairs, 200k tokens, ready"
        assert form.shown("name") == "support-chats-lfm2-350m"


async def test_presets_by_arrow_and_mouse(
    workspace: Workspace, add_dataset_row: AddDataset
) -> None:
    add_dataset_row()
    async with opened(workspace) as form:
        await form.press("right")
        assert [form.shown(k) for k in ("learning_rate", "batch_size", "lora_alpha")] == [
            "3e-5",
            "2",
            "64",
        ]
        await form.press("left", "left")
        assert [form.shown(k) for k in ("learning_rate", "batch_size", "epochs", "lora_rank")] == [
            "1e-4",
            "8",
            "1",
            "8",
        ]
        await form.press("left")
        assert form.shown("epochs") == "1"
        card = form.screen.query(PresetCard)[1]
        await form.pilot.click(card)
        assert form.shown("epochs") == "3"


async def test_an_edit_is_custom_and_enter_takes_it_back(workspace: Workspace) -> None:
    async with opened(workspace) as form:
        await form.fill("epochs", "5")
        assert form.says("#preset-line") == "custom, based on Balanced: epochs 5 instead of 3"
        assert form.screen.query_one(".-chosen", PresetCard).preset.id == "balanced"
        form.screen.query_one("PresetCards").focus()
        await form.press("enter")
        assert form.shown("epochs") == "3"


MESSAGES = [
    ("name", "ab", "Name must be at least 3 characters"),
    ("learning_rate", "1e-7", "Learning rate must be at least 1e-6"),
    ("learning_rate", "2", "Learning rate must be at most 1"),
    ("learning_rate", "nan", "Learning rate must be a finite number"),
    ("learning_rate", "", "Learning rate is required"),
    ("batch_size", "x", "Batch size must be a whole number"),
    ("batch_size", "12", "Batch size must be a power of 2 (nearest: 8 and 16)"),
    ("epochs", "1.5", "Epochs must be a whole number"),
    ("epochs", "0", "At least 1 epoch required"),
    ("epochs", "101", "Maximum 100 epochs"),
    ("budget", "0", "Budget must be above 0"),
    ("gpu_count", "9", "GPU count must be at most 8"),
]


async def test_messages_as_one_types(workspace: Workspace, add_dataset_row: AddDataset) -> None:
    add_dataset_row()
    async with opened(workspace) as form:
        for key, typed, message in MESSAGES:
            valid = form.shown(key)
            await form.fill(key, typed)
            assert form.field(key).message == message
            assert message in form.says("HelpLine"), "in full, however narrow the column"
            form.screen.action_start()
            assert not form.screen.query_one(StartBar).is_saving
            await form.fill(key, valid)
            assert not form.field(key).error


async def test_the_panel_keeps_the_last_valid_figures(workspace: Workspace) -> None:
    async with opened(workspace) as form:
        panel = form.screen.query_one(CostPanel)
        before = form.panel()
        await form.fill("epochs", "x")
        assert form.panel() == ["Cost last valid SIMULATED", *before[1:]]
        assert {style for line in panel.lines[1:] for _, style in line} <= {"dim"}
        await form.fill("epochs", "3")
        assert form.panel() == before
        assert "bold" in {style for line in panel.lines[1:] for _, style in line}


async def test_a_name_that_is_too_long(workspace: Workspace) -> None:
    async with opened(workspace) as form:
        await form.fill("name", "")
        form.field("name").control.focus()
        form.app.copy_to_clipboard("n" * 101)
        await form.press("ctrl+v")
        assert form.field("name").message == "Name must be at most 100 characters"


async def test_the_panel_follows_every_keystroke(workspace: Workspace) -> None:
    async with opened(workspace) as form:
        await form.fill("epochs", "1")
        assert "steps 250 = 250 × 1 epochs" in form.panel()
        await form.press("end", "0")
        assert "steps 2,500 = 250 × 10 epochs" in form.panel()
        await form.fill("budget", "5")
        assert form.field("budget").message.startswith("Below the estimate")


async def test_arrows_step_through_the_usual_values(workspace: Workspace) -> None:
    async with opened(workspace) as form:
        form.field("learning_rate").control.focus()
        await form.press("up")
        assert form.shown("learning_rate") == "1e-4"
        await form.press("up", "down", "down")
        assert form.shown("learning_rate") == "5e-5"
        form.field("batch_size").control.focus()
        await form.press("up", "up")
        assert form.shown("batch_size") == "16"
        form.field("lora_rank").control.focus()
        await form.press("up")
        assert (form.shown("lora_rank"), form.shown("lora_alpha")) == ("32", "64")
        form.field("gpu_type").control.focus()
        await form.press("down", "down")
        assert form.shown("gpu_type") == "H100"
        form.field("quantization").control.focus()
        await form.press("right")
        await form.press("enter")
        assert form.screen.focused is form.screen.query_one("CollapsibleTitle")


async def test_a_value_is_stepped_with_the_mouse(workspace: Workspace) -> None:
    async with opened(workspace, (120, 40)) as form:
        field = form.field("epochs")
        beside = field.control.region.right - field.region.x
        await form.pilot.hover(field)
        assert " - +" in str(field.render())
        await form.pilot.click(field, offset=(beside + 3, 0))
        assert form.shown("epochs") == "4"
        await form.pilot.click(field, offset=(beside + 1, 0))
        assert form.shown("epochs") == "3"


async def test_letters_and_digits_belong_to_the_field(workspace: Workspace) -> None:
    async with opened(workspace) as form:
        await form.fill("name", "q1?2")
        assert form.shown("name") == "q1?2"
        assert form.shown("epochs") == "3"


async def test_a_model_is_searched_and_any_can_be_typed(workspace: Workspace) -> None:
    async with opened(workspace) as form:
        form.field("base_model").control.focus()
        await form.press(*"a1b")
        form.top(PickScreen)
        await form.press("enter")
        assert form.shown("base_model") == "LFM2-8B-A1B"
        assert form.shown("name") == "job-lfm2-8b-a1b"
        await form.press("enter", *"me/m", "enter")
        assert form.shown("base_model") == "me/m"
        assert form.field("base_model").message == "not in the catalogue, size unknown"
        await form.press("enter", *"zzz", "enter", "escape")
        assert form.shown("base_model") == "me/m"
        await form.press("enter", *"./x", "enter")
        assert form.field("base_model").message == "There is no folder ./x"


async def test_starting_stores_the_job(workspace: Workspace, add_dataset_row: AddDataset) -> None:
    dataset = add_dataset_row()
    async with opened(workspace) as form:
        await form.fill("epochs", "5")
        await form.fill("budget", "12.50")
        await form.fill("name", "my [bold] run")
        await form.press("ctrl+s")
        await form.until(lambda: bool(form.results))
        (job,) = list_jobs(workspace).jobs
        assert form.results == [job.id]
    assert (job.name, job.status, job.owner) == ("my [bold] run", "queued", workspace.owner)
    assert (job.dataset_id, job.base_model) == (dataset.id, "LFM2-350M")
    assert (job.preset_id, job.preset_base) == ("custom", "balanced")
    assert job.hyperparameters is not None
    assert (job.hyperparameters.epochs, job.hyperparameters.batch_size) == (5, 4)
    assert job.gpu_config is not None
    assert (job.gpu_config.type, job.gpu_config.count) == ("A100-80GB", 2)
    assert (job.total_steps, job.total_epochs, job.budget) == (1250, 5, 12.5)
    assert job.is_simulated


async def test_starting_twice_creates_one_job(
    workspace: Workspace, add_dataset_row: AddDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_dataset_row()
    may_go_on = threading.Event()
    create = job_services.create_job

    def slow(*args: Any, **kwargs: Any) -> Any:
        assert may_go_on.wait(10)
        return create(*args, **kwargs)

    monkeypatch.setattr(job_services, "create_job", slow)
    async with opened(workspace) as form:
        button = form.screen.query_one("#start", Button)
        assert str(button.label) == START
        await form.press("ctrl+s", "ctrl+s")
        assert (str(button.label), button.disabled) == (SAVING, True)
        await form.pilot.click(button)
        await form.press("escape")
        assert form.results == [], "leaving waits for the answer"
        may_go_on.set()
        await form.until(lambda: bool(form.results))
    assert len(list_jobs(workspace).jobs) == 1


async def test_a_storage_failure_keeps_the_form(
    workspace: Workspace, add_dataset_row: AddDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_dataset_row()
    monkeypatch.setattr(engine, "PATIENCE_SECONDS", 0.1)
    async with opened(workspace) as form:
        await form.fill("epochs", "7")
        other = sqlite3.connect(workspace.database.path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        try:
            await form.press("ctrl+s")
            await form.until(lambda: not form.screen.query_one(StartBar).is_saving)
        finally:
            other.close()
        failure = form.says("#failure")
        assert failure.startswith("Failed to create the training job: The database")
        assert "locked" in failure
        assert form.shown("epochs") == "7"
        assert not form.field("epochs").is_disabled
        await form.press("ctrl+s")
        await form.until(lambda: bool(form.results))
    assert len(list_jobs(workspace).jobs) == 1


async def test_what_the_service_refuses_is_shown_at_its_field(
    workspace: Workspace, add_dataset_row: AddDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_dataset_row()
    answer = Refused("2 settings are not valid", {"seed": "no such seed", "epochs": "too many"})
    monkeypatch.setattr(job_services, "create_job", lambda *_args, **_kwargs: answer)
    async with opened(workspace) as form:
        await form.press("ctrl+s")
        await form.until(lambda: form.field("epochs").message == "too many")
        await form.pilot.pause()
        assert form.screen.focused is form.field("epochs").control
        await form.fill("epochs", "4")
        assert form.field("epochs").message == form.field("epochs").accepts
        await form.press("ctrl+s")
        await form.pilot.pause()
        assert not form.screen.query_one(Collapsible).collapsed
        assert form.screen.focused is form.field("seed").control


async def test_a_dataset_that_was_deleted_meanwhile(
    workspace: Workspace, add_dataset_row: AddDataset
) -> None:
    dataset = add_dataset_row()
    async with opened(workspace) as form:
        from vapor_tui.services.datasets import delete_dataset

        delete_dataset(workspace, str(dataset.id))
        await form.press("ctrl+s")
        await form.until(lambda: form.field("dataset").message == "Dataset not found")
        assert form.screen.focused is form.field("dataset").control


async def test_without_a_dataset_the_sample_is_one_key_away(workspace: Workspace) -> None:
    async with opened(workspace) as form:
        assert form.shown("dataset") == ""
        assert form.field("dataset").message == NO_DATASET
        assert not form.field("dataset").error
        await form.press("ctrl+s")
        assert form.field("dataset").error == NO_DATASET
        assert form.says("HelpLine") == NO_DATASET.rstrip("."), "once"
        assert form.screen.focused is form.field("dataset").control
        await form.press("f5")
        await form.until(lambda: form.shown("dataset") == "support-chats")
        assert form.shown("name") == "support-chats-lfm2-350m"
        assert not form.field("dataset").error
        assert form.screen.check_action("use_sample", ()) is False
        await form.press("ctrl+s")
        await form.until(lambda: bool(form.results))
    (job,) = list_jobs(workspace).jobs
    assert job.dataset_name == "support-chats"


async def test_without_a_dataset_buttons_lead_to_one(workspace: Workspace) -> None:
    async with opened(workspace) as form:
        offered = form.screen.query_one(NoDataset)
        assert offered.display
        await form.pilot.click("#dataset-choose")
        form.top(DatasetsScreen)
        await form.press("escape")
        await form.pilot.click("#dataset-add")
        form.top(AddDatasetScreen)
        await form.press("escape")
        form.screen.query_one("#dataset-sample").focus()
        await form.pilot.pause()
        assert form.says("HelpLine") == "Takes the small dataset that comes with the program"
        await form.press("enter")
        await form.until(lambda: form.shown("dataset") == "support-chats")
        assert not offered.display


def test_models_are_recommended_for_the_gpus_of_the_form(workspace: Workspace) -> None:
    planned = plan_job(workspace, {}, None)
    assert isinstance(planned, Ok)
    picker = ModelPicker(workspace.catalogue, planned.value.draft)
    rows = picker.rows("")
    assert rows[0].cells == ("Recommended for 2 × A100-80GB",)
    assert not rows[0].can_be_picked
    headings = [index for index, row in enumerate(rows) if not row.can_be_picked]
    assert [rows[index].cells[0] for index in headings[1:]] == ["Others"]
    for row in rows[1 : headings[1]]:
        assert row.cells[-1].endswith(": largest fit")
    keys = [row.key for row in rows]
    assert len(set(keys)) == len(keys) == len(workspace.catalogue.models) + 2
    (large,) = [row for row in rows if row.key == "Llama-3.1-70B-Instruct"]
    assert large.cells[-1].startswith("does not fit here")
    assert [row.key for row in picker.rows("lfm2 1.2b")][1:] == ["LFM2-1.2B"]
    assert [row.key for row in picker.rows("70b")] == ["Llama-3.1-70B-Instruct"]
    assert picker.rows("me/mine")[0].key == "me/mine"
    assert ModelPicker(workspace.catalogue).rows("")[0].key == workspace.catalogue.models[0].id


async def test_a_dataset_is_picked_from_the_list(
    workspace: Workspace, add_dataset_row: AddDataset
) -> None:
    add_dataset_row("first")
    add_dataset_row("second")
    add_dataset_row("broken", status=DatasetStatus.INVALID, training_ready=False)
    async with opened(workspace) as form:
        assert form.shown("dataset") == "second", "the newest that can be trained on"
        form.field("dataset").control.focus()
        await form.press(*"fir", "enter")
        assert form.shown("dataset") == "first"
        await form.press(*"br", "enter")
        form.top(PickScreen)
        await form.press("escape")
        assert form.shown("dataset") == "first"
        await form.press("up")
        assert form.shown("dataset") == "second"


async def test_a_dataset_that_does_not_exist(
    workspace: Workspace, add_dataset_row: AddDataset
) -> None:
    add_dataset_row()
    async with opened(workspace, dataset_id=99) as form:
        assert form.field("dataset").message == "Dataset not found"
        await form.press("ctrl+s")
        assert form.screen.focused is form.field("dataset").control


async def test_datasets_that_cannot_be_read_are_read_again(
    workspace: Workspace, add_dataset_row: AddDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_dataset_row()

    def failing(_workspace: Workspace) -> Any:
        raise StorageBusyError("The database is locked")

    with monkeypatch.context() as patched:
        patched.setattr(dataset_services, "list_datasets", failing)
        async with opened(workspace) as form:
            assert form.says("#failure") == "Failed to read the datasets: The database is locked"
            patched.undo()
            form.field("dataset").control.focus()
            await form.press("enter", "escape")
            await form.until(lambda: form.shown("dataset") == "support-chats")
            assert not form.screen.query_one("#failure").display


async def test_a_clone_fills_the_form(workspace: Workspace, add_job: AddJob) -> None:
    job = add_job(epochs=5, gpu_type="H100")
    async with opened(workspace, clone=job) as form:
        assert form.shown("name") == "support-bot-2"
        assert (form.shown("epochs"), form.shown("gpu_type")) == ("5", "H100")
        assert form.shown("dataset") == "support-chats"
        assert not form.screen.is_changed


async def test_a_second_clone_gets_another_name(workspace: Workspace, add_job: AddJob) -> None:
    job = add_job()
    add_job(name="support-bot-2")
    async with opened(workspace, clone=job) as form:
        await form.until(lambda: form.shown("name") == "support-bot-3")
        assert not form.screen.is_changed


async def test_leaving_asks_only_when_something_was_changed(
    workspace: Workspace, add_dataset_row: AddDataset
) -> None:
    add_dataset_row()
    async with opened(workspace) as form:
        await form.fill("epochs", "5")
        await form.press("escape")
        form.top(ConfirmScreen)
        await form.press("n")
        assert form.shown("epochs") == "5"
        await form.fill("epochs", "3")
        await form.press("escape")
        assert form.results == [None]


async def test_leaving_a_changed_form(workspace: Workspace) -> None:
    async with opened(workspace) as form:
        await form.press("right")
        await form.pilot.click("#cancel")
        await form.press("y")
        await form.until(lambda: form.results == [None])
    assert list_jobs(workspace).jobs == []


async def test_text_from_outside_is_made_safe(
    workspace: Workspace, add_dataset_row: AddDataset
) -> None:
    add_dataset_row("evil\x1b[31m[/]\u202e")
    async with opened(workspace) as form:
        await form.press("tab", "tab", "tab", "enter", "escape")
        text = form.app.export_screenshot()
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "\ufffd" in form.shown("dataset")


@pytest.mark.parametrize(
    "owner",
    [
        ConfigureScreen,
        PickScreen,
        AddDatasetScreen,
        PresetCards,
        PickControl,
        ChoiceControl,
        NumberInput,
        AskNameScreen,
        CommandScreen,
        PresetsScreen,
    ],
)
def test_every_binding_has_an_id_and_a_tooltip(owner: type[DOMNode]) -> None:
    for binding in owner.BINDINGS:
        assert isinstance(binding, Binding)
        assert binding.id, binding
        assert binding.tooltip, binding


async def test_every_size_can_be_shown(workspace: Workspace, add_dataset_row: AddDataset) -> None:
    add_dataset_row()
    async with opened(workspace, (60, 18)) as form:
        form.field("base_model").control.focus()
        for keys in ((), ("enter", "l"), ("escape", "ctrl+o")):
            await form.press(*keys)
            for size in ((1, 1), (250, 80), (60, 18)):
                await form.pilot.resize_terminal(*size)
        await form.press("escape")
        assert isinstance(form.field("name"), FormField)


async def test_help_follows_the_focus(workspace: Workspace) -> None:
    async with opened(workspace) as form:
        assert "Values to start from" in form.says("HelpLine")
        form.field("learning_rate").control.focus()
        await form.pilot.pause()
        assert form.says("HelpLine").startswith("Step size. 1e-5 to 2e-4 is usual for LoRA")
        await form.press("ctrl+down")
        assert form.screen.focused is form.field("batch_size").control
        await form.press("ctrl+up", "enter")
        assert form.screen.focused is form.field("batch_size").control
