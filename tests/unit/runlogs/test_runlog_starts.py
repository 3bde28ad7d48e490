"""A run that is started again in the same log: what it logs anew takes the place of the old."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests import logged_runs as logs
from vapor_tui.domain.metrics import Void
from vapor_tui.domain.sources import LogFormat, RunFacts
from vapor_tui.runlogs import open_source

FIRST = [{"step": step, "loss": 2.0} for step in range(1, 601)]
RESUMED = [{"step": step, "loss": 1.0} for step in range(500, 580)]


def read(path: Path, kind: LogFormat, content: str | bytes) -> tuple[logs.Table, RunFacts]:
    return logs.read_all(open_source(logs.written(path, content), kind))


def voids(path: Path, kind: LogFormat, content: str | bytes) -> list[int]:
    """Return from which steps on points are void in a log that is read at once."""
    reading = open_source(logs.written(path, content), kind).read()
    return [block.since for block in reading.blocks if isinstance(block, Void)]


def losses(table: logs.Table) -> list[float]:
    return [table[step]["loss"] for step in sorted(table)]


def test_a_run_resumed_from_a_checkpoint_has_no_points_ahead(tmp_path: Path) -> None:
    text = logs.json_lines([*FIRST, *RESUMED])
    table, facts = read(tmp_path / "m.jsonl", LogFormat.JSONL, text)
    assert sorted(table) == list(range(1, 580))
    assert losses(table) == [2.0] * 499 + [1.0] * 80
    assert facts.step == 579


def test_a_run_that_begins_once_more_has_its_own_points_and_times(tmp_path: Path) -> None:
    entries = [*FIRST, *({"step": step, "loss": 3.0} for step in range(1, 101))]
    timed = [{**entry, "time": 1.7e9 + 10 * at} for at, entry in enumerate(entries)]
    table, facts = read(tmp_path / "m.jsonl", LogFormat.JSONL, logs.json_lines(timed))
    assert losses(table) == [3.0] * 100
    assert facts.started_at is not None
    assert facts.started_at.timestamp() == 1.7e9 + 6000
    assert facts.seconds_per_step == pytest.approx(10, rel=0.02)


def test_a_second_run_in_the_log_of_one_that_ended_goes_on(tmp_path: Path) -> None:
    text = logs.trainer_log(range(10, 310, 10)) + logs.trainer_log(range(10, 110, 10))
    table, facts = read(tmp_path / "trainer_log.jsonl", LogFormat.TRAINER_LOG, text)
    assert sorted(table) == list(range(10, 110, 10))
    assert (facts.step, facts.outcome) == (100, None)


def _ranks(lag: int) -> list[dict[str, float]]:
    return [
        {"step": step - lag * rank, "loss": 2.0}
        for step in range(1, 301)
        for rank in range(4)
        if step > lag * rank
    ]


@pytest.mark.parametrize(
    "entries",
    [
        _ranks(1),
        _ranks(2),
        [*FIRST, {"step": 3, "loss": 9.0}, {"step": 601, "loss": 2.0}],
        [*FIRST, {"step": 100, "eval_loss": 1.0}, {"step": 200, "eval_loss": 1.0}],
        [*FIRST, *({"step": step, "eval_loss": 1.0} for step in range(100, 600, 100))],
        [{**e, "time": 1.7e9 + e["step"]} for e in (*FIRST, *FIRST)],
    ],
    ids=["ranks", "ranks apart", "a stray", "late", "an evaluator", "another rank's whole log"],
)
def test_late_points_are_no_other_start(
    tmp_path: Path, entries: Sequence[dict[str, float]]
) -> None:
    assert voids(tmp_path / "m.jsonl", LogFormat.JSONL, logs.json_lines(entries)) == []


def test_ranks_that_begin_once_more_together_are_another_start(tmp_path: Path) -> None:
    entries = [*_ranks(1), *({**entry, "loss": 5.0} for entry in _ranks(1)[:200])]
    table, _ = read(tmp_path / "m.jsonl", LogFormat.JSONL, logs.json_lines(entries))
    assert losses(table) == [5.0] * len(table)
    assert sorted(table) == list(range(1, 53))


def test_another_heading_of_a_table_is_another_start(tmp_path: Path) -> None:
    first = logs.csv_table(logs.history([10, 20, 30, 40]))
    text = first + logs.csv_table(logs.history([10]))
    assert voids(tmp_path / "m.csv", LogFormat.CSV, text) == [10]


def test_a_program_that_says_that_it_trains_is_another_start(tmp_path: Path) -> None:
    begins = "***** Running training *****\n"
    first = begins + logs.captured_output(logs.history([10, 20, 30, 40]))
    text = first + "\n" + begins + logs.captured_output(logs.history([10, 20]))
    table, _ = read(tmp_path / "out.log", LogFormat.OUTPUT, text)
    assert sorted(table) == [10, 20]


def _events(folder: Path, name: int, steps: Sequence[int], begun: float) -> None:
    records = [logs.event(step, {"train/loss": begun % 7}, begun + step) for step in steps]
    logs.written(folder / f"events.out.tfevents.{name}.host", b"".join(records))


def test_a_later_event_file_is_another_start(tmp_path: Path) -> None:
    _events(tmp_path, 1_700_000_000, range(1, 51), 1.7e9)
    _events(tmp_path, 1_700_001_000, range(46, 49), 1.7e9 + 1_000)
    table, _ = logs.read_all(open_source(tmp_path, LogFormat.TENSORBOARD))
    assert sorted(table) == list(range(1, 49))


def test_an_event_file_of_the_same_time_is_another_rank(tmp_path: Path) -> None:
    _events(tmp_path, 1_700_000_000, range(1, 51), 1.7e9)
    _events(tmp_path, 1_700_000_001, range(1, 31), 1.7e9 + 1)
    reading = open_source(tmp_path, LogFormat.TENSORBOARD).read()
    assert not any(isinstance(block, Void) for block in reading.blocks)


def test_a_state_that_is_written_anew_is_waited_for(tmp_path: Path) -> None:
    content = logs.trainer_state(logs.history(range(10, 130, 10)))
    path = logs.written(tmp_path / "trainer_state.json", content, 90)
    source = open_source(path, LogFormat.TRAINER_STATE)
    table, _ = logs.read_all(source)
    logs.written(path, content[: len(content) // 2], 60)
    assert not source.read().blocks
    logs.written(path, logs.trainer_state(logs.history(range(10, 150, 10))), 30)
    logs.read_all(source, table)
    assert sorted(table) == list(range(10, 150, 10))
