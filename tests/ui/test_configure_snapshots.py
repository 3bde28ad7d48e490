"""What the configuration screen looks like, with frozen clock and data."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from tests.conftest import AddDataset
from tests.ui.configure_support import Form, frozen_app, settled
from vapor_tui.services.workspace import Workspace

SnapCompare = Callable[..., bool]


@pytest.mark.parametrize("size", [(160, 45), (120, 40), (80, 24), (60, 18)])
def test_form(
    snap_compare: SnapCompare,
    workspace: Workspace,
    add_dataset_row: AddDataset,
    size: tuple[int, int],
) -> None:
    add_dataset_row()

    async def edit(pilot: Pilot[None]) -> None:
        form = await settled(pilot)
        await form.fill("epochs", "5")
        await form.fill("budget", "4")
        await form.fill("batch_size", "12")
        form.stop_blinking()

    assert snap_compare(frozen_app(workspace), terminal_size=size, run_before=edit)


@pytest.mark.parametrize(("key", "query"), [("base_model", "lfm"), ("gpu_type", "")])
def test_list(
    snap_compare: SnapCompare,
    workspace: Workspace,
    add_dataset_row: AddDataset,
    key: str,
    query: str,
) -> None:
    add_dataset_row()

    async def open_list(pilot: Pilot[None]) -> None:
        form: Form = await settled(pilot)
        form.field(key).control.focus()
        await form.press("enter", *query)
        form.stop_blinking()

    assert snap_compare(frozen_app(workspace), terminal_size=(80, 24), run_before=open_list)


def test_light(
    snap_compare: SnapCompare, workspace: Workspace, add_dataset_row: AddDataset
) -> None:
    add_dataset_row()
    app = frozen_app(workspace)
    app.theme = "vapor-light"

    async def wait(pilot: Pilot[None]) -> None:
        await settled(pilot)

    assert snap_compare(app, terminal_size=(120, 40), run_before=wait)
