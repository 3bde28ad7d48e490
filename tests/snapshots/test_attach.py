"""Pictures of the screen of runs that were started elsewhere, and of one that is watched."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests import logged_runs as logs
from tests.snapshots.test_list_and_monitor import SIZES, name_of, showing
from tests.ui.support import NOON, frozen_app
from vapor_tui.services.workspace import Workspace

ENTRIES = logs.history(range(10, 210, 10))


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A project with runs, seen from inside so that no picture shows where it lies."""
    runs = {
        "out/llama-lora/runs/Nov22/events.out.tfevents.1.h": (logs.event_file(ENTRIES), 4),
        "out/llama-lora/trainer_state.json": (logs.trainer_state(ENTRIES), 3600),
        "sft/trainer_log.jsonl": (logs.trainer_log([10, 20]), 90),
        "nohup.out": (logs.captured_output(ENTRIES[:3]), 7200),
        "[red]evil[/]/metrics.csv": (logs.csv_table(ENTRIES), 260_000),
    }
    for name, (content, ago) in runs.items():
        file = logs.written(tmp_path / name, content)
        moment = (NOON - timedelta(seconds=ago)).timestamp()
        os.utime(file, (moment, moment))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("vapor_tui.ui.screens.attach._place", lambda found: "~/project")
    return tmp_path


@pytest.mark.parametrize("size", SIZES, ids=name_of)
def test_attach(
    workspace: Workspace, place: Path, snap_compare: Any, size: tuple[int, int]
) -> None:
    app = frozen_app(workspace)

    async def ready(pilot: Any) -> None:
        await showing(app, "attach")(pilot)
        await pilot.press("a")
        await showing(app, "4 runs", "live")(pilot)

    assert snap_compare(app, terminal_size=size, run_before=ready)
