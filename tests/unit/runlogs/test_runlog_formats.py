"""Every format gives the points and facts that its writer logged."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import logged_runs as logs
from vapor_tui.domain.run_events import EndEvent, LogEvent, MetricsEvent, StageEvent
from vapor_tui.domain.sources import LogFormat, Outcome, RunFacts
from vapor_tui.runlogs import RunLogError, find_source, open_source

ENTRIES = logs.history(range(10, 210, 10))
WITHOUT_STEP = {"train_runtime": 12.5, "train_loss": 1.0, "epoch": 3.0}


def read(path: Path) -> tuple[logs.Table, RunFacts]:
    found = find_source(path)
    return logs.read_all(open_source(found.path, found.format))


WRITERS: dict[str, tuple[LogFormat, Callable[[Any], str | bytes]]] = {
    "trainer_state.json": (LogFormat.TRAINER_STATE, logs.trainer_state),
    "metrics.jsonl": (LogFormat.JSONL, logs.json_lines),
    "metrics.csv": (LogFormat.CSV, logs.csv_table),
    "train.log": (LogFormat.OUTPUT, logs.captured_output),
    "train5.log": (
        LogFormat.OUTPUT,
        lambda entries: logs.captured_output(entries, as_strings=True),
    ),
}


@pytest.mark.parametrize("name", WRITERS)
def test_what_was_logged_is_read(tmp_path: Path, name: str) -> None:
    kind, write = WRITERS[name]
    path = logs.written(tmp_path / name, write(ENTRIES))
    assert find_source(path).format is kind
    table, facts = read(path)
    assert table == logs.expected(ENTRIES)
    assert facts.step == 200
    assert facts.epoch == 2.0
    assert facts.outcome is None


@pytest.mark.parametrize("name", WRITERS)
def test_a_format_is_told_by_its_content(tmp_path: Path, name: str) -> None:
    kind, write = WRITERS[name]
    assert find_source(logs.written(tmp_path / "what.ever", write(ENTRIES))).format is kind


@pytest.mark.parametrize("as_tensor", [False, True])
def test_event_files_are_read(tmp_path: Path, as_tensor: bool) -> None:
    data = logs.event_file(ENTRIES, as_tensor=as_tensor)
    logs.written(tmp_path / "events.out.tfevents.1700000000.host.1.0", data)
    table, facts = read(tmp_path)
    wanted = logs.expected(ENTRIES)
    assert table.keys() == wanted.keys()
    for step, row in wanted.items():
        assert table[step] == pytest.approx(row, rel=1e-6)
    assert facts.started_at is not None
    assert facts.started_at.timestamp() == 1.7e9
    assert facts.latest_at is not None
    assert facts.latest_at.timestamp() == 1.7e9 + 200


def test_event_files_of_one_folder_are_one_run(tmp_path: Path) -> None:
    first, second = logs.history(range(10, 110, 10)), logs.history(range(60, 160, 10))
    for entry in second:
        entry["grad_norm"] = 9.0
    logs.written(tmp_path / "events.out.tfevents.1700009999.a", logs.event_file(second))
    logs.written(tmp_path / "events.out.tfevents.1700000000.b", logs.event_file(first))
    table, facts = read(tmp_path)
    assert list(table) == [*range(10, 160, 10)]
    assert table[50]["grad_norm"] != 9.0
    assert table[60]["grad_norm"] == 9.0, "the later start wins"
    assert facts.step == 150


def test_the_summary_of_tensorboard_is_an_end_and_not_a_point(tmp_path: Path) -> None:
    data = logs.event_file(ENTRIES) + logs.event(200, {"train/train_loss": 7.0})
    data += logs.event(200, {"train/train_runtime": 60.0})
    table, facts = read(logs.written(tmp_path / "x.tfevents.1", data))
    assert table[200]["loss"] == pytest.approx(logs.loss_at(200))
    assert facts.outcome is Outcome.COMPLETED


def test_a_record_too_large_for_a_scalar_is_left_out(tmp_path: Path) -> None:
    picture = logs.frame(b"\x2a" + bytes(5 * 1024 * 1024))
    data = logs.event_file(ENTRIES[:1]) + picture + logs.event(20, {"train/loss": 0.25})
    table, _ = read(logs.written(tmp_path / "x.tfevents.1", data))
    assert table[20]["loss"] == 0.25


def test_the_log_of_llama_factory(tmp_path: Path) -> None:
    path = logs.written(tmp_path / "trainer_log.jsonl", logs.trainer_log([10, 20, 30]))
    assert find_source(path).format is LogFormat.TRAINER_LOG
    table, facts = read(path)
    assert table[20] == {"epoch": 0.2, "loss": logs.loss_at(20), "learning_rate": 1e-4}
    assert (facts.total_steps, facts.outcome) == (300, None)
    assert facts.started_at is not None
    assert path.stat().st_mtime - facts.started_at.timestamp() == pytest.approx(30, abs=0.01)
    logs.written(path, logs.trainer_log([10, 300]))
    assert read(path)[1].outcome is Outcome.COMPLETED


def test_our_own_events(tmp_path: Path) -> None:
    events = [
        StageEvent(time=1.7e9, stage="training", epoch=1, total_steps=30, total_epochs=3),
        MetricsEvent(time=1.7e9 + 5, step=10, epoch=1.0, loss=math.nan, grad_norm=math.inf),
        LogEvent(text="saved"),
        MetricsEvent(step=20, epoch=2.0, loss=0.5),
        EndEvent(time=1.7e9 + 9, outcome="failed", reason="out of memory"),
    ]
    text = "".join(event.model_dump_json(exclude_none=True) + "\n" for event in events)
    path = logs.written(tmp_path / "events.jsonl", text)
    found = find_source(path)
    reading = open_source(found.path, found.format).read()
    facts = reading.state.facts
    assert found.format is LogFormat.EVENTS
    assert reading.lines == ("saved",)
    assert (facts.total_steps, facts.total_epochs, facts.step) == (30, 3, 20)
    assert (facts.outcome, facts.reason) == (Outcome.FAILED, "out of memory")
    table: logs.Table = {}
    logs.take(table, reading)
    assert math.isnan(table[10]["loss"])
    assert table[10]["grad_norm"] == math.inf
    assert table[20]["loss"] == 0.5


def test_a_trainers_state_says_when_the_run_has_ended(tmp_path: Path) -> None:
    path = logs.written(tmp_path / "s.json", logs.trainer_state(ENTRIES, max_steps=200))
    facts = read(path)[1]
    assert (facts.total_steps, facts.total_epochs) == (200, 3)
    assert facts.outcome is Outcome.COMPLETED
    control = {"TrainerControl": {"args": {"should_training_stop": True}}}
    logs.written(path, logs.trainer_state(ENTRIES, stateful_callbacks=control))
    assert read(path)[1].outcome is Outcome.COMPLETED, "stopped early"


def test_the_newest_state_of_a_folder_wins(tmp_path: Path) -> None:
    for step, ago in ((100, 50), (200, 5), (150, 20)):
        entries = logs.history(range(10, step + 10, 10))
        path = tmp_path / f"checkpoint-{step}" / "trainer_state.json"
        logs.written(path, logs.trainer_state(entries), seconds_ago=ago)
    assert read(tmp_path)[1].step == 200


@pytest.mark.parametrize("name", ["metrics.jsonl", "train.log", "trainer_state.json"])
def test_the_summary_at_the_end_is_no_point(tmp_path: Path, name: str) -> None:
    entries = [*ENTRIES, {**WITHOUT_STEP, "step": 200}]
    table, facts = read(logs.written(tmp_path / name, WRITERS[name][1](entries)))
    assert table[200]["loss"] == logs.loss_at(200)
    assert facts.outcome is Outcome.COMPLETED


@pytest.mark.parametrize("name", ["metrics.jsonl", "train.log", "trainer_state.json"])
def test_a_zero_loss_with_a_gradient_of_nan_is_a_nan(tmp_path: Path, name: str) -> None:
    entries = [dict(entry) for entry in ENTRIES[:5]]
    entries[2].update(loss=0.0, grad_norm=math.nan)
    entries[4].update(loss=0.0, grad_norm=0.5)
    table, _ = read(logs.written(tmp_path / name, WRITERS[name][1](entries)))
    assert math.isnan(table[30]["loss"])
    assert table[50]["loss"] == 0.0, "a loss of zero with a gradient is one"


def test_event_files_hide_no_nan_either(tmp_path: Path) -> None:
    entries = [dict(entry) for entry in ENTRIES[:3]]
    entries[1].update(loss=0.0, grad_norm=math.nan)
    table, _ = read(logs.written(tmp_path / "x.tfevents.1", logs.event_file(entries)))
    assert math.isnan(table[20]["loss"])


def test_usual_names_of_columns(tmp_path: Path) -> None:
    text = "iter\tval/loss\tTrain Loss\tLR\tgnorm\tnote\n7\t1.5\t2.5\t1e-4\t0.7\thello\n"
    table, _ = read(logs.written(tmp_path / "a.tsv", text))
    wanted = {"loss": 2.5, "eval_loss": 1.5, "learning_rate": 1e-4, "grad_norm": 0.7, "epoch": 0.0}
    assert table == {7: wanted}


@pytest.mark.parametrize("separator", [";", "\t"])
@pytest.mark.parametrize(
    ("step", "loss", "rate", "read_as"),
    [
        ("1", "2,5", "1,5e-4", {1: {"loss": 2.5, "learning_rate": 1.5e-4}}),
        ("1", "2,125", "0", {1: {"loss": 2.125, "learning_rate": 0.0}}),
        ("7,0", "2,5", "0", {7: {"loss": 2.5, "learning_rate": 0.0}}),
        ("7,5", "2,5", "0", {}),
        ("1,000", "2,5", "0", {}),
        ("1", "1,234,567", "0", {1: {"learning_rate": 0.0}}),
        ("1", "1,234.5", "0,1", {1: {"learning_rate": 0.1}}),
        ("1", "1,234", "0.1", {1: {"learning_rate": 0.1}}),
    ],
)
def test_a_decimal_comma_is_one_where_it_separates_nothing(
    tmp_path: Path, separator: str, step: str, loss: str, rate: str, read_as: logs.Table
) -> None:
    rows = [("step", "loss", "lr"), (step, loss, rate)]
    text = "".join(separator.join(row) + "\n" for row in rows)
    table, _ = read(logs.written(tmp_path / "euro.csv", text))
    assert table == {at: {**row, "epoch": 0.0} for at, row in read_as.items()}


@pytest.mark.parametrize("epoch", ["1e300", "9223372036854775808", "-1", "inf", "nan"])
def test_an_epoch_that_cannot_be_one_is_ignored(tmp_path: Path, epoch: str) -> None:
    text = f"step,loss,epoch\n1,2.0,0.5\n2,1.0,{epoch}\n"
    table, facts = read(logs.written(tmp_path / "metrics.csv", text))
    assert (facts.step, facts.epoch) == (2, 0.5)
    assert [row["epoch"] for row in table.values()] == [0.5, 0.5]


@pytest.mark.parametrize(
    ("said", "epochs"),
    [("3", 3), ("1,000", 1000), ("9,223,372,036,854,775,807", 0), ("2.5", 0), ("3000", 0)],
)
def test_only_epochs_that_a_run_can_have_are_believed(
    tmp_path: Path, said: str, epochs: int
) -> None:
    text = f"  Num Epochs = {said}\n  Total optimization steps = 2,000\n"
    text += "{'loss': 1.0, 'learning_rate': 0.1, 'epoch': 1.0}\n"
    facts = read(logs.written(tmp_path / "train.log", text))[1]
    assert facts.total_epochs == epochs


def test_output_without_bars_is_counted(tmp_path: Path) -> None:
    text = "".join(f"{ {'loss': loss, 'epoch': 0.1} }\n" for loss in (3.0, 2.0, 1.0))
    table, _ = read(logs.written(tmp_path / "x.log", text))
    assert {step: row["loss"] for step, row in table.items()} == {1: 3.0, 2: 2.0, 3: 1.0}


def test_output_that_was_buffered_is_spread_over_the_steps(tmp_path: Path) -> None:
    entries = logs.history(range(10, 90, 10))
    bars = "".join(logs.bar(step) for step in range(0, 84))
    lines = "".join(f"{entry}\n" for entry in entries).replace(", 'step'", ", 'x'")
    table, _ = read(logs.written(tmp_path / "x.log", bars + "\n" + lines + logs.bar(84) + "\n"))
    assert {step: row["loss"] for step, row in table.items()} == {
        step: logs.loss_at(step) for step in range(10, 90, 10)
    }


def test_lines_that_were_printed_are_kept(tmp_path: Path) -> None:
    text = logs.captured_output(ENTRIES[:2]) + "\nTraceback (most recent call last):\n"
    reading = open_source(logs.written(tmp_path / "x.log", text), LogFormat.OUTPUT).read()
    assert reading.lines == ("Traceback (most recent call last):",)


OUT_OF_MEMORY = "torch.cuda.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB"
CRASH = f"""Traceback (most recent call last):
  File "/home/me/train.py", line 12, in <module>
    trainer.train()
    ~~~~~~~~~~~~~^^
{OUT_OF_MEMORY}
"""
TRAINED = logs.captured_output(ENTRIES[:3])
BOX = f"\n╭─ Traceback (most recent call last) ─╮\n│ train.py:12 │\n╰──╯\n{OUT_OF_MEMORY}\n"
RANKS = "".join(f"[rank1]: {line}\n" for line in CRASH.splitlines())
CHAIN = f"""Traceback (most recent call last):
  File "a.py", line 1
