"""Points of a log: in order, with their gaps and times, whichever rank has logged them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests import logged_runs as logs
from vapor_tui.domain.metrics import MetricsBlock
from vapor_tui.domain.sources import LogFormat
from vapor_tui.runlogs import open_source

ENTRIES = logs.history(range(10, 210, 10))


def points(path: Path, kind: LogFormat, content: str | bytes) -> list[MetricsBlock]:
    """Return the blocks of a log that is read at once."""
    blocks = open_source(logs.written(path, content), kind).read().blocks
    assert all(isinstance(block, MetricsBlock) for block in blocks), "nothing is void"
    return [block for block in blocks if isinstance(block, MetricsBlock)]


def ranks(steps: Sequence[int], apart: int) -> str:
    """Return what four ranks log into one file, each some steps behind the one before it."""
    late = [(step - apart * rank, rank) for step in steps for rank in range(4)]
    return logs.json_lines([{"step": s, "loss": 2.0 + rank} for s, rank in late if s > 0])


def test_training_and_evaluations_come_in_one_order(tmp_path: Path) -> None:
    state = logs.trainer_state(ENTRIES)
    [block] = points(tmp_path / "trainer_state.json", LogFormat.TRAINER_STATE, state)
    assert block.step.tolist() == list(range(10, 210, 10))
    measured = block.measured("eval_loss")
    assert measured is not None
    known = {step: v for step, v in zip(block.step.tolist(), measured, strict=True) if v}
    assert known == {step: logs.loss_at(step) + 0.1 for step in (100, 200)}
    assert None not in (block.measured("loss") or [None])
    assert block.measured("accuracy") is None


def test_a_gap_is_no_value_that_is_not_a_number(tmp_path: Path) -> None:
    lines = '{"step": 1, "loss": NaN}\n{"step": 2, "lr": 0.1}\n{"step": 3, "loss": 1.5}\n'
    [block] = points(tmp_path / "m.jsonl", LogFormat.JSONL, lines)
    nan, gap, last = block.measured("loss") or []
    assert (np.isnan(nan), gap, last) == (True, None, 1.5)
    assert block.last_measured("learning_rate") == 1


def test_ranks_that_share_a_log_make_one_block(tmp_path: Path) -> None:
    text = ranks(range(1, 1001), apart=1)
    [block] = points(tmp_path / "m.jsonl", LogFormat.JSONL, text)
    assert block.step.tolist() == list(range(1, 1001))
    assert (block.measured("loss") or [])[:997] == [5.0] * 997, "the value that came last"


def test_a_long_reading_comes_in_blocks_that_are_taken_fast(tmp_path: Path) -> None:
    entries = [{"step": step, "loss": 1.0} for step in range(1, 9001)]
    state = logs.trainer_state([{"epoch": 0.0, **entry} for entry in entries])
    blocks = points(tmp_path / "trainer_state.json", LogFormat.TRAINER_STATE, state)
    assert [step for block in blocks for step in block.step.tolist()] == list(range(1, 9001))
    assert max(map(len, blocks)) <= 4096


def test_points_have_the_times_of_their_log(tmp_path: Path) -> None:
    stamped = [{"step": step, "loss": 1.0, "timestamp": 1.7e9 + step} for step in (1, 2, 3)]
    events = [{"type": "metrics", "time": 1.7e9 + s, "step": s, "loss": 1.0} for s in (1, 2, 3)]
    logged = [logs.event(step, {"train/loss": 1.0}, 1.7e9 + step) for step in (1, 2, 3)]
    for kind, content in (
        (LogFormat.JSONL, logs.json_lines(stamped)),
        (LogFormat.EVENTS, logs.json_lines(events)),
        (LogFormat.TENSORBOARD, b"".join(logged)),
    ):
        [block] = points(tmp_path / f"{kind}.tfevents", kind, content)
        assert block.at is not None
        assert block.at.tolist() == [1.7e9 + 1, 1.7e9 + 2, 1.7e9 + 3]


def test_the_times_of_others_are_not_known(tmp_path: Path) -> None:
    [block] = points(tmp_path / "m.jsonl", LogFormat.JSONL, logs.json_lines(ENTRIES))
    assert block.at is not None
    assert not block.at.any()
