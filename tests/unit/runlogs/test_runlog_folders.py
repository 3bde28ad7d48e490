"""What lies in a folder is found, grouped by run, and told what it was."""

from __future__ import annotations

import json
import os
import pickle
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests import logged_runs as logs
from vapor_tui.domain.sources import LogFormat
from vapor_tui.runlogs import RunLogError, describe, find_runs, find_source, open_source
from vapor_tui.runlogs.yaml_settings import top_level

ENTRIES = logs.history(range(10, 60, 10))
HOUR = 3600


def hf_run(folder: Path, ago: float = 60) -> Path:
    """Make the output folder of a Trainer, which saved an hour before its last event."""
    logs.written(folder / "trainer_state.json", logs.trainer_state(ENTRIES[:3]), ago + HOUR)
    state = logs.trainer_state(ENTRIES[:2])
    logs.written(folder / "checkpoint-20" / "trainer_state.json", state, ago + HOUR)
    start = folder / "runs" / "Nov22_10-00-00_host"
    logs.written(start / "events.out.tfevents.1700000000.host.1.0", logs.event_file(ENTRIES), ago)
    return folder


def test_a_live_source_goes_before_a_state_that_is_older(tmp_path: Path) -> None:
    found = find_source(hf_run(tmp_path / "out"))
    assert found.format is LogFormat.TENSORBOARD
    assert found.path == tmp_path / "out" / "runs" / "Nov22_10-00-00_host"


def test_a_log_from_an_earlier_start_goes_behind_a_fresh_state(tmp_path: Path) -> None:
    logs.written(tmp_path / "old.csv", logs.csv_table(ENTRIES), HOUR)
    logs.written(tmp_path / "trainer_state.json", logs.trainer_state(ENTRIES), 5)
    assert find_source(tmp_path).format is LogFormat.TRAINER_STATE


def test_several_logs_of_a_folder_are_one_run(tmp_path: Path) -> None:
    run = hf_run(tmp_path / "project" / "out")
    logs.written(run / "train.log", logs.captured_output(ENTRIES), 30)
    [found] = find_runs(tmp_path).runs
    assert found.folder == run
    assert [source.format for source in found.sources] == [
        LogFormat.TENSORBOARD,
        LogFormat.OUTPUT,
        LogFormat.TRAINER_STATE,
    ]


def test_several_logs_of_one_kind_are_several_runs(tmp_path: Path) -> None:
    logs.written(tmp_path / "a.csv", logs.csv_table(ENTRIES), 50)
    logs.written(tmp_path / "b.csv", logs.csv_table(ENTRIES), 20)
    logs.written(tmp_path / "trainer_state.json", logs.trainer_state(ENTRIES), 90)
    found = find_runs(tmp_path).runs
    names = [[source.path.name for source in run.sources] for run in found]
    assert names == [["b.csv"], ["a.csv"], [tmp_path.name]]


def test_runs_are_found_with_how_fresh_they_are(tmp_path: Path) -> None:
    logs.written(tmp_path / "a" / "metrics.jsonl", logs.json_lines(ENTRIES), 3 * HOUR)
    logs.written(tmp_path / "b" / "deep" / "er" / "m.csv", logs.csv_table(ENTRIES), 20)
    logs.written(tmp_path / "people.csv", "name,age\nada,36\n")
    found = find_runs(tmp_path)
    assert found.is_complete
    assert [run.folder.name for run in found.runs] == ["er", "a"]
    now = datetime.now(UTC)
    assert [run.is_live(now) for run in found.runs] == [True, False]


def test_what_was_exported_here_is_no_run(tmp_path: Path) -> None:
    for name in ("job-3-my-run-metrics.csv", "job-3-my-run-metrics-2.csv", "vapor-compare-1-2.csv"):
        logs.written(tmp_path / name, logs.csv_table(ENTRIES))
    logs.written(tmp_path / "job-3-my-run-metrics.jsonl", logs.json_lines(ENTRIES))
    assert find_runs(tmp_path).runs == ()
    named = tmp_path / "job-3-my-run-metrics.csv"
    assert find_source(named).path == named.resolve()


def test_what_is_no_place_for_runs_is_left_out(tmp_path: Path) -> None:
    for place in (".hidden", "node_modules/x", "venv", "py", "1/2/3/4/5"):
        logs.written(tmp_path / place / "metrics.jsonl", logs.json_lines(ENTRIES))
    logs.written(tmp_path / "py" / "pyvenv.cfg", "")
    logs.written(tmp_path / "py" / "lib" / "metrics.jsonl", logs.json_lines(ENTRIES))
    os.symlink(tmp_path, tmp_path / "loop")
    names = [run.folder.name for run in find_runs(tmp_path, depth=4).runs]
    assert names == ["py"], "a virtual environment is not looked into"


def test_looking_ends_when_its_time_is_over(tmp_path: Path) -> None:
    for number in range(20):
        logs.written(tmp_path / str(number) / "m.csv", logs.csv_table(ENTRIES))
    found = find_runs(tmp_path, seconds=0.0)
    assert not found.is_complete
    assert len(found.runs) < 20


