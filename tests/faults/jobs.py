"""Databases with jobs for a test to spoil."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.conftest import OWNER
from tests.faults.programs import PATIENCE
from vapor_tui.domain.datasets import DatasetFormat, DatasetStatus
from vapor_tui.domain.jobs import Job
from vapor_tui.domain.results import Ok
from vapor_tui.services.jobs import Simulation, create_job
from vapor_tui.services.workspace import open_workspace
from vapor_tui.simulation import SimulationMode
from vapor_tui.storage import datasets

STEP_SECONDS = 30.0
"""Simulated: long enough that training is not a blink beside the stages around it."""
_BATCH, _TOKENS_PER_SECOND = 4, 3600

LONG: dict[str, Any] = {"steps": 200, "epochs": 1, "speed": "1500"}
"""A job that trains after 0.4 s and for four more: time to do something to it."""


def plant(
    path: Path,
    *,
    jobs: int = 1,
    speed: str = "max",
    steps: int = 10,
    epochs: int = 2,
    name: str = "job",
    logging_steps: int = 1,
) -> list[int]:
    """Queue jobs of so many steps an epoch in a database; return their numbers.

    A job of 10 steps and 2 epochs takes about 2,100 simulated seconds.
    """
    workspace = open_workspace(path, owner=OWNER)
    try:
        pairs = steps * _BATCH
        dataset = workspace.database.write(
            datasets.insert_dataset,
            {
                "owner": OWNER,
                "name": f"{name}-data",
                "description": "",
                "format": DatasetFormat.MESSAGES,
                "status": DatasetStatus.READY,
                "path": "/data/chats.jsonl",
                "file_name": "chats.jsonl",
                "file_size": 1_000,
                "sha256": f"{len(name):064x}",
                "total_training_pairs": pairs,
                "total_validation_pairs": 0,
                "total_tokens": round(pairs * STEP_SECONDS * _TOKENS_PER_SECOND / _BATCH),
                "avg_turns_per_conversation": 2.0,
                "avg_tokens_per_turn": 100.0,
                "training_ready": True,
                "validated_at": datetime.now(UTC),
                "validation_errors": [],
                "sample_data": [],
            },
        )
        created: list[Job] = []
        for number in range(jobs):
            answer = create_job(
                workspace,
                {
                    "name": f"{name}-{number}",
                    "preset": "balanced",
                    "batch_size": _BATCH,
                    "epochs": epochs,
                    "logging_steps": logging_steps,
                    "seed": 11 + number,
                },
                dataset,
                simulation=Simulation(SimulationMode.EXPONENTIAL, speed),
            )
            assert isinstance(answer, Ok), answer
            created.append(answer.value)
        return [job.id for job in created]
    finally:
        workspace.close()


@dataclass(frozen=True)
class State:
    """What a job's row says."""

    status: str
    step: int
    fence: int
    lease_owner: int | None
    barren_claims: int
    progress: float
    desired: str
    error: str | None


def states(path: Path) -> dict[int, State]:
    """Read the state of every job; raises sqlite3.OperationalError where it cannot be read."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=PATIENCE)) as db:
        rows = db.execute(
            "SELECT id, status, current_step, fence, lease_owner, barren_claims, progress, "
            "desired, error_message FROM training_jobs"
        ).fetchall()
    return {number: State(*rest) for number, *rest in rows}


def state(path: Path, job_id: int = 1) -> State:
    """Read the state of one job."""
    return states(path)[job_id]


def worker_ids(path: Path) -> list[int]:
    """Read the numbers of all registered workers."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=PATIENCE)) as db:
        return [number for (number,) in db.execute("SELECT id FROM workers ORDER BY id")]


@dataclass(frozen=True)
class Event:
    """A line of a job's history."""

    job_id: int
    what: str
    before: str | None
    after: str | None
    who: str
    fence: int
    note: str


def events(path: Path) -> list[Event]:
    """Read the history of every job, oldest first."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=PATIENCE)) as db:
        rows = db.execute(
            'SELECT job_id, what, "from", "to", who, fence, note FROM job_events ORDER BY id'
        ).fetchall()
    return [Event(*row) for row in rows]


def claims(path: Path) -> list[Event]:
    """Read the history of who took which job."""
    return [e for e in events(path) if e.what == "status" and e.after == "initializing"]
