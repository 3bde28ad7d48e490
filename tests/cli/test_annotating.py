"""`clone`, `rename`, `tag`, `note`, and the list by tag and with totals."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.test_commands import Cli, cli, worked_example

__all__ = ["cli", "worked_example"]  # fixtures


@pytest.fixture
def job(cli: Cli, worked_example: Path) -> int:
    assert cli("submit", worked_example, "--preset", "fast", "--name", "chat").code == 0
    return 1


def test_a_job_is_renamed(cli: Cli, job: int) -> None:
    assert cli("rename", job, " chat, lr 2e-4 ").out == "Job 1 is called chat, lr 2e-4\n"
    assert cli("rename", job, "mine", "--json").document == {"id": 1, "name": "mine"}
    refused = cli("rename", job, "x")
    assert (refused.code, refused.err) == (2, "vapor-tui: Name must be at least 3 characters\n")
    assert cli("show", job, "--json").document["name"] == "mine"
    assert cli("rename", 9, "mine").code == 2


def test_tags_are_added_listed_and_taken_away(cli: Cli, job: int) -> None:
    answer = cli("tag", job, "--add", "base, lr sweep", "--add", "x")
    assert (answer.code, answer.out) == (0, "base\nlr sweep\nx\n")
    answer = cli("tag", job, "--remove", "X", "--json")
    assert answer.document == {"id": 1, "tags": ["base", "lr sweep"]}
    assert "base, lr sweep" in cli("show", job).out
    assert cli("show", job, "--json").document["tags"] == ["base", "lr sweep"]
    assert len(cli("jobs", "--tag", "BASE", "--json").document["jobs"]) == 1
    assert cli("jobs", "--tag", "bas", "--json").document["jobs"] == []


def test_tags_that_are_wrong_are_refused(cli: Cli, job: int) -> None:
    long = cli("tag", job, "--add", "t" * 41)
    assert (long.code, long.err) == (2, "vapor-tui: A tag must be at most 40 characters\n")
    missing = cli("tag", 9, "--add", "t", "--json")
    assert missing.code == 2
    assert missing.document["error"].startswith("There is no job 9.")


def test_a_note_is_written_printed_and_removed(cli: Cli, job: int) -> None:
    assert cli("note", job).out == ""
    assert cli("note", job, "first\nsecond \x1b[31m").out == "Job 1 has a note\n"
    assert cli("note", job).out == "first\nsecond \N{REPLACEMENT CHARACTER}[31m\n"
    assert cli("note", job, "--json").document == {"id": 1, "notes": "first\nsecond \x1b[31m"}
    shown = [line for line in cli("show", job).out.splitlines() if "first" in line]
    assert [line.split() for line in shown] == [["note", "first"]]
    assert cli("note", job, "").out == "Job 1 has no note\n"
    assert cli("note", job, "n" * 10_001).code == 2
    assert cli("note", 9).code == 2


def test_a_job_is_cloned_with_changes(cli: Cli, job: int) -> None:
    assert cli("clone", job).out == "2\n"
    answer = cli("clone", job, "--rank", 64, "--name", "wide", "--speed", "max", "--json")
    assert answer.code == 0
    copy = answer.document
    assert (copy["id"], copy["name"], copy["status"]) == (3, "wide", "queued")
    assert (copy["speed"], copy["dataset_id"]) == ("max", 1)
    assert copy["hyperparameters"]["lora_rank"] == 64
    assert copy["preset_base"] == "fast"
    assert cli("show", 2, "--json").document["name"] == "chat-2"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--rank", "3"], "LoRA rank must be at least 4"),
        (["--preset", "nope"], 'There is no preset "nope"'),
        (["--runner", "hf"], 'The runner "hf" is not there yet'),
        (["--dataset", "nothing"], "Dataset not found"),
        (["--inject", "nan"], ""),
        (["--mode", "linear"], "Simulated loss must be one of"),
    ],
)
def test_a_copy_that_is_not_possible_is_refused(
    cli: Cli, job: int, options: list[str], sentence: str
) -> None:
    answer = cli("clone", job, *options)
    assert answer.code == 2
    assert sentence in answer.err
    assert len(cli("jobs", "--json").document["jobs"]) == 1


def test_totals_keep_real_and_simulated_apart(cli: Cli, job: int) -> None:
    cli("clone", job)
    document = cli("jobs", "--totals", "--json").document
    assert set(document) == {"jobs", "pagination", "totals"}
    nothing = {"running": 0, "queued": 0, "spent_today": 0, "spent_this_month": 0}
    assert document["totals"] == {"real": nothing, "simulated": {**nothing, "queued": 2}}
    assert cli("worker", "--once", "--speed", "max").code == 0
    spent = cli("jobs", "--totals", "--json").document
    costs = sum(one["final_cost"] for one in spent["jobs"])
    assert spent["totals"]["simulated"]["spent_today"] == pytest.approx(costs, abs=0.02)
    assert spent["totals"]["real"] == nothing
    shown = cli("jobs", "--totals").out.splitlines()
    assert shown[-4] == "", "apart from the list"
    assert [line.split()[0] for line in shown[-2:]] == ["real", "simulated"]
    assert "totals" not in cli("jobs", "--json").document


def test_orders_are_reversed_by_a_sign(cli: Cli, job: int) -> None:
    cli("clone", job, "--name", "aaa")
    names = [one["name"] for one in cli("jobs", "--sort", "-name", "--json").document["jobs"]]
    assert names == ["chat", "aaa"]
    wrong = cli("jobs", "--sort", "-price")
    assert wrong.code == 2
    assert 'There is no order "price"' in wrong.err


def test_deleting_from_the_command_line_removes_the_rows(
    cli: Cli, job: int, tmp_path: Path
) -> None:
    cli("worker", "--once", "--speed", "max")
    answer = cli("delete", "--yes", job, 7, "--json")
    assert answer.code == 2
    assert [one["id"] for one in answer.document["jobs"]] == [1]
    assert answer.document["errors"][0]["error"].startswith("There is no job 7.")
    with closing(sqlite3.connect(tmp_path / "cli.db")) as database:
        for table in ("training_jobs", "training_metrics", "log_lines", "job_events"):
            assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
