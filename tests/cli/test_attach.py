"""`attach` and `discover` as a script uses them."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import logged_runs as logs
from vapor_tui.cli import attach as cli_attach
from vapor_tui.cli.app import run as run_program
from vapor_tui.cli.context import INTERRUPTED

ENTRIES = logs.history(range(10, 210, 10))
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    """Runs a command on a database of the test's own; the answer is code, output, errors."""

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run_program(["--db", str(tmp_path / "cli.db"), *map(str, arguments)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def document(answer: tuple[int, str, str]) -> Any:
    code, out, err = answer
    assert code == 0, (out, err)
    return json.loads(out)


def test_a_finished_run_is_read_at_once(call: Call, tmp_path: Path) -> None:
    folder = tmp_path / "llama"
    logs.written(folder / "trainer_state.json", logs.trainer_state(ENTRIES, max_steps=200))
    job = document(call("attach", folder, "--json"))
    assert (job["name"], job["status"], job["engine"]) == ("llama", "completed", "external")
    assert (job["current_step"], job["total_steps"], job["progress"]) == (200, 200, 100.0)
    assert job["final_cost"] is None
    assert job["run_settings"]["per_device_batch_size"] == 4
    rows = call("metrics", job["id"], "--format", "jsonl")[1].splitlines()
    assert [json.loads(row)["step"] for row in rows] == list(range(10, 210, 10))


def test_a_live_run_is_read_and_left_to_be_followed(call: Call, tmp_path: Path) -> None:
    path = logs.written(tmp_path / "run.jsonl", logs.json_lines(ENTRIES), 0)
    code, out, _ = call("attach", path, "--name", "my run")
    assert code == 0
    assert "Job 1 my run: step 200" in out
    assert "followed while the app or a worker runs" in out
    job = document(call("attach", path, "--json"))
    assert (job["id"], job["status"], job["current_step"]) == (1, "queued", 200)


def test_the_other_logs_of_a_folder_are_named(call: Call, tmp_path: Path) -> None:
    for number in range(8):
        logs.written(tmp_path / "out" / f"run-{number}.csv", logs.csv_table(ENTRIES), 60 + number)
    out = call("attach", tmp_path / "out")[1]
    assert "Job 1 run-0: step 200" in out
    others = ", ".join(f"run-{number}.csv" for number in range(1, 6))
    assert f"7 more logs here: {others} and 2 more\n" in out
    assert "more log" not in call("attach", tmp_path / "out" / "run-1.csv")[1]


def test_several_runs_are_attached_at_once(call: Call, tmp_path: Path) -> None:
    one, two = (
        logs.written(tmp_path / f"run-{name}.csv", logs.csv_table(ENTRIES)) for name in "ab"
    )
    code, out, err = call("attach", one, tmp_path / "nothing", two)
    assert (code, "Job 1 run-a: step 200" in out, "Job 2 run-b: step 200" in out) == (2, True, True)
    assert "There is no file or folder" in err
    found = document(call("attach", one, two, "--json"))
    assert ([job["id"] for job in found["jobs"]], found["errors"]) == ([1, 2], [])
    assert call("attach", one, two, "--name", "both")[0] == 2


def test_what_is_attached_again_takes_the_name(call: Call, tmp_path: Path) -> None:
    path = logs.written(tmp_path / "run.csv", logs.csv_table(ENTRIES))
    call("attach", path)
    assert "Job 1 mine: step 200" in call("attach", path, "--name", "mine")[1]


def test_a_name_that_is_no_text_is_marked(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "x" / os.fsdecode(b"run-\xff.csv")
    logs.written(path, logs.csv_table(ENTRIES))
    out = call("discover", tmp_path / "x")[1]
    assert "name is not UTF-8" in out
    assert "vapor-tui attach" not in out
    assert not document(call("discover", tmp_path / "x", "--json"))["runs"][0]["can_be_attached"]


def test_output_that_ended_in_an_error_is_a_failure(call: Call, tmp_path: Path) -> None:
    error = "torch.cuda.OutOfMemoryError: CUDA out of memory"
    text = f"{logs.captured_output(ENTRIES[:3])}Traceback (most recent call last):\n{error}\n"
    out = call("attach", logs.written(tmp_path / "llama.log", text))[1]
    assert out.splitlines()[:2] == ["Job 1 llama: failed, step 30 of 300", f"  {error}"]


def test_an_attached_job_in_the_list_and_in_full(call: Call, tmp_path: Path) -> None:
    path = logs.written(tmp_path / "run.jsonl", logs.json_lines(ENTRIES), 0)
    call("attach", path)
    _, listed, errors = call("jobs")
    row = listed.splitlines()[1].split()
    assert (row[2], row[4]) == ("queued", "-")
    assert errors == "1 active job has no worker. Start one with: vapor-tui worker\n"
    shown = call("show", 1)[1]
    assert f"follows                     {path}" in shown
    assert "steps                       200\n" in shown
    assert "cost" not in shown
    assert "\nwatched                     0s\n" in shown
    assert "None" not in shown


@pytest.mark.parametrize(("logged", "shown"), [("1.23456", "1.235"), ("NaN", "NaN")])
def test_a_loss_is_the_same_wherever_it_is_printed(
    call: Call, tmp_path: Path, logged: str, shown: str
) -> None:
    line = f'{{"step": 210, "loss": {logged}}}\n'
    path = logs.written(tmp_path / "run.jsonl", logs.json_lines(ENTRIES) + line, 0)
    assert f"\n  loss       {shown}\n" in call("attach", path)[1]
    assert call("jobs")[1].splitlines()[1].split()[5] == shown
    assert f"\nloss                        {shown}\n" in call("show", 1)[1]


def test_only_watching_can_be_stopped(call: Call, tmp_path: Path) -> None:
    call("attach", logs.written(tmp_path / "run.jsonl", logs.json_lines(ENTRIES), 0))
    code, _, err = call("pause", 1)
    assert code == 2
    assert "only watches a run that was started elsewhere" in err
    assert call("cancel", 1)[:2] == (0, "Job 1 is detached\n")
    assert "detached" in call("jobs")[1]
    assert "Job 1 is detached and can't be stopped: it has ended" in call("cancel", 1)[2]
    call("attach", logs.written(tmp_path / "run2.jsonl", logs.json_lines(ENTRIES), 0))
    assert call("compare", 1, 2)[1].splitlines()[1].split()[:2] == ["Status", "detached"]


@pytest.mark.parametrize("arguments", [("nothing",), ("people.csv",), ("run.csv", "--name", "x")])
def test_wrong_input_is_a_sentence(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    logs.written(tmp_path / "people.csv", "name,age\nada,36\n")
    logs.written(tmp_path / "run.csv", logs.csv_table(ENTRIES))
    code, out, err = call("attach", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("vapor-tui: ")
    code, out, _ = call("attach", *arguments, "--json")
    assert code == 2
    assert set(json.loads(out)) == {"error", "details"}


def test_runs_are_discovered(call: Call, tmp_path: Path) -> None:
    logs.written(tmp_path / "p" / "out" / "trainer_log.jsonl", logs.trainer_log([10]), 5)
    logs.written(tmp_path / "p" / "old" / "m.csv", logs.csv_table(ENTRIES), 7200)
    found = document(call("discover", tmp_path / "p", "--json"))
    assert found["is_complete"]
    assert [(run["is_live"], run["job_id"]) for run in found["runs"]] == [
        (True, None),
        (False, None),
    ]
    assert found["runs"][0]["sources"][0]["format"] == "trainer_log"
    call("attach", tmp_path / "p" / "out")
    lines = call("discover", tmp_path / "p")[1].splitlines()
    assert lines[1].split()[:2] == ["out/trainer_log.jsonl", "live"]
    assert lines[1].split()[-1] == "1"
    assert lines[2].split()[:2] == ["old/m.csv", "quiet"]


def test_a_run_that_has_ended_is_live_no_more(call: Call, tmp_path: Path) -> None:
    logs.written(tmp_path / "p" / "trainer_log.jsonl", logs.trainer_log([10, 300]), 30)
    [before] = document(call("discover", tmp_path / "p", "--json"))["runs"]
    assert before["is_live"], "nobody has read it yet"
    assert document(call("attach", tmp_path / "p", "--json"))["status"] == "completed"
    [after] = document(call("discover", tmp_path / "p", "--json"))["runs"]
    assert (after["is_live"], after["job_id"]) == (False, 1)
    logs.written(tmp_path / "p" / "trainer_log.jsonl", logs.trainer_log([10]), -5)
    [again] = document(call("discover", tmp_path / "p", "--json"))["runs"]
    assert again["is_live"], "it was begun once more"


def test_looking_where_nothing_is(call: Call, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    code, out, _ = call("discover", tmp_path / "empty")
    assert code == 0
    assert "no run in the known formats" in out
    assert call("discover", tmp_path / "nothing")[0] == 2
    assert call("discover", tmp_path / "nothing", "--json")[0] == 2


def test_brackets_in_a_path_are_shown_as_they_are(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "run[/b] [red]x/loss.csv"
    logs.written(tmp_path / path, "step,loss\n1,2\n2,1\n")
    monkeypatch.chdir(tmp_path)
    shown: list[Any] = []
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    real = cli_attach.Spinner.update

    def update(spinner: cli_attach.Spinner, status: Any, **options: Any) -> None:
        shown.append(status)
        real(spinner, status, **options)

    monkeypatch.setattr(cli_attach.Spinner, "update", update)
    code, out, err = call("attach", path)
    assert code == 0, err
    assert "step 2" in out
    assert shown
    assert all(text.plain.startswith(f"reading {path}: ") for text in shown)


def test_ctrl_c_ends_the_wait_for_a_disk_that_hangs(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = threading.Event()

    def hang(path: Path) -> None:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        answers.wait(30)

    monkeypatch.setattr(cli_attach, "inspect", hang)
    began = time.monotonic()
    code = call("attach", tmp_path)[0]
    answers.set()
    assert code == INTERRUPTED
    assert time.monotonic() - began < 10
