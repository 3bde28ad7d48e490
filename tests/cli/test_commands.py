"""The commands as a script uses them: documents, exit codes, sentences."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from vapor_tui.cli.app import run as run_program


class Answer:
    """What a command printed and how it left."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def document(self) -> Any:
        return json.loads(self.out)


Cli = Callable[..., Answer]


@pytest.fixture
def cli(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Runs a command on a database of the test's own."""

    def call(*arguments: object) -> Answer:
        capsys.readouterr()
        code = run_program(["--db", str(tmp_path / "cli.db"), *map(str, arguments)])
        captured = capsys.readouterr()
        return Answer(code, captured.out, captured.err)

    return call


@pytest.fixture
def worked_example(tmp_path: Path) -> Path:
    """A file of 1,000 pairs and 200,000 tokens: 800 bytes a pair."""
    path = tmp_path / "support-chats.jsonl"
    record = json.dumps({"prompt": "p" * 400, "completion": "c" * 400})
    path.write_text(f"{record}\n" * 1000)
    return path


def _documents(database: Path) -> list[Path]:
    return sorted(database.parent.glob("*.db*"))


def test_estimate_of_the_worked_example(cli: Cli, worked_example: Path) -> None:
    answer = cli("estimate", worked_example, "--json")
    assert answer.code == 0
    document = answer.document
    assert document.pop("model_estimate")["estimated_duration_hours"] < 0.55
    assert document.pop("memory")["fits"] is True
    assert document.pop("calibrated_estimate") is None
    assert document == {
        "estimated_cost": 4.32,
        "cost_breakdown": {"compute": 3.82, "storage": 0.5},
        "estimated_duration_hours": 0.5463,
        "hourly_rate": 7.0,
        "training_details": {
            "total_steps": 750,
            "steps_per_epoch": 250,
            "estimated_throughput_tokens_per_sec": 3600.0,
            "dataset_name": "support-chats",
        },
    }
    assert cli("datasets", "list", "--json").document["datasets"] == []


def test_three_finished_runs_calibrate_the_next(cli: Cli, worked_example: Path) -> None:
    for seed in (1, 2, 3):
        cli("run", worked_example, "--speed", "max", "--seed", seed)
    document = cli("estimate", "support-chats", "--json").document
    found = document["calibrated_estimate"]
    assert found["runs"] == 3
    assert found["estimated_cost"] == pytest.approx(document["estimated_cost"], rel=0.03)
    assert (
        cli("estimate", "support-chats", "--gpu", "H100", "--json").document["calibrated_estimate"]
        is None
    )


def test_an_unknown_model_is_not_guessed(cli: Cli, worked_example: Path) -> None:
    document = cli("estimate", worked_example, "--model", "some/model", "--json").document
    assert document["memory"] is None
    assert document["model_estimate"] is None
    shown = cli("estimate", worked_example, "--model", "some/model")
    assert "nothing is known here of this model's size" in shown.out


def test_every_choice_of_gpus_is_compared(cli: Cli, worked_example: Path) -> None:
    plans = cli("estimate", worked_example, "--compare", "--json").document["plans"]
    assert len(plans) == 16 * 8
    assert any(plan["on_frontier"] for plan in plans)
    costs = [plan["estimated_cost"] for plan in plans if plan["memory"]["fits"]]
    assert costs == sorted(costs)
    assert cli("estimate", worked_example, "--compare", "--sort", "size").code == 2


def test_run_drives_a_job_to_its_end(cli: Cli, worked_example: Path) -> None:
    answer = cli("run", worked_example, "--speed", "max", "--json", "--seed", 11)
    assert answer.code == 0
    job = answer.document
    assert (job["id"], job["status"], job["progress"]) == (1, "completed", 100.0)
    assert job["current_step"] == job["total_steps"] == 750
    assert job["final_cost"] == pytest.approx(4.32, abs=0.1)
    assert job["estimated_total_cost"] == 4.32
    assert job["hyperparameters"]["learning_rate"] == 5e-5
    assert "completed: 100 %, step 750 of 750" in answer.err

    again = cli("run", "support-chats", "--speed", "max", "--json")
    assert again.document["dataset_id"] == job["dataset_id"]


def test_an_estimate_that_was_right_is_said_to_be(cli: Cli) -> None:
    cli("datasets", "add", "--sample")
    ran = cli("run", "support-chats", "--speed", "max", "--seed", 1).out
    assert re.search(r"^  estimate +as estimated$", ran, re.MULTILINE)


def test_of_a_job_without_a_step_nothing_is_judged_and_no_cost_is_listed(
    cli: Cli, worked_example: Path
) -> None:
    cli("submit", worked_example)
    assert re.search(r"^health +nothing measured yet$", cli("show", 1).out, re.MULTILINE)
    listed = cli("jobs").out
    assert "$" not in listed
    cli("worker", "--once", "--speed", "max")
    assert "$4." in cli("jobs").out
    assert re.search(r"^health +nothing unusual$", cli("show", 1).out, re.MULTILINE)


def test_how_the_sample_is_added_is_said_where_it_is_missing(cli: Cli) -> None:
    assert "datasets add --sample" in cli("run", "support-chats").err
    other = cli("run", "support-chat").err
    assert "See: vapor-tui datasets list" in other
    assert "--sample" not in other


@pytest.mark.parametrize("command", [("submit",), ("run", "--speed", "max")])
def test_a_budget_below_the_estimate_is_told_when_a_job_is_made(
    cli: Cli, worked_example: Path, command: tuple[str, ...]
) -> None:
    told = "Note: an estimate of $4.32 is above the budget of $3.00, where the job is stopped"
    assert cli(*command, worked_example, "--budget", 9).err.count("budget") == 0
    small = cli(*command, worked_example, "--budget", 3)
    assert told in small.err
    assert "Note" not in small.out


def test_submit_then_worker_then_look(cli: Cli, worked_example: Path) -> None:
    submitted = cli("submit", worked_example, "--preset", "fast", "--name", "first try")
    assert (submitted.code, submitted.out) == (0, "1\n")
    assert cli("show", 1, "--json").document["status"] == "queued"

    worked = cli("worker", "--once", "--speed", "max")
    assert worked.code == 0
    assert worked.err.splitlines()[1:] == [
        "job 1 first try: driven from step 0 on",
        "job 1: completed",
    ]
    shown = cli("show", 1)
    assert "completed" in shown.out
    assert "nothing here is real" in shown.out

    listed = cli("jobs", "--json").document
    assert listed["pagination"] == {"page": 1, "limit": 10, "total": 1, "total_pages": 1}
    assert listed["jobs"][0]["dataset_name"] == "support-chats"
    notes = cli("notifications", "--json").document["notifications"]
    assert notes[-1]["title"] == "Training job queued"
    assert notes[-1]["message"] == (
        'Your training job for "support-chats" has been queued and will start shortly'
    )
    assert notes[-1]["priority"] == "low"


def test_metrics_in_both_formats(cli: Cli, worked_example: Path) -> None:
    cli("run", worked_example, "--speed", "max", "--preset", "fast", "--epochs", 2)

    rows = list(csv.DictReader(io.StringIO(cli("metrics", 1).out)))
    assert [int(row["step"]) for row in rows] == list(range(1, 251))
    lines = cli("metrics", 1, "--format", "jsonl", "--last", 2).out.splitlines()
    objects = [json.loads(line) for line in lines]
    assert [o["step"] for o in objects] == [249, 250]
    assert objects[1]["eval_loss"] is not None
    assert objects[1]["loss"] == float(rows[-1]["loss"])
    assert set(objects[0]) == {
        "job_id",
        "step",
        "epoch",
        "loss",
        "accuracy",
        "learning_rate",
        "grad_norm",
        "eval_loss",
        "tokens_per_second",
        "non_finite",
    }
    assert "epoch 1 of 2: training" in cli("logs", 1).out


def test_cancel_retry_delete(cli: Cli, worked_example: Path) -> None:
    cli("submit", worked_example)
    assert cli("cancel", 1).out == "Job 1 is cancelled\n"
    assert cli("logs", 1).out.split()[-1] == "cancelled"
    again = cli("cancel", 1)
    assert again.code == 2
    assert "Job 1 is cancelled and can't be stopped: it has ended" in again.err
    assert cli("retry", 1).code == 2
    assert cli("delete", 1, "--yes").code == 0
    assert cli("show", 1).code == 2


def test_orders_say_which_way_they_run_and_put_what_has_no_value_last(
    cli: Cli, worked_example: Path
) -> None:
    told = " ".join(cli("jobs", "--help").out.replace("│", " ").split())
    assert "cost: the dearest first" in told
    assert "-cost: the cheapest first" in told
    cli("submit", worked_example)
    cli("run", worked_example, "--preset", "fast", "--speed", "max")
    cli("run", worked_example, "--preset", "quality", "--speed", "max")
    cli("submit", worked_example)
    for order, ids in (("cost", [3, 2, 4, 1]), ("-cost", [2, 3, 4, 1])):
        listed = cli("jobs", "--sort", order, "--json").document["jobs"]
        assert [job["id"] for job in listed] == ids


def test_losses_have_three_digits(cli: Cli, worked_example: Path) -> None:
    ran = cli("run", worked_example, "--speed", "max", "--preset", "fast").out
    loss = re.search(r"^  loss +(\S+)$", ran, re.MULTILINE)
    assert loss is not None
    assert re.fullmatch(r"\d+\.\d{3}", loss[1])
    assert f"  {loss[1]}  " in cli("jobs").out
    assert re.search(rf"^loss +{loss[1]}$", cli("show", 1).out, re.MULTILINE)


def test_an_action_on_several_jobs_does_what_it_can(cli: Cli, worked_example: Path) -> None:
    cli("submit", worked_example)
    cli("submit", worked_example)
    answer = cli("pause", 1, 9, 2)
    assert answer.code == 2
    assert answer.out == "Job 1 is paused\nJob 2 is paused\n"
    assert "There is no job 9" in answer.err
    told = cli("notifications").out
    assert told.count("Training job queued") == 2
    assert "  #2 Training paused: " in told
    assert cli("resume", 1, 2).out == "Job 1 is queued\nJob 2 is queued\n"
    assert cli("notifications").out.count("Training job queued") == 2, "nothing new is queued"


def test_a_job_without_a_name_gets_one_of_its_own(cli: Cli, worked_example: Path) -> None:
    for _ in range(3):
        cli("submit", worked_example)
    names = [job["name"] for job in cli("jobs", "--json").document["jobs"]]
    name = "support-chats-lfm2-350m"
    assert names == [f"{name}-3", f"{name}-2", name]
    cli("cancel", 1)
    cli("delete", 1, "--yes")
    cli("submit", worked_example)
    cli("submit", worked_example, "--name", f"{name}-2")
    names = [job["name"] for job in cli("jobs", "--json").document["jobs"]]
    assert names[:2] == [f"{name}-2", name]


def test_datasets(cli: Cli, worked_example: Path) -> None:
    added = cli("datasets", "add", worked_example, "--json").document
    assert (added["total_training_pairs"], added["total_tokens"]) == (1000, 200_000)
    assert added["format"] == "prompt_completion"
    assert added["training_ready"] is True

    assert cli("datasets", "add", worked_example, "--json").document["id"] == added["id"]
    assert len(cli("datasets", "list", "--json").document["datasets"]) == 1
    assert cli("datasets", "show", "SUPPORT-CHATS", "--json").document["id"] == added["id"]

    cli("submit", added["id"])
    refused = cli("datasets", "delete", added["id"])
    assert (refused.code, "needed by job 1" in refused.err) == (2, True)
    cli("cancel", 1)
    assert cli("datasets", "delete", added["id"]).code == 0
    assert worked_example.exists()


def test_datasets_are_listed_by_page_and_searched(cli: Cli, tmp_path: Path) -> None:
    for number in range(12):
        path = tmp_path / f"chats-{number}.jsonl"
        path.write_text('{"prompt": "p", "completion": "c"}\n' * (number + 1))
        cli("datasets", "add", path)
    document = cli("datasets", "list", "--json").document
    assert len(document["datasets"]) == 10
    assert document["pagination"] == {"page": 1, "limit": 10, "total": 12, "total_pages": 2}
    assert cli("datasets", "list", "--page", 2).out.endswith(
        "page 2 of 2, 12 datasets. --page N shows another, --limit N more at once\n"
    )
    assert cli("datasets", "list", "--page", 9).out == "There is no page 9, the last one is 2\n"
    found = cli("datasets", "list", "--search", "CHATS-1", "--sort", "pairs", "--json").document
    assert [d["name"] for d in found["datasets"]] == ["chats-11", "chats-10", "chats-1"]
    assert cli("datasets", "list", "--search", "nothing").out == "No dataset matches\n"
    assert cli("datasets", "list", "--sort", "colour").code == 2


def test_a_dataset_is_shown_with_its_histogram(cli: Cli, worked_example: Path) -> None:
    cli("datasets", "add", worked_example)
    shown = cli("datasets", "show", 1).out
    assert "tokens per record\n  128 to 255  " + "#" * 32 + "  1,000\n" in shown


def test_an_invalid_file_is_kept_by_add_and_refused_by_run(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "half.jsonl"
    path.write_text('{"prompt": "p", "completion": "c"}\nnot json\n')

    refused = cli("run", path, "--speed", "max")
    assert refused.code == 2
    assert refused.err.startswith("vapor-tui: half.jsonl is not valid: ")
    assert "line 2" in refused.err
    assert cli("datasets", "list", "--json").document["datasets"] == []

    added = cli("datasets", "add", path, "--json")
    assert added.code == 2
    assert added.document["status"] == "invalid"
    assert added.document["validation_errors"][0]["line"] == 2
    not_ready = cli("submit", added.document["id"])
    assert not_ready.code == 2
    assert "Dataset not ready for training (status: invalid)" in not_ready.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--learning-rate", "5e-7"), "Learning rate must be at least 1e-6"),
        (("--epochs", "1.5"), "Epochs must be a whole number"),
        (("--batch-size", "12"), "Batch size must be a power of 2 (nearest: 8 and 16)"),
        (("--name", "ab"), "Name must be at least 3 characters"),
        (("--name", "x" * 101), "Name must be at most 100 characters"),
        (("--model", " "), "Please select a base model"),
        (("--model", "LFM3"), '"LFM3" is not in the catalogue'),
        (("--gpu", "H10"), "Did you mean H100"),
        (("--gpu", "XX"), 'There is no GPU "XX" in the catalogue. See: vapor-tui gpus'),
        (("--gpus", "9"), "GPU count must be at most 8"),
        (("--preset", "xx"), 'There is no preset "xx". See: vapor-tui presets'),
        (("--budget", "0"), "Budget must be above 0"),
        (("--seed", "-1"), "Seed must be at least 0"),
        (("--runner", "hf"), 'The runner "hf" is not there yet'),
        (("--speed", "fast"), 'not "fast"'),
        (("--warmup-ratio", "0.9"), "Warm-up ratio must be at most 0.5"),
    ],
)
def test_a_wrong_value_is_a_sentence_and_nothing_is_written(
    cli: Cli, worked_example: Path, arguments: tuple[str, str], sentence: str
) -> None:
    answer = cli("submit", worked_example, *arguments)
    assert answer.code == 2
    assert sentence in " ".join(answer.err.split())
    assert cli("jobs", "--json").document["jobs"] == []
    assert cli("datasets", "list", "--json").document["datasets"] == []


