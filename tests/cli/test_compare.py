"""`compare` as a script uses it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.cli.conftest import Cli


@pytest.fixture
def compared(cli: Cli, tmp_path: Path) -> Cli:
    """Runs a command on a database with two finished jobs and one that waits."""
    path = tmp_path / "chats.jsonl"
    record = json.dumps({"prompt": "p" * 400, "completion": "c" * 400})
    path.write_text(f"{record}\n" * 200)
    cli("run", path, "--speed", "max", "--seed", 1, "--name", "base")
    cli("run", path, "--speed", "max", "--seed", 1, "--rank", 64, "--name", "more rank")
    cli("submit", path, "--speed", "max", "--seed", 1, "--name", "waiting")
    return cli


def test_the_table_shows_what_differs_and_what_came_of_it(compared: Cli) -> None:
    code, out, _ = compared("compare", 1, 2, 3)
    assert code == 0
    words = {line[:26].strip(): line.split() for line in out.splitlines()}
    assert words["LoRA rank"][-3:] == ["16", "64", "16"]
    assert "Learning rate" not in words
    assert out.count(" sim") >= 2
    assert "Job 3 has no curve" in out
    assert "Mean loss until step" in out


def test_the_same_settings_are_said_to_be_the_same(compared: Cli) -> None:
    assert "The settings are the same" in compared("compare", 1, 3)[1]


@pytest.mark.parametrize("by", ["step", "epoch", "time", "simulated"])
def test_losses_are_laid_along_any_axis(compared: Cli, by: str) -> None:
    code, out, _ = compared("compare", 1, 2, "--by", by, "--json")
    document = json.loads(out)
    assert code == 0
    assert [job["id"] for job in document["jobs"]] == [1, 2]
    assert document["differing_settings"]["lora_rank"] == {"1": "16", "2": "64"}
    losses = document["losses"]
    assert losses["by"] == by
    assert len(losses["mean_loss"]["1"]) == len(losses["until"]) == 8
    assert losses["until"] == sorted(losses["until"])


def test_curves_come_in_long_format(compared: Cli) -> None:
    code, out, _ = compared("compare", 1, 2, "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert list(rows[0])[:5] == ["job", "step", "epoch", "seconds", "loss"]
    assert [sum(row["job"] == job for row in rows) for job in "12"] == [150, 150]
    assert float(rows[0]["loss"]) > float(rows[149]["loss"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((1,), "at least two jobs"),
        ((1, 9), "There is no job 9"),
        ((1, 1), "named twice"),
        ((1, 2, "--by", "loss"), "step, epoch, time, simulated"),
        ((1, 2, "--csv", "--json"), "exclude each other"),
    ],
)
def test_what_is_wrong_is_answered(
    compared: Cli, arguments: tuple[object, ...], sentence: str
) -> None:
    code, out, err = compared("compare", *arguments)
    assert code == 2
    assert sentence in out + err


def test_errors_are_documents_too(compared: Cli) -> None:
    code, out, _ = compared("compare", 1, 9, "--json")
    assert code == 2
    assert json.loads(out)["error"].startswith("There is no job 9")