@pytest.mark.parametrize("seconds", [3e11, -3e11, 1e10])
@pytest.mark.parametrize("name", ["trainer_state.json", "loss.csv"])
def test_a_file_from_another_age_is_read_like_any_other(name: str, seconds: float) -> None:
    # Not every file system keeps such a moment; that of the shared memory does.
    with TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as folder:
        entries = logs.history(range(10, 60, 10))
        write = logs.trainer_state if name.endswith("json") else logs.csv_table
        path = logs.written(Path(folder) / name, write(entries))
        os.utime(path, (seconds, seconds))
        [run] = find_runs(Path(folder)).runs
        for found in (find_source(path), find_source(path.parent), run.best):
            reading = open_source(found.path, found.format).read()
            assert reading.state.changed_at == found.changed_at
            found.is_live(datetime.now(UTC))


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(RunLogError, match="cannot be read"):
        find_runs(tmp_path / "nothing")


def test_what_a_run_of_peft_was(tmp_path: Path) -> None:
    run = hf_run(tmp_path / "out")
    adapter = {
        "base_model_name_or_path": "LiquidAI/LFM2-1.2B",
        "r": 16,
        "lora_alpha": 32,
        "lora_dropout": 0.05,
        "target_modules": ["v_proj", "q_proj"],
        "peft_type": "LORA",
        "inference_mode": True,
    }
    logs.written(run / "adapter_config.json", json.dumps(adapter))
    assert describe(find_source(run).path) == {
        "base_model": "LiquidAI/LFM2-1.2B",
        "lora_rank": 16,
        "lora_alpha": 32,
        "lora_dropout": 0.05,
        "target_modules": "q_proj, v_proj",
        "per_device_batch_size": 4,
        "max_steps": 300,
        "epochs": 3,
        "logging_steps": 10,
    }


def test_a_state_of_another_name_tells_what_its_run_was(tmp_path: Path) -> None:
    state = logs.written(tmp_path / "alpaca.raw.json", logs.trainer_state(ENTRIES))
    assert describe(state) == {
        "per_device_batch_size": 4,
        "max_steps": 300,
        "epochs": 3,
        "logging_steps": 10,
    }


AXOLOTL = """
base_model: NousResearch/Llama-2-7b-hf  # from the hub
learning_rate: 2e-4
micro_batch_size: 2
num_epochs: 4
lora_r: 32
lora_target_modules:
  - q_proj
  - v_proj
datasets:
  - path: teknium/GPT4-LLM-Cleaned
    type: alpaca
    learning_rate: 7
load_in_8bit: true
wandb_project:
"""


def test_what_a_run_of_axolotl_was(tmp_path: Path) -> None:
    log = logs.written(tmp_path / "train.log", logs.captured_output(ENTRIES))
    logs.written(tmp_path / "config.yml", AXOLOTL)
    assert describe(log) == {
        "base_model": "NousResearch/Llama-2-7b-hf",
        "learning_rate": 2e-4,
        "per_device_batch_size": 2,
        "epochs": 4,
        "lora_rank": 32,
        "target_modules": "q_proj, v_proj",
        "load_in_8bit": True,
    }


def test_what_a_run_of_llama_factory_was(tmp_path: Path) -> None:
    log = logs.written(tmp_path / "trainer_log.jsonl", logs.trainer_log([10]))
    text = "model_name_or_path: Qwen/Qwen2-7B\nlora_target: all\ncutoff_len: 2048\nseed: 42\n"
    logs.written(tmp_path / "training_args.yaml", text)
    assert describe(log) == {
        "base_model": "Qwen/Qwen2-7B",
        "target_modules": "all",
        "max_sequence_length": 2048,
        "seed": 42,
    }


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return (open, (str(self.path), "w"))


def test_nothing_is_ever_unpickled(tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    log = logs.written(tmp_path / "m.csv", logs.csv_table(ENTRIES))
    for name in ("training_args.bin", "adapter_config.json", "config.yaml"):
        logs.written(tmp_path / name, pickle.dumps(Trap(trap)))
    assert describe(log) == {}
    logs.written(tmp_path / "config.yaml", f"a: !!python/object/apply:open [{trap}, w]\nlr: 1\n")
    assert describe(log) == {}
    assert not trap.exists()


@pytest.mark.parametrize(
    "text",
    [
        "[" * 5_000,
        "a: &a [x]\nb: &b [*a, *a]\n<<: [*b, *b]\n",
        "lr: 1\n\tbad: {",
        "\x00\x01",
        "? [a, b]\n: c\n",
        "- 1\n- 2\n",
    ],
)
def test_hostile_yaml_is_survived(text: str) -> None:
    assert isinstance(top_level(text), dict)


def test_settings_that_make_no_sense_are_left_out(tmp_path: Path) -> None:
    log = logs.written(tmp_path / "m.csv", logs.csv_table(ENTRIES))
    adapter = '{"r": NaN, "lora_alpha": {"a": 1}, "lora_dropout": 1e999, "seed": 1%s}' % ("0" * 400)
    logs.written(tmp_path / "adapter_config.json", adapter)
    logs.written(tmp_path / "args.json", "[" * 100_000)
    assert describe(log) == {}


def test_a_state_that_vanishes_while_it_is_looked_at_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = logs.trainer_state(logs.history(range(10, 60, 10)), max_steps=50)
    gone = logs.written(tmp_path / "checkpoint-50" / "trainer_state.json", state)
    logs.written(tmp_path / "checkpoint-40" / "trainer_state.json", state)
    real = Path.stat

    def stat(path: Path, **options: bool) -> os.stat_result:
        found = real(path, **options)
        if path == gone:
            path.unlink()
        return found

    monkeypatch.setattr(Path, "stat", stat)
    describe(tmp_path)
    assert not gone.exists()
    assert describe(tmp_path)["max_steps"] == 50