def test_several_mistakes_are_all_named_in_json(cli: Cli, worked_example: Path) -> None:
    answer = cli("submit", worked_example, "--epochs", "0", "--rank", "2", "--json")
    assert answer.code == 2
    assert answer.document == {
        "error": "2 settings are not valid",
        "details": {
            "epochs": "At least 1 epoch required",
            "lora_rank": "LoRA rank must be at least 4",
        },
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ("show", "9"),
        ("metrics", "9"),
        ("logs", "9"),
        ("cancel", "9"),
        ("submit", "no-such-dataset"),
        ("estimate", "missing.jsonl"),
        ("datasets", "show", "9"),
        ("datasets", "add"),
        ("datasets", "add", "missing.jsonl"),
        ("jobs", "--status", "asleep"),
        ("jobs", "--page", "0"),
        ("metrics", "1", "--format", "xml"),
        ("show", "one"),
        ("worker", "--speed", "0"),
        ("--speed", "fast"),
        ("--speed", "0", "jobs"),
        ("--speed", "-5", "jobs"),
        ("nonsense",),
        ("--job", "1", "jobs"),
    ],
)
def test_what_does_not_exist_is_wrong_input(cli: Cli, arguments: tuple[str, ...]) -> None:
    answer = cli(*arguments)
    assert answer.code == 2
    assert answer.err.strip()
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("show", "one"), "Invalid value for 'ID'"),
        (("jobs", "--page", "0"), "Invalid value for '--page'"),
        (("jobs", "--nonsense"), "No such option"),
        (("show",), "Missing argument"),
        (("nonsense",), "No such command"),
        (("--speed", "0", "jobs"), "Speed"),
        (("metrics", "9"), "There is no job 9"),
        (("logs", "9"), "There is no job 9"),
    ],
)
def test_wrong_usage_is_a_document_where_one_is_wanted(
    cli: Cli, arguments: tuple[str, ...], says: str
) -> None:
    answer = cli(*arguments, "--json")
    assert answer.code == 2
    assert says.lower() in answer.document["error"].lower()
    assert answer.err == ""