KeyError: 'input_ids'

During handling of the above exception, another exception occurred:

{CRASH}"""
LAUNCHER = """Traceback (most recent call last):
  File "launch.py", line 1
subprocess.CalledProcessError: Command '['python', 'train.py']' returned non-zero exit status 1.
"""


@pytest.mark.parametrize(
    "ending",
    [
        CRASH,
        CRASH.rstrip(),
        "\n" + CRASH + logs.bar(30) + "\n",
        CRASH + logs.bar(31) + "\n",
        CRASH + "{'loss': 0.7, 'epoch': 0.3}\n" + logs.bar(31) + "\n",
        CRASH + "wandb: Synced 5 files\n\n",
        BOX,
        RANKS,
        CHAIN,
        CRASH + LAUNCHER,
    ],
    ids=(
        "behind-a-bar",
        "no-line-end",
        "bar-again",
        "bar-closed-later",
        "buffered",
        "words-after-it",
        "rich",
        "ranks",
        "chain",
        "launcher",
    ),
)
def test_output_that_ends_in_an_error_has_failed(tmp_path: Path, ending: str) -> None:
    _, facts = read(logs.written(tmp_path / "x.log", TRAINED + ending))
    assert (facts.outcome, facts.reason) == (Outcome.FAILED, OUT_OF_MEMORY)
    assert facts.step in (30, 31)


@pytest.mark.parametrize(
    "after",
    [
        "".join(map(logs.bar, range(31, 34))),
        "".join(map(logs.bar, range(3))),
        "***** Running training *****\n",
    ],
    ids=("trains-on", "anew", "anew-without-bars"),
)
def test_a_run_that_goes_on_behind_an_error_has_not_failed(tmp_path: Path, after: str) -> None:
    _, facts = read(logs.written(tmp_path / "x.log", TRAINED + CRASH + after + "\n"))
    assert (facts.outcome, facts.reason) == (None, "")
    _, facts = read(logs.written(tmp_path / "x.log", TRAINED + CRASH + after + "\n" + CRASH))
    assert facts.outcome is Outcome.FAILED


def test_without_bars_a_loss_behind_an_error_tells_that_the_run_goes_on(tmp_path: Path) -> None:
    lines = "{'loss': 2.0, 'epoch': 0.1}\n"
    assert read(logs.written(tmp_path / "x.log", lines + CRASH))[1].outcome is Outcome.FAILED
    assert read(logs.written(tmp_path / "x.log", lines + CRASH + lines))[1].outcome is None


def test_an_error_that_ends_nothing_is_no_failure(tmp_path: Path) -> None:
    text = f"{TRAINED}\n{ {'train_runtime': 9.5, 'epoch': 0.3} }\nException ignored in: <x>\n"
    assert read(logs.written(tmp_path / "x.log", text + CRASH))[1].outcome is Outcome.COMPLETED


def test_a_run_that_was_interrupted_was_stopped(tmp_path: Path) -> None:
    crash = CRASH.replace(OUT_OF_MEMORY, "KeyboardInterrupt")
    facts = read(logs.written(tmp_path / "x.log", TRAINED + crash))[1]
    assert (facts.outcome, facts.reason) == (Outcome.STOPPED, "KeyboardInterrupt")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty so far"),
        (b"PK\x03\x04\x00\x00archive/data.pkl", "a ZIP archive, as torch.save"),
        (b"\x80\x04\x95\x10\x00", "a pickle, which is never opened"),
        (b"name,age\nada,36\n", "text without steps and losses"),
        (json.dumps({"messages": []}).encode(), "text without steps and losses"),
        (b"\x01\x00\x00\x02" * 30, "binary data"),
    ],
)
def test_a_file_of_another_kind_is_named(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = logs.written(tmp_path / "x.bin", content)
    with pytest.raises(RunLogError, match=sentence):
        find_source(path)


def test_what_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RunLogError, match="There is no file or folder"):
        find_source(tmp_path / "nothing")
    with pytest.raises(RunLogError, match="no log of a run"):
        find_source(tmp_path)
