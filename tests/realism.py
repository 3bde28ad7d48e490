"""Simulate runs beside real ones: the same schedules, batches and epochs, other seeds.

    python tests/realism.py --runs DIR --out DIR [--seeds N]

DIR of --runs holds CSVs with the header step,epoch,loss,lr,grad_norm,eval_loss (a missing value
is empty) and, optionally, index.tsv with the columns file, eff_batch, lora_r and params_B. For
each NAME.csv the folder of --out gets NAME.csv, NAME~1.csv and so on, in the same columns. Of a
real run only its schedule is read, never its loss.
"""

from __future__ import annotations

import argparse
import csv
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vapor_tui.domain.hyperparameters import Hyperparameters
from vapor_tui.simulation import SimulationMode, SimulationSpec, evaluate, simulate
from vapor_tui.simulation.schedule import Schedule

COLUMNS = ("step", "epoch", "loss", "lr", "grad_norm", "eval_loss")
USUAL_RATE, USUAL_BATCH = 2e-4, 16
SHAPES = ("constant", "linear", "cosine")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Plan:
    """What a real run was told, as far as its log shows it, and which steps it logged."""

    spec: SimulationSpec
    start: int
    last_step: int


def read_columns(path: Path) -> dict[str, Floats]:
    """Return the log's columns, NaN where nothing was logged."""
    with path.open(newline="", encoding="utf-8") as handle:
        rows = [row for row in csv.DictReader(handle) if row["loss"]]
    return {name: np.array([float(r.get(name) or "nan") for r in rows]) for name in COLUMNS}


def read_index(folder: Path) -> dict[str, dict[str, str]]:
    """Return what the index says of each run, by its name."""
    path = folder / "index.tsv"
    if not path.is_file():
        return {}
    with path.open(newline="", encoding="utf-8") as handle:
        return {Path(row["file"]).stem: row for row in csv.DictReader(handle, delimiter="\t")}


def inferred_schedule(steps: Floats, rates: Floats, last_step: int) -> Schedule:
    """Return the schedule that comes closest to logged rates; it may end after the log does."""
    known = np.isfinite(rates)
    if not known.any() or rates[known].max() <= 0:
        return Schedule(USUAL_RATE, "linear", 0, last_step)
    steps, rates = steps[known], rates[known]
    peak = float(rates.max())
    at_peak = steps[rates >= 0.995 * peak]
    warmups = sorted({0, int(at_peak[0]), *(round(last_step * r) for r in (0.01, 0.03, 0.05, 0.1))})
    totals = sorted(
        {round(last_step * f) for f in (*np.arange(1, 1.1, 0.01), *np.geomspace(1.1, 8, 40))}
    )
    tried = [
        Schedule(peak, s, w, t) for s in SHAPES for w in sorted(warmups) for t in totals if w < t
    ]
    return min(tried, key=lambda schedule: float(np.abs(schedule.rate(steps) - rates).mean()))


def plan_of(name: str, log: dict[str, Floats], facts: dict[str, str], seed: int) -> Plan:
    """Return the simulated run that copies a real run's schedule, batch and epochs."""
    steps = log["step"] if np.isfinite(log["step"]).all() else np.arange(1.0, len(log["loss"]) + 1)
    steps = np.unique(steps)
    last_step = int(steps[-1])
    interval = max(1, int(np.median(np.diff(steps)))) if len(steps) > 1 else 1
    schedule = inferred_schedule(log["step"], log["lr"], last_step)
    epochs = np.nanmax(log["epoch"]) if np.isfinite(log["epoch"]).any() else 1.0
    steps_per_epoch = max(1, round(last_step / max(float(epochs), 1e-3)))
    # Built without validation: real runs may have settings that the product would not accept.
    hyperparameters = Hyperparameters.model_construct(
        **Hyperparameters().model_dump()
        | {
            "learning_rate": schedule.peak,
            "lr_scheduler_type": schedule.shape,
            "warmup_ratio": (schedule.warmup_steps - 0.5) / schedule.total_steps
            if schedule.warmup_steps
            else 0.0,
            "batch_size": int(float(facts.get("eff_batch") or 0)) or USUAL_BATCH,
            "lora_rank": int(float(facts.get("lora_r") or 0)) or 16,
            "logging_steps": interval,
        }
    )
    spec = SimulationSpec(
        hyperparameters=hyperparameters,
        total_steps=schedule.total_steps,
        steps_per_epoch=steps_per_epoch,
        seed=zlib.crc32(f"{name}~{seed}".encode()),
        data_seed=zlib.crc32(f"{name}~{seed} data".encode()),
        mode=SimulationMode.REALISTIC,
        model_parameters=float(facts.get("params_B") or 7) * 1e9,
    )
    return Plan(spec, max(0, int(steps[0]) - interval), last_step)


def write_run(path: Path, plan: Plan) -> None:
    """Write one simulated run in the form of the real logs."""
    spec = plan.spec
    block = simulate(spec, plan.start, plan.last_step)
    held_out = {}
    for epoch in range(1, spec.epochs + 1):
        if spec.epoch_end(epoch) <= plan.last_step:
            point = evaluate(spec, epoch)
            assert point.eval_loss is not None
            held_out[int(point.step[0])] = float(point.eval_loss[0])
    assert block.loss is not None
    assert block.learning_rate is not None
    assert block.grad_norm is not None
    with path.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.writer(handle)
        writer.writerow(COLUMNS)
        for row in zip(
            block.step, block.epoch, block.loss, block.learning_rate, block.grad_norm, strict=True
        ):
            writer.writerow([*row, held_out.get(int(row[0]), "")])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Simulate runs on the schedules of real ones.")
    parser.add_argument("--runs", type=Path, required=True, help="folder of real runs")
    parser.add_argument("--out", type=Path, required=True, help="folder for the simulated ones")
    parser.add_argument("--seeds", type=int, default=4, help="simulated runs for each real one")
    parser.add_argument("--first-seed", type=int, default=0, help="for an independent sample")
    options = parser.parse_args(arguments)
    paths = sorted(options.runs.glob("*.csv"))
    if not paths:
        print(f"{options.runs} holds no CSV file", file=sys.stderr)
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    index = read_index(options.runs)
    written = 0
    for path in paths:
        log, facts = read_columns(path), index.get(path.stem, {})
        if not len(log["loss"]) or np.nanmax(log["step"], initial=1) < 1:
            print(f"{path} has no logged steps: left out", file=sys.stderr)
            continue
        written += options.seeds
        for seed in range(options.seeds):
            name = path.name if not seed else f"{path.stem}~{seed}.csv"
            write_run(options.out / name, plan_of(path.stem, log, facts, options.first_seed + seed))
    print(f"{written} simulated runs in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
