"""What was entered is not lost: by quitting, by another size, by another screen."""

from __future__ import annotations

import os
import signal

import pytest

from tests.conftest import AddDataset
from tests.ui.configure_support import Form, opened
from vapor_tui.services.workspace import Workspace
from vapor_tui.ui.screens.configure import ConfigureScreen
from vapor_tui.ui.screens.confirm import ConfirmScreen

OVER_THE_FORM = ([], ["f2"], ["ctrl+p"], ["ctrl+o"], ["ctrl+down", "ctrl+down", "enter"], ["f3"])
"""Keys that open what stands in front of the form when the app is left."""


def is_running(form: Form) -> bool:
    return not form.app._exit


async def test_an_untouched_form_is_left_at_once(workspace: Workspace) -> None:
    async with opened(workspace) as form:
        await form.press("ctrl+q")
        assert not is_running(form)


@pytest.mark.parametrize("keys", OVER_THE_FORM)
async def test_quitting_asks_where_something_was_entered(
    workspace: Workspace, add_dataset_row: AddDataset, keys: list[str]
) -> None:
    add_dataset_row()
    async with opened(workspace) as form:
        await form.press("right", *keys)
        depth = len(form.app.screen_stack)
        await form.press("ctrl+q", "ctrl+q")
        form.top(ConfirmScreen)
        assert len(form.app.screen_stack) == depth + 1, "it asks once"
        await form.press("n")
        assert is_running(form)
        assert len(form.app.screen_stack) == depth
        await form.press("ctrl+q", "y")
        assert not is_running(form)


async def test_a_fault_to_rehearse_is_an_edit_too(workspace: Workspace) -> None:
    async with opened(workspace) as form:
        form.screen.query_one("CollapsibleTitle").focus()
        await form.press("enter")
        await form.until(lambda: bool(form.screen.query("#field-injection")))
        assert not form.screen.is_changed
        await form.fill("injection", "oom")
        await form.press("ctrl+q")
        form.top(ConfirmScreen)


async def test_a_signal_does_not_ask(workspace: Workspace) -> None:
    async with opened(workspace) as form:
        await form.press("right")
        os.kill(os.getpid(), signal.SIGTERM)
        await form.until(lambda: not is_running(form))
        assert form.app.return_code == 128 + signal.SIGTERM


async def test_what_was_entered_survives_sizes_and_screens(
    workspace: Workspace, add_dataset_row: AddDataset
) -> None:
    add_dataset_row()
    async with opened(workspace, (120, 40)) as form:
        await form.fill("name", "kept [name]")
        await form.fill("epochs", "x7")
        before = dict(form.screen._form.values)
        focused = form.screen.focused
        for size in ((60, 18), (20, 5), (1, 1), (160, 45), (80, 24)):
            await form.pilot.resize_terminal(*size)
            await form.press("f2", "escape")
            await form.pilot.pause()
        assert form.screen.focused is focused
        form.field("base_model").control.focus()
        await form.press("enter", *"zz", "escape", "ctrl+o", "escape", "ctrl+p", "escape")
        screen = form.top(ConfigureScreen)
        assert screen._form.values == before
        assert (form.shown("name"), form.shown("epochs")) == ("kept [name]", "x7")
        assert form.field("epochs").error == "Epochs must be a whole number"
