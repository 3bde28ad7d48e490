"""Pictures of the datasets: the list, one of them, and the form that adds one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.conftest import AddDataset
from tests.ui.support import NOON, Session, frozen_app
from vapor_tui.domain.datasets import (
    DatasetFormat,
    DatasetStatistics,
    DatasetStatus,
    LineError,
    TokenBin,
)
from vapor_tui.services.dataset_readings import INTERRUPTED
from vapor_tui.services.workspace import Workspace
from vapor_tui.ui.app import VaporApp
from vapor_tui.ui.glyphs import CURSOR
from vapor_tui.ui.widgets.plain_input import PlainInput

SIZES = [(160, 45), (120, 40), (80, 24), (60, 18)]
THEMES = ["vapor-dark", "vapor-light"]
CHAT = [
    {"role": "system", "content": "You answer for a shop that rents bicycles."},
    {"role": "user", "content": "Is my order on its way? [LF-20841]\x1b[31m"},
    {"role": "assistant", "content": "It left on Friday, and should be with you on Tuesday. " * 3},
]
ERRORS = [
    LineError(line=12, message="not valid JSON: the line ends too early, at column 40"),
    LineError(line=1_204, message='"completion" is missing'),
]


def name_of(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


@pytest.fixture
def datasets(add_dataset_row: AddDataset) -> None:
    """One dataset of every state, the one with most to say last."""
    bad: dict[str, Any] = {"status": DatasetStatus.INVALID, "training_ready": False}
    for hours, name, values in (
        (700, "held-out [2024]", {"format": DatasetFormat.TEXT, "file_size": 18 << 20}),
        (90, "数据集 mit einem sehr langen Namen", {"format": DatasetFormat.PROMPT_COMPLETION}),
        (30, "half", {**bad, "reason": "2 of 20 records are bad (10.0%); at most 5% may be."}),
        (2, "cut-short", {**bad, "sha256": None, "format": None, "reason": INTERRUPTED}),
        (0.1, "support-chats", _full()),
    ):
        created = NOON - timedelta(hours=hours)
        add_dataset_row(name, **{"created_at": created, "updated_at": created, **values})


def _full() -> dict[str, Any]:
    return {
        "total_validation_pairs": 50,
        "total_training_pairs": 1_250_000,
        "total_tokens": 312_500_000,
        "file_size": 700 << 20,
        "sample_data": [{"messages": CHAT}] * 2,
        "validation_errors": ERRORS,
        "statistics": DatasetStatistics(
            records=400_000,
            bad_records=2,
            share_over_max_sequence_length=0.012,
            token_counter="estimate: UTF-8 bytes / 4",
            token_histogram=tuple(
                TokenBin(at_least=2**bits, at_most=2 ** (bits + 1) - 1, records=records)
                for bits, records in enumerate((300, 9_000, 88_000, 190_000, 97_000, 15_698, 2), 5)
            ),
        ),
    }


def pressing(
    app: VaporApp, *keys: str, until: tuple[str, ...]
) -> Callable[[Pilot[None]], Awaitable[None]]:
    """Go to the datasets, press keys, and wait until these texts stand there."""

    async def drive(pilot: Pilot[None]) -> None:
        app.animation_level = "none"
        session = Session(pilot, [])
        await session.until(lambda: app.overview is not None and app.backend.is_open)
        await session.press("2")
        await session.sees("support-chats", "5 datasets")
        await session.press(*keys)
        await session.sees(*until)
        for box in app.screen.query(PlainInput):
            box.cursor_blink = False

    return drive


@pytest.mark.usefixtures("datasets")
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES, ids=name_of)
def test_list(workspace: Workspace, snap_compare: Any, size: tuple[int, int], theme: str) -> None:
    app = frozen_app(workspace)
    app.theme = theme
    beside = ("records", "First records") if size[0] >= 120 else ()
    ready = pressing(app, until=("interrupted", *beside))
    assert snap_compare(app, terminal_size=size, run_before=ready)


@pytest.mark.usefixtures("datasets")
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES[1:], ids=name_of)
def test_one(workspace: Workspace, snap_compare: Any, size: tuple[int, int], theme: str) -> None:
    app = frozen_app(workspace)
    app.theme = theme
    ready = pressing(app, "enter", until=("Tokens per record", f"Datasets {CURSOR} support-chats"))
    assert snap_compare(app, terminal_size=size, run_before=ready)


@pytest.mark.usefixtures("datasets")
@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("size", SIZES, ids=name_of)
def test_form(
    workspace: Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    snap_compare: Any,
    size: tuple[int, int],
    theme: str,
) -> None:
    folder = tmp_path / "data"
    (folder / "older").mkdir(parents=True)
    for name in ("chats.jsonl", "[red]x\x1b[31m.jsonl", "table.csv.gz", "notes.txt"):
        (folder / name).write_bytes(b"x" * 2_000)
    monkeypatch.chdir(folder)
    app = frozen_app(workspace)
    app.theme = theme
    ready = pressing(app, "n", until=("Add a dataset", "table.csv.gz", "notes.txt"))
    assert snap_compare(app, terminal_size=size, run_before=ready)
