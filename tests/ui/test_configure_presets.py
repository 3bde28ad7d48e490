"""Presets of one's own, from the keys of the form to the file and back."""

from __future__ import annotations

import pytest
from textual.widgets import Static

from tests.conftest import AddDataset, AddJob
from tests.ui.configure_support import Form, opened
from vapor_tui import paths
from vapor_tui.domain.catalogue import CUSTOM
from vapor_tui.domain.results import Ok
from vapor_tui.services.catalogue import load_catalogue
from vapor_tui.services.jobs import list_jobs
from vapor_tui.services.presets import delete_preset, save_preset
from vapor_tui.services.workspace import Workspace
from vapor_tui.ui.screens.ask_name import AskNameScreen
from vapor_tui.ui.screens.configure import ConfigureScreen
from vapor_tui.ui.screens.confirm import ConfirmScreen
from vapor_tui.ui.widgets.plain_input import PlainInput
from vapor_tui.ui.widgets.preset_cards import PresetCard, PresetCards

VALUES = {"learning_rate": "2e-4", "batch_size": "8", "epochs": "2"}


@pytest.fixture
def chats() -> str:
    """The id of a preset of one's own."""
    saved = save_preset("Chats", VALUES)
    assert isinstance(saved, Ok)
    return saved.value.id


def cards(form: Form) -> list[str]:
    return [card.preset.id for card in form.screen.query(PresetCard)]


def verdict(form: Form) -> str:
    return str(form.top(AskNameScreen).query_one("#verdict", Static).render())


async def name_it(form: Form, name: str) -> None:
    """Replace what stands in the dialog."""
    box = form.top(AskNameScreen).query_one(PlainInput)
    box.value = name
    await form.pilot.pause()


def toasts(form: Form) -> list[str]:
    return [note.message for note in form.app._notifications]


async def test_the_present_values_are_saved_and_stand_on_a_card(workspace: Workspace) -> None:
    async with opened(workspace) as form:
        await form.fill("epochs", "5")
        assert form.screen.query_one(PresetCards).is_custom
        await form.press("f3")
        assert verdict(form) == ""
        await name_it(form, "Long [chats]")
        assert verdict(form) == "On the command line: --preset long-chats"
        await form.press("enter")
        await form.until(lambda: "long-chats" in cards(form))
        chosen = form.screen.query_one(PresetCards)
        assert (chosen.chosen, chosen.is_custom) == ("long-chats", False)
        assert toasts(form) == ["Saved Long [chats]"]
        assert form.shown("epochs") == "5"
        assert form.screen.query_one(".-chosen", PresetCard).preset.epochs == 5
    saved = load_catalogue().preset("long-chats")
    assert saved is not None
    assert (saved.epochs, saved.batch_size, saved.lora_alpha) == (5, 4, 32)


async def test_a_job_can_be_started_from_it_at_once(
    workspace: Workspace, add_dataset_row: AddDataset
) -> None:
    add_dataset_row()
    async with opened(workspace) as form:
        await form.fill("epochs", "5")
        await form.press("f3", *"mine", "enter")
        await form.until(lambda: "mine" in cards(form))
        await form.press("ctrl+s")
        await form.until(lambda: bool(form.results))
    (job,) = list_jobs(workspace).jobs
    assert (job.preset_id, job.preset_base) == ("mine", "mine")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("fast", '"fast" comes with the program; choose another name'),
        ("Custom", '"custom" is the word for no preset at all; choose another name'),
        ("!", "A preset's name needs a letter or a digit"),
    ],
)
async def test_a_name_that_is_taken_is_answered_as_one_types(
    workspace: Workspace, name: str, says: str
) -> None:
    async with opened(workspace) as form:
        await form.press("f3")
        await name_it(form, name)
        assert verdict(form) == says
        await form.press("enter")
        form.top(AskNameScreen)
        await form.press("escape")
        form.top(ConfigureScreen)
    assert not (paths.config_directory() / "presets.toml").exists()


