"""A newer program upgrades the database under one that runs."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.faults.figures import Figures
from tests.faults.jobs import LONG, plant, state
from tests.faults.programs import Programs, eventually
from vapor_tui.storage.marks import SCHEMA_VERSION

TOLD = 1


def test_a_worker_writes_nothing_into_a_newer_schema(
    tmp_path: Path, programs: Programs, figures: Figures
) -> None:
    path = tmp_path / "jobs.db"
    plant(path, **LONG)
    program = programs.worker(path, hooks=[("hurry", {})])
    eventually(lambda: state(path).step >= 1, "a step")
    with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as newer:
        newer.execute("BEGIN IMMEDIATE")
        newer.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
        newer.execute("COMMIT")
        step = state(path).step
    assert program.wait() == TOLD
    assert "was written by a newer version of vapor-tui" in program.said
    assert "Traceback" not in program.said
    assert state(path).step == step
    figures.fault("a newer schema under a worker")