def test_what_cannot_be_deleted_is_not_asked_about(cli: Cli, worked_example: Path) -> None:
    cli("submit", worked_example)
    for number, why in ((9, "There is no job 9"), (1, "stop it first")):
        answer = cli("delete", number, "--json")
        assert answer.code == 2
        assert "for good?" not in answer.err
        assert why in answer.document["errors"][0]["error"]


def test_metrics_and_logs_as_documents(cli: Cli, worked_example: Path) -> None:
    cli("run", worked_example, "--speed", "max", "--preset", "fast")
    points = cli("metrics", 1, "--last", 2, "--json").document
    assert [point["step"] for point in points["metrics"]] == [124, 125]
    assert points["metrics"][1]["eval_loss"] is not None
    lines = cli("logs", 1, "--follow", "--json").document["lines"]
    assert [line["number"] for line in lines] == list(range(1, len(lines) + 1))
    assert lines[-1]["text"] == "completed"
    assert datetime.fromisoformat(lines[0]["at"]).tzinfo is not None


def test_a_wrong_catalogue_is_a_sentence(cli: Cli, config_directory: Path) -> None:
    (config_directory / "gpus.toml").write_text("[[gpu]]\ntype = 1\n")
    answer = cli("gpus", "--json")
    assert answer.code == 2
    assert 'gpus.toml, line 2, "type"' in answer.document["error"]


