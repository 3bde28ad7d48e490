"""A log that grows is read piece by piece as it is read at once, whatever happens to it."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import logged_runs as logs
from vapor_tui.domain.metrics import Void
from vapor_tui.domain.sources import LogFormat, SourceState
from vapor_tui.runlogs import RunLogError, RunLogGoneError, open_source
from vapor_tui.runlogs.folders import find_source

ENTRIES = logs.history(range(10, 130, 10), per_epoch=40)

LOGS: dict[LogFormat, bytes] = {
    LogFormat.TENSORBOARD: logs.event_file(ENTRIES),
    LogFormat.TRAINER_LOG: logs.trainer_log(range(10, 130, 10)).encode(),
    LogFormat.JSONL: logs.json_lines(ENTRIES).encode(),
    LogFormat.CSV: logs.csv_table(ENTRIES).encode(),
    LogFormat.OUTPUT: logs.captured_output(ENTRIES).encode(),
    LogFormat.TRAINER_STATE: logs.trainer_state(ENTRIES).encode(),
    LogFormat.EVENTS: b"".join(
        b'{"type": "metrics", "step": %d, "loss": %f}\n' % (step, logs.loss_at(step))
        for step in range(10, 130, 10)
    ),
}
RESUMED = logs.json_lines([*ENTRIES, *logs.history(range(75, 105, 5), per_epoch=40)]).encode()
STARTED_AGAIN = logs.json_lines([*ENTRIES, *logs.history(range(10, 60, 10), per_epoch=40)]).encode()

formats = st.sampled_from(list(LOGS))
many = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def same(left: logs.Table, right: logs.Table) -> bool:
    """Say whether two tables hold the same, NaN being equal to itself."""
    flat = [
        {(s, n): None if math.isnan(v) else v for s, row in table.items() for n, v in row.items()}
        for table in (left, right)
    ]
    return flat[0] == flat[1]


def at_once(path: Path, kind: LogFormat, content: bytes) -> tuple[logs.Table, SourceState]:
    logs.written(path, content)
    source = open_source(path, kind)
    table: logs.Table = {}
    while True:
        reading = source.read()
        logs.take(table, reading)
        if not reading.has_more:
            return table, reading.state


@pytest.mark.parametrize("kind", list(LOGS))
def test_the_first_reading_withdraws_nothing(tmp_path: Path, kind: LogFormat) -> None:
    path = logs.written(tmp_path / "log", LOGS[kind])
    blocks = open_source(path, kind).read().blocks
    assert blocks
    assert not any(isinstance(block, Void) for block in blocks)


@many
@given(data=st.data(), kind=formats)
def test_pieces_are_what_the_whole_is(tmp_path: Path, data: st.DataObject, kind: LogFormat) -> None:
    content = (
        data.draw(st.sampled_from([LOGS[kind], RESUMED, STARTED_AGAIN]))
        if kind is LogFormat.JSONL
        else LOGS[kind]
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=8)))
    wanted, last = at_once(tmp_path / "whole", kind, content)

    path = tmp_path / "growing"
    path.write_bytes(b"")
    table: logs.Table = {}
    source = open_source(path, kind)
    for number, (start, end) in enumerate(pairwise([0, *cuts, len(content)])):
        with path.open("ab") as file:
            file.write(content[start:end])
        os.utime(path, ns=(0, number * 10**9 + 10**18))
        reading = source.read()
        logs.take(table, reading)
        assert not reading.is_anew
        if data.draw(st.booleans()):
            stored = SourceState.model_validate_json(reading.state.model_dump_json())
            source = open_source(path, kind, stored)
    logs.read_all(source, table)
    assert same(table, wanted)
    assert source.read().state.facts.step == last.facts.step


@many
@given(data=st.data(), kind=formats)
def test_a_log_that_is_cut_gives_a_part_of_it(
    tmp_path: Path, data: st.DataObject, kind: LogFormat
) -> None:
    content = LOGS[kind]
    whole, _ = at_once(tmp_path / "whole", kind, content)
    end = data.draw(st.integers(0, len(content)))
    table, _ = at_once(tmp_path / "cut", kind, content[:end])
    assert table.keys() <= whole.keys()
    is_text = kind in (LogFormat.CSV, LogFormat.OUTPUT)
    for step, row in table.items():
        for name, value in row.items():
            # The last number of a text may be cut where it is still a number.
            assert value == whole[step].get(name) or name == "epoch" or is_text


@many
@given(data=st.data(), kind=formats)
def test_damage_never_raises_anything_else(
    tmp_path: Path, data: st.DataObject, kind: LogFormat
) -> None:
    content = bytearray(LOGS[kind])
    for _ in range(data.draw(st.integers(1, 20))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place] ^= 1 << data.draw(st.integers(0, 7))
    path = logs.written(tmp_path / "damaged", bytes(content))
    table, facts = logs.read_all(open_source(path, kind))
    assert all(step > 0 for step in table)
    assert facts.step == 0 or table
    with contextlib.suppress(RunLogError):
        find_source(path)


@many
@given(content=st.binary(max_size=400), kind=formats)
def test_any_bytes_at_all_are_survived(tmp_path: Path, content: bytes, kind: LogFormat) -> None:
    path = logs.written(tmp_path / "noise", content)
    logs.read_all(open_source(path, kind))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.integers(60, len(LOGS[LogFormat.TENSORBOARD]) - 1))
def test_one_damaged_record_costs_one_value(tmp_path: Path, place: int) -> None:
    content = bytearray(LOGS[LogFormat.TENSORBOARD])
    whole, _ = at_once(tmp_path / "whole", LogFormat.TENSORBOARD, bytes(content))
    content[place] ^= 0x10
    table, _ = at_once(tmp_path / "hurt", LogFormat.TENSORBOARD, bytes(content))
    lost = sum(len(row) for row in whole.values()) - sum(len(row) for row in table.values())
    assert lost in (0, 1)


TEXTS = [kind for kind in LOGS if kind not in (LogFormat.TENSORBOARD, LogFormat.TRAINER_STATE)]


@pytest.mark.parametrize("kind", [LogFormat.TENSORBOARD, *TEXTS])
def test_a_log_that_shrinks_is_read_anew(tmp_path: Path, kind: LogFormat) -> None:
    path = logs.written(tmp_path / "log", LOGS[kind])
    source = open_source(path, kind)
    table, _ = logs.read_all(source)
    assert len(table) == 12
    logs.written(path, LOGS[kind][: len(LOGS[kind]) // 2])
    reading = source.read()
    assert reading.is_anew
    logs.take(table, reading)
    assert 0 < len(table) < 12


@pytest.mark.parametrize("kind", [LogFormat.TENSORBOARD, *TEXTS])
def test_a_log_that_is_replaced_by_a_longer_one_is_read_anew(
    tmp_path: Path, kind: LogFormat
) -> None:
    path = logs.written(tmp_path / "log", LOGS[kind][: len(LOGS[kind]) // 3])
    source = open_source(path, kind)
    logs.read_all(source)
    writers: dict[LogFormat, Callable[[Any], str | bytes]] = {
        LogFormat.TENSORBOARD: logs.event_file,
        LogFormat.CSV: logs.csv_table,
        LogFormat.OUTPUT: logs.captured_output,
    }
    other = writers.get(kind, logs.json_lines)(logs.history(range(5, 300, 7)))
    new = logs.written(tmp_path / "new", other)
    os.replace(new, path)
    assert source.read().is_anew


def test_a_copy_that_takes_the_files_place_is_read_on(tmp_path: Path) -> None:
    content = LOGS[LogFormat.JSONL]
    path = logs.written(tmp_path / "log", content[:300])
    source = open_source(path, LogFormat.JSONL)
    table, _ = logs.read_all(source)
    os.replace(logs.written(tmp_path / "copy", content), path)
    reading = source.read()
    logs.take(table, reading)
    assert not reading.is_anew
    assert same(table, at_once(tmp_path / "whole", LogFormat.JSONL, content)[0])


def test_a_state_of_another_run_is_read_anew_and_a_resumed_one_is_not(tmp_path: Path) -> None:
    path = logs.written(tmp_path / "trainer_state.json", LOGS[LogFormat.TRAINER_STATE], 90)
    source = open_source(path, LogFormat.TRAINER_STATE)
    table, _ = logs.read_all(source)
    resumed = [*ENTRIES[:5], *logs.history(range(45, 95, 5), per_epoch=40)]
    logs.written(path, logs.trainer_state(resumed), 60)
    reading = source.read()
    assert not reading.is_anew
    assert reading.state.facts.step == 90
    logs.take(table, reading)
    assert sorted(table) == [entry["step"] for entry in resumed if "loss" in entry]
    logs.written(path, logs.trainer_state(logs.history(range(7, 70, 7))), 30)
    assert source.read().is_anew


def test_only_what_is_new_of_a_state_is_given(tmp_path: Path) -> None:
    path = logs.written(tmp_path / "trainer_state.json", logs.trainer_state(ENTRIES[:4]), 90)
    source = open_source(path, LogFormat.TRAINER_STATE)
    logs.read_all(source)
    assert not source.read().blocks
    logs.written(path, logs.trainer_state(ENTRIES[:6]), 60)
    steps = [step for block in source.read().blocks for step in block.step.tolist()]
    assert steps == [entry["step"] for entry in ENTRIES[4:6]]


def test_the_last_line_is_taken_once_nobody_writes_any_more(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text('{"step": 1, "loss": 2.5}\n{"step": 2, "loss": 1.5}')
    source = open_source(path, LogFormat.JSONL)
    assert list(logs.read_all(source)[0]) == [1], "it may still be written"
    os.utime(path, (path.stat().st_mtime - 10,) * 2)
    assert list(logs.read_all(source)[0]) == [2]
    with path.open("a") as file:
        file.write("\n")
    assert list(logs.read_all(source)[0]) == [2], "the offset had stayed before it"


def test_an_endless_line_is_left_out(tmp_path: Path) -> None:
    noise = b"x" * (3 * 1024 * 1024)
    content = b'{"step": 1, "loss": 2.5}\n' + noise + b'\n{"step": 2, "loss": 1.5}\n'
    table, _ = at_once(tmp_path / "log", LogFormat.JSONL, content)
    assert list(table) == [1, 2]


@pytest.mark.parametrize("kind", LOGS)
def test_a_log_that_vanishes_is_told(tmp_path: Path, kind: LogFormat) -> None:
    path = logs.written(tmp_path / "log", LOGS[kind])
    source = open_source(path, kind)
    source.read()
    path.unlink()
    with pytest.raises(RunLogGoneError, match="any more"):
        source.read()


def test_a_million_lines_take_no_more_memory_than_a_thousand(tmp_path: Path) -> None:
    import tracemalloc

    peaks = []
    for lines in (2_000, 40_000):
        text = "".join(f'{{"step": {step}, "loss": 0.5}}\n' for step in range(1, lines))
        source = open_source(logs.written(tmp_path / "log", text), LogFormat.JSONL)
        tracemalloc.start()
        while source.read().has_more:
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 16 * 1024 * 1024
