"""Benchmarks without a screen: simulator, store, dataset reader, start of the command line."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from sqlalchemy import Connection

from tests.bench.measure import Measurement, paired, seconds
from vapor_tui.datasets import read_dataset
from vapor_tui.domain.hyperparameters import Hyperparameters
from vapor_tui.domain.metrics import MetricsBlock
from vapor_tui.simulation import SimulationMode, SimulationSpec, simulate
from vapor_tui.storage import metrics
from vapor_tui.storage.engine import connect, open_database
from vapor_tui.storage.jobs import insert_job
from vapor_tui.storage.tables import JobRow

STEPS = 1_000_000
ROWS = 100_000
RECORDS = 50_000


def simulator(mode: SimulationMode) -> Measurement:
    """Whole rows of a run against one standard normal per step, as steps per second."""
    spec = SimulationSpec(
        hyperparameters=Hyperparameters(batch_size=4, epochs=1, learning_rate=1e-4),
        total_steps=STEPS,
        steps_per_epoch=STEPS,
        seed=7,
        data_seed=7,
        mode=mode,
    )
    generator = np.random.Generator(np.random.PCG64(1))
    figure, floor = paired(
        lambda: STEPS / seconds(lambda: simulate(spec, 0, STEPS)),
        lambda: STEPS / seconds(lambda: generator.standard_normal(STEPS)),
    )
    return Measurement(f"simulator, {mode}", "steps/s", figure, floor, 0.1, more_is_better=True)


def store() -> Measurement:
    """Metrics stored by the product against the driver's executemany, same durability."""
    steps = np.arange(1, ROWS + 1, dtype=np.int64)
    values = np.linspace(2.5, 0.3, ROWS)
    columns = dict.fromkeys(
        ("loss", "accuracy", "learning_rate", "grad_norm", "tokens_per_second"), values
    )
    block = MetricsBlock(step=steps, epoch=steps / ROWS, **columns)
    # What the product binds too, though it is empty: that costs time.
    names = ("job_id", "step", "epoch", *columns, "eval_loss", "non_finite", "created_at")
    rows = [
        (1, step, step / ROWS, *(value for _ in columns), None, None, 0.0)
        for step, value in enumerate(values.tolist(), 1)
    ]
    insert = (
        f"INSERT INTO training_metrics ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    )
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(Path(folder) / "bench.db")
        with closing(connect(database.path)) as plain:

            def emptied(work: Callable[[], object]) -> float:
                plain.execute("DELETE FROM training_metrics")
                return ROWS / seconds(work)

            def by_driver() -> None:
                plain.execute("BEGIN IMMEDIATE")
                plain.executemany(insert, rows)
                plain.execute("COMMIT")

            database.write(_add_job)
            figure, floor = paired(
                lambda: emptied(lambda: database.write(metrics.store_blocks, 1, [block])),
                lambda: emptied(by_driver),
            )
        database.close()
    return Measurement("metrics stored", "rows/s", figure, floor, 0.6, more_is_better=True)


def _add_job(connection: Connection) -> None:
    now = datetime.now(UTC)
    insert_job(
        connection,
        JobRow(
            owner="bench",
            name="bench",
            queued_at=now,
            seed=0,
            data_seed=0,
            created_at=now,
            updated_at=now,
        ),
    )


def dataset() -> Measurement:
    """A JSONL dataset read, checked and counted against json.loads of each line."""
    record = json.dumps(
        {"instruction": "Explain it. " * 20, "input": "", "output": "Because of this. " * 30}
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.jsonl"
        path.write_text(f"{record}\n" * RECORDS, encoding="utf-8")

        def plain() -> None:
            with path.open("rb") as lines:
                for line in lines:
                    json.loads(line)

        figure, floor = paired(
            lambda: RECORDS / seconds(lambda: read_dataset(path)),
            lambda: RECORDS / seconds(plain),
            rounds=5,
        )
    return Measurement("JSONL dataset read", "rec/s", figure, floor, 0.5, more_is_better=True)


def version() -> Measurement:
    """`vapor-tui --version` against importing typer, whole processes."""

    def process(*arguments: str) -> float:
        command = [sys.executable, *arguments]
        return seconds(lambda: subprocess.run(command, check=True, capture_output=True))

    figure, floor = paired(
        lambda: process("-m", "vapor_tui", "--version"),
        lambda: process("-c", "import typer"),
        rounds=11,
    )
    return Measurement("vapor-tui --version", "s", figure, floor, 1.3)
