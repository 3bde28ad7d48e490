"""The report on health and forecast, on a small run of its own."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from tests import health_report
from vapor_tui.domain.health.findings import HealthKind


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A folder with one logged run: a spike at step 1000, two evaluations, one missing value."""
    draw = np.random.default_rng(1)
    steps = np.arange(10, 2_001, 10)
    losses = (0.9 + 20 / (steps + 10)) * np.exp(0.02 * draw.standard_normal(len(steps)))
    losses[99:104] *= 2
    with (tmp_path / "small.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["step", "epoch", "loss", "lr", "grad_norm", "eval_loss"])
        for step, loss in zip(steps.tolist(), losses.tolist(), strict=True):
            writer.writerow([step, step / 1_000, loss, 1e-4, "" if step == 50 else 0.5, ""])
            if step % 1_000 == 0:
                writer.writerow([step, step / 1_000, "", "", "", loss + 0.1])
    return tmp_path


def test_a_logged_run_is_read_and_its_blow_up_found(runs: Path) -> None:
    block = health_report.read_run(runs / "small.csv")
    assert len(block) == 200
    assert block.eval_loss is not None
    assert np.isfinite(block.eval_loss).sum() == 2
    found = [c.finding for c in health_report.findings(block) if not c.is_over]
    assert [(f.kind, f.since) for f in found] == [(HealthKind.SPIKE, 1_000)]


def test_it_prints_every_section(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert health_report.main(["--runs", str(runs), "--seeds", "2", "--first-seed", "1"]) == 0
    said = capsys.readouterr().out
    for part in (
        "FOUND spike",
        "0 false alarms",
        "realistic, nan: 2 of 2",
        "Stalls: 0",
        "real: 80",
    ):
        assert part in said