async def test_one_of_ones_own_is_replaced_with_notice(workspace: Workspace, chats: str) -> None:
    async with opened(workspace) as form:
        await form.press("f3")
        await name_it(form, "CHATS")
        assert verdict(form).startswith("Replaces yours: rate 2e-4, batch 8, 2 epochs")
        await form.press("enter")
        await form.until(lambda: toasts(form) == ["Saved CHATS"])
        assert cards(form) == ["fast", "balanced", "quality", chats]
    replaced = load_catalogue().preset(chats)
    assert replaced is not None
    assert (replaced.name, replaced.batch_size) == ("CHATS", 4)


async def test_what_is_not_valid_is_not_saved(workspace: Workspace) -> None:
    async with opened(workspace) as form:
        await form.fill("batch_size", "12")
        form.screen.query_one(PresetCards).focus()
        await form.press("f3")
        form.top(ConfigureScreen)
        await form.pilot.pause()
        assert form.screen.focused is form.field("batch_size").control


async def test_a_preset_is_renamed_from_its_card(workspace: Workspace, chats: str) -> None:
    async with opened(workspace, preset=chats) as form:
        assert not form.screen.is_changed
        await form.press("ctrl+r")
        await name_it(form, "balanced")
        assert "comes with the program" in verdict(form)
        await name_it(form, "Weekly")
        await form.press("enter")
        await form.until(lambda: "weekly" in cards(form))
        assert form.screen.query_one(PresetCards).chosen == "weekly"
        assert form.shown("batch_size") == "8"
    assert load_catalogue().own_presets == {"weekly"}


async def test_a_preset_is_deleted_from_its_card_and_the_values_stay(
    workspace: Workspace, chats: str, add_dataset_row: AddDataset
) -> None:
    add_dataset_row()
    async with opened(workspace, preset=chats) as form:
        await form.press("d")
        form.top(ConfirmScreen)
        await form.press("n", "delete", "y")
        await form.until(lambda: chats not in cards(form))
        assert form.says("#preset-line") == CUSTOM
        assert form.shown("batch_size") == "8"
        await form.press("ctrl+s")
        await form.until(lambda: bool(form.results))
    assert load_catalogue().own_presets == frozenset()
    (job,) = list_jobs(workspace).jobs
    assert (job.preset_id, job.preset_base) == (CUSTOM, None)


async def test_those_of_the_program_have_no_such_keys(workspace: Workspace, chats: str) -> None:
    async with opened(workspace) as form:
        keys = form.screen.active_bindings
        assert "ctrl+r" not in keys
        await form.press("d", "delete", "ctrl+r")
        form.top(ConfigureScreen)
        await form.press("right", "right")
        assert form.screen.query_one(PresetCards).chosen == chats
        assert {"ctrl+r", "d", "delete"} <= set(form.screen.active_bindings)


async def test_a_file_that_does_not_parse_is_refused_and_left(
    workspace: Workspace, chats: str
) -> None:
    file = paths.config_directory() / "presets.toml"
    async with opened(workspace) as form:
        file.write_text("[[preset]\n")
        await form.press("f3", *"mine", "enter")
        await form.until(lambda: bool(toasts(form)))
        assert "not valid TOML" in toasts(form)[0]
        assert cards(form) == ["fast", "balanced", "quality", chats], "what was known stays"
    assert file.read_text() == "[[preset]\n"


async def test_cards_scroll_where_they_have_no_room(workspace: Workspace) -> None:
    for number in range(6):
        save_preset(f"own {number}", VALUES)
    async with opened(workspace, (60, 18), preset="own-5") as form:
        await form.pilot.pause()
        chosen = form.screen.query_one(".-chosen", PresetCard)
        assert chosen.preset.id == "own-5"
        assert form.screen.query_one(PresetCards).region.contains_region(chosen.region)
        await form.pilot.resize_terminal(250, 45)
        widths = {card.outer_size.width for card in form.screen.query(PresetCard)}
        assert min(widths) > 18


async def test_a_clone_of_a_job_whose_preset_is_gone(
    workspace: Workspace, chats: str, add_job: AddJob
) -> None:
    job = add_job(preset="balanced", epochs=7).model_copy(update={"preset_base": chats})
    delete_preset(chats)
    async with opened(workspace, clone=job) as form:
        assert form.says("#preset-line") == CUSTOM
        assert form.shown("epochs") == "7"
        assert form.screen.last_plan is not None
