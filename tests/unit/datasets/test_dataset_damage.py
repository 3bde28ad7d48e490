"""Whatever the bytes are, a reading ends in a report or in a DatasetFileError."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from vapor_tui.datasets import DatasetFileError, DatasetReport, read_dataset

CHAT = {
    "messages": [
        {"role": "system", "content": "be kind"},
        {"role": "user", "content": [{"type": "text", "value": "häl\u2028lo"}], "weight": 0.5},
        {"role": "assistant", "content": "good day", "id": 12345678901234567890},
    ]
}
TALK = {"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]}
ALPACA = {"instruction": "add", "input": "1, 2", "output": "3\n", "n": [1e3, None, True]}
ROWS = 'prompt,completion\n"a ""b""",c\n"d\ne",f\n' * 2

FILES = {
    "chat.jsonl": "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in [CHAT] * 3).encode(),
    "talk.json": json.dumps([TALK] * 3, indent=1).encode(),
    "alpaca.json": json.dumps({"v": 1, "data": [ALPACA] * 3}).encode(),
    "pretty.json": (json.dumps(ALPACA, indent=1) + "\n").encode() * 2,
    "rows.csv": ROWS.encode(),
}
FILES["packed.jsonl.gz"] = gzip.compress(FILES["chat.jsonl"], mtime=0)


def outcome(path: Path) -> DatasetReport | None:
    """The report, checked for what always holds; None for a file that is no dataset."""
    try:
        report = read_dataset(path)
    except DatasetFileError:
        return None
    assert report == DatasetReport.model_validate_json(report.model_dump_json())
    assert 0 <= report.bad_records <= report.records
    assert len(report.validation_errors) == min(report.bad_records, 100)
    assert (report.status == "ready") == (report.reason is None)
    assert sum(one.records for one in report.token_histogram) == report.records - report.bad_records
    assert all(error.message.isprintable() for error in report.validation_errors)
    if report.status == "ready":
        assert report.total_training_pairs > 0
    return report


def damaged(content: bytes) -> st.SearchStrategy[bytes]:
    """Some bytes of the content replaced, and perhaps a piece cut out or put in."""
    place = st.integers(0, len(content) - 1)

    @st.composite
    def build(draw: st.DrawFn) -> bytes:
        result = bytearray(content)
        for at, value in draw(st.dictionaries(place, st.integers(0, 255), max_size=5)).items():
            result[at] = value
        start, end = sorted((draw(place), draw(place)))
        middle = draw(st.sampled_from(["keep", "cut", "double", "insert"]))
        if middle == "cut":
            del result[start:end]
        elif middle == "double":
            result[start:start] = result[start:end]
        elif middle == "insert":
            result[start:start] = draw(st.binary(max_size=20))
        return bytes(result)

    return build()


@pytest.mark.parametrize("name", FILES)
def test_undamaged_files_are_ready(tmp_path, name):
    (tmp_path / name).write_bytes(FILES[name])
    report = outcome(tmp_path / name)
    assert report is not None
    assert report.status == "ready", report.reason


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_is_never_a_crash(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data.draw(damaged(FILES[name])))
    outcome(path)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=300)
    | st.text(alphabet='{}[]",:\n\\ue0123-+. prompt', max_size=200).map(str.encode),
    name=st.sampled_from(["a.jsonl", "a.json", "a.csv", "a.tsv", "a.gz", "a"]),
)
def test_any_bytes_under_any_name(tmp_path, content, name):
    path = tmp_path / name
    path.write_bytes(content)
    outcome(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("prompt", "completion", "instruction", "input", "output", "text", "messages"),
                    *("conversations", "role", "content", "from", "value", "type", "history"),
                    *("system", "tool_calls", "data", "x"),
                ]
            ),
            inner | st.sampled_from(["user", "assistant", "human", "gpt", "text"]),
            max_size=5,
        )
    ),
    max_leaves=25,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(JSON, min_size=1, max_size=6))
def test_any_valid_json_under_our_keys(tmp_path, records):
    lines = tmp_path / "a.jsonl"
    lines.write_text("".join(json.dumps(record) + "\n" for record in records))
    by_line = outcome(lines)
    assert by_line is not None
    wrapped = tmp_path / "a.json"
    wrapped.write_text(json.dumps(records, allow_nan=True))
    outcome(wrapped)


TEXT = st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda text: not text.isspace())


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=20))
@example(pairs=[("\x7f", "\x7f")])
def test_containers_agree_and_tokens_are_what_they_should_be(tmp_path, pairs):
    records = [{"prompt": prompt, "completion": answer} for prompt, answer in pairs]
    raw = tmp_path / "a.jsonl"
    raw.write_text("".join(json.dumps(record) + "\n" for record in records))
    array = tmp_path / "a.json"
    array.write_text(json.dumps(records, ensure_ascii=False), encoding="utf-8")
    tokens = sum(-(-len(text.encode()) // 4) for pair in pairs for text in pair)
    for path in (raw, array):
        report = outcome(path)
        assert report is not None
        assert (report.records, report.bad_records) == (len(pairs), 0)
        assert (report.total_training_pairs, report.total_tokens) == (len(pairs), tokens)


SPOILT = """
import sys
from pathlib import Path
from vapor_tui.datasets import read_dataset
for name, content in {
    "open.json": '[{"prompt": "a',
    "wrong.json": '[{"prompt": "a" 5}]',
    "digits.json": '{"data": [{"prompt": ' + "9" * 5000 + "}]}",
    "deep.json": "[" * 100_000,
    "cut.json": '{"train": [{"prompt": "a", "completion": "b"},' + " " * 300_000,
}.items():
    path = Path(sys.argv[1], name)
    path.write_text(content)
    print(read_dataset(path).status)
"""


@pytest.mark.parametrize("backend", ["yajl2_c", "python"])
def test_neither_parser_of_arrays_ends_the_process_or_writes_on_the_screen(tmp_path, backend):
    run = subprocess.run(
        [sys.executable, "-c", SPOILT, tmp_path],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "IJSON_BACKEND": backend},
    )
    assert run.stdout.split() == ["invalid"] * 5
    assert run.stderr == ""
