"""What the configuration screen looks like, with frozen clock and data."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from tests.conftest import AddDataset
from tests.ui.configure_support import Form, frozen_app, settled
from vapor_tui.services.presets import save_preset
from vapor_tui.services.workspace import Workspace
from vapor_tui.ui.app import VaporApp
from vapor_tui.ui.screens.command import CommandScreen

SnapCompare = Callable[..., bool]

SIZES = [(160, 45), (120, 40), (80, 24), (60, 18)]
THEMES = ["vapor-dark", "vapor-light"]


def name_of(value: object) -> str:
    return f"{value[0]}x{value[1]}" if isinstance(value, tuple) else str(value)


def themed_app(
    workspace: Workspace, theme: str = "vapor-dark", preset: str | None = None
) -> VaporApp:
    app = frozen_app(workspace, preset=preset)
    app.theme = theme
    return app


def save_some() -> None:
    values = {"learning_rate": 2e-4, "batch_size": 16, "epochs": 2}
    for name in ("Long chats", "Weekly run", "数据 [nightly]"):
        save_preset(name, values, tagline="For what came in by mail" if name[0] == "W" else "")


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES, ids=name_of)
def test_form(
    snap_compare: SnapCompare,
    workspace: Workspace,
    add_dataset_row: AddDataset,
    size: tuple[int, int],
    theme: str,
) -> None:
    add_dataset_row()

    async def edit(pilot: Pilot[None]) -> None:
        form = await settled(pilot)
        await form.fill("epochs", "5")
        await form.fill("budget", "4")
        await form.fill("batch_size", "12")
        form.stop_blinking()

    assert snap_compare(themed_app(workspace, theme), terminal_size=size, run_before=edit)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES, ids=name_of)
def test_own_presets(
    snap_compare: SnapCompare,
    workspace: Workspace,
    add_dataset_row: AddDataset,
    size: tuple[int, int],
    theme: str,
) -> None:
    add_dataset_row()
    save_some()

    async def wait(pilot: Pilot[None]) -> None:
        await settled(pilot)

    app = themed_app(workspace, theme, preset="weekly-run")
    assert snap_compare(app, terminal_size=size, run_before=wait)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES, ids=name_of)
def test_name_of_a_preset(
    snap_compare: SnapCompare, workspace: Workspace, size: tuple[int, int], theme: str
) -> None:
    async def ask(pilot: Pilot[None]) -> None:
        form = await settled(pilot)
        await form.press("f3", *"fast")
        form.stop_blinking()

    assert snap_compare(themed_app(workspace, theme), terminal_size=size, run_before=ask)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES, ids=name_of)
def test_advanced_without_a_dataset(
    snap_compare: SnapCompare, workspace: Workspace, size: tuple[int, int], theme: str
) -> None:
    async def rehearse(pilot: Pilot[None]) -> None:
        form = await settled(pilot)
        form.screen.query_one("CollapsibleTitle").focus()
        await form.press("enter")
        await form.until(lambda: bool(form.screen.query("#field-injection")))
        await form.fill("injection", "nan@100")
        # Where the form stands then depends on when it was laid out.
        form.field("injection").scroll_visible(animate=False, top=True)
        await pilot.pause()
        form.stop_blinking()

    assert snap_compare(themed_app(workspace, theme), terminal_size=size, run_before=rehearse)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES, ids=name_of)
def test_models(
    snap_compare: SnapCompare,
    workspace: Workspace,
    add_dataset_row: AddDataset,
    size: tuple[int, int],
    theme: str,
) -> None:
    add_dataset_row()

    async def open_list(pilot: Pilot[None]) -> None:
        form: Form = await settled(pilot)
        form.field("base_model").control.focus()
        await form.press("enter")
        form.stop_blinking()

    assert snap_compare(themed_app(workspace, theme), terminal_size=size, run_before=open_list)


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

    assert snap_compare(themed_app(workspace), terminal_size=(80, 24), run_before=open_list)


def test_no_dataset(snap_compare: SnapCompare, workspace: Workspace) -> None:
    async def wait(pilot: Pilot[None]) -> None:
        await settled(pilot)

    assert snap_compare(themed_app(workspace), terminal_size=(80, 24), run_before=wait)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES, ids=name_of)
def test_command(
    snap_compare: SnapCompare, workspace: Workspace, size: tuple[int, int], theme: str
) -> None:
    line = "vapor-tui submit 3 --preset quality --name 'my run' --model Qwen3-8B --budget 12.5"

    async def show(pilot: Pilot[None]) -> None:
        form = await settled(pilot)
        await form.app.push_screen(CommandScreen(line))
        await pilot.pause()

    assert snap_compare(themed_app(workspace, theme), terminal_size=size, run_before=show)