def test_a_damaged_database_is_a_sentence(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "cli.db").write_bytes(b"not a database at all" * 100)
    answer = cli("jobs")
    assert answer.code == 1
    assert "not an SQLite database" in answer.err
    assert "Traceback" not in answer.err


def test_hostile_names_are_shown_harmless_and_kept(cli: Cli, worked_example: Path) -> None:
    name = "[bold]evil\x1b]52;c;Zm9v\x07[/] \u202etxt"
    cli("submit", worked_example, "--name", name)
    for command in (("jobs",), ("show", 1), ("notifications",)):
        assert "\x1b" not in cli(*command).out
        assert "\u202e" not in cli(*command).out
    assert cli("show", 1, "--json").document["name"] == name


def test_catalogues(cli: Cli) -> None:
    gpus = cli("gpus", "--json").document["gpus"]
    assert [gpu["type"] for gpu in gpus[:4]] == ["A100-80GB", "A100-40GB", "H100", "V100-32GB"]
    found = cli("models", "lfm2 350", "--json").document["models"]
    assert [model["id"] for model in found] == ["LFM2-350M"]
    assert "balanced (default)" in cli("presets").out


def test_version(cli: Cli) -> None:
    assert cli("--version").out.startswith("vapor-tui 0.1.0")


def test_own_prices_are_edited_and_checked(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    price = "[[gpu]]\ntype = 'H100'\nname = 'Ours'\nprice = PRICE\ntokens_per_second = 2200\n"
    price += "memory_gb = 80\npeak_flops = 989e12\ndate = 2026-01-01\n"
    script = tmp_path / "editor.py"
    script.write_text(f"import sys\nopen(sys.argv[1], 'a').write({price!r})\n")
    monkeypatch.setenv("VISUAL", f"{sys.executable} {script}")

    answer = cli("gpus", "--edit")
    assert answer.code == 2
    assert "gpus.toml" in answer.err

    script.write_text(
        f"import sys\nopen(sys.argv[1], 'w').write({price.replace('PRICE', '1.5')!r})\n"
    )
    gpus = cli("gpus", "--edit", "--json").document["gpus"]
    assert {gpu["type"]: gpu["price"] for gpu in gpus}["H100"] == 1.5

    monkeypatch.setenv("VISUAL", "/nonexistent/editor")
    assert "could not be started" in cli("gpus", "--edit").err


@pytest.mark.parametrize(
    ("injection", "step", "message"),
    [("nan@40", 40, "Loss became NaN at step 40"), ("oom", 0, "Out of memory")],
)
def test_an_injected_fault_fails_the_job_and_is_marked(
    cli: Cli, worked_example: Path, injection: str, step: int, message: str
) -> None:
    answer = cli("run", worked_example, "--speed", "max", "--inject", injection, "--json")
    assert answer.code == 1
    job = answer.document
    assert (job["status"], job["current_step"], job["injection"]) == ("failed", step, injection)
    assert message in job["error_message"]
    rows = [json.loads(line) for line in cli("metrics", 1, "--format", "jsonl").out.splitlines()]
    assert len(rows) == step
    if rows:
        assert rows[-1]["loss"] is None
        assert rows[-1]["non_finite"]["loss"] == "nan"

    for action in ("retry", "resume"):
        refused = cli(action, 1)
        assert refused.code == 2
        assert "Clone it" in refused.err
    assert "injected" in cli("show", 1).out


def test_a_stall_and_a_spike_are_survived(cli: Cli, worked_example: Path) -> None:
    for injection in ("stall@10", "spike@10"):
        job = cli("run", worked_example, "--speed", "max", "--inject", injection, "--json").document
        assert job["status"] == "completed"


def test_a_model_that_does_not_fit_runs_out_of_memory(cli: Cli, worked_example: Path) -> None:
    options = ("--model", "Llama-3.1-70B-Instruct", "--gpus", 1, "--speed", "max", "--json")
    answer = cli("run", worked_example, *options)
    assert answer.code == 1
    assert "Out of memory" in answer.document["error_message"]
    assert "4-bit" in answer.document["error_message"]


def test_a_rate_that_is_far_too_high_breaks_the_run(cli: Cli, worked_example: Path) -> None:
    options = ("--learning-rate", "0.05", "--seed", 3, "--speed", "max", "--json")
    answer = cli("run", worked_example, *options)
    assert answer.code == 1
    assert "Try 2e-4 or lower" in answer.document["error_message"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--inject", "nan"), "nan needs a step"),
        (("--inject", "fire@3"), "An injection is nan@STEP"),
        (("--inject", "nan@751"), "comes after the last step, 750"),
        (("--mode", "random"), "Simulated loss must be one of"),
    ],
)
def test_a_fault_that_does_not_exist_is_refused(
    cli: Cli, worked_example: Path, arguments: tuple[str, str], sentence: str
) -> None:
    answer = cli("submit", worked_example, *arguments)
    assert answer.code == 2
    assert sentence in answer.err
    assert cli("jobs", "--json").document["jobs"] == []


def test_the_other_modes_stay(cli: Cli, worked_example: Path) -> None:
    for mode in ("exponential", "power"):
        job = cli("run", worked_example, "--speed", "max", "--mode", mode, "--json").document
        assert (job["status"], job["mode"]) == ("completed", mode)
