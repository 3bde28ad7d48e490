"""The report as a whole: rules, statistics, progress, two files, memory."""

import gzip
import hashlib
import json
import subprocess
import sys

import pytest

from vapor_tui.datasets import (
    DatasetFileError,
    DatasetReport,
    ReadingCancelledError,
    TokenBin,
    read_dataset,
)

GOOD = {"prompt": "a", "completion": "b"}


def of_tokens(count):
    return {"text": "x" * 4 * count}


class TestRules:
    @pytest.mark.parametrize(("bad", "status"), [(0, "ready"), (5, "ready"), (6, "invalid")])
    def test_more_than_five_percent_bad_is_invalid(self, read, bad, status):
        report = read("a.jsonl", [GOOD] * (100 - bad) + ["oops"] * bad)
        assert (report.status, report.records, report.bad_records) == (status, 100, bad)
        assert (report.reason is None) == (status == "ready")
        assert report.total_training_pairs == 100 - bad

    def test_no_record_is_invalid(self, read):
        report = read("a.json", "[]")
        assert (report.status, report.reason) == ("invalid", "The file holds no record.")
        assert (report.format, report.avg_tokens_per_turn) == (None, 0)

    def test_only_the_first_hundred_errors_are_kept(self, read):
        report = read("a.jsonl", ["oops"] * 250)
        assert [error.line for error in report.validation_errors] == list(range(1, 101))
        assert report.bad_records == 250
        assert report.reason == "250 of 250 records are bad (100.0%); at most 5% may be."


class TestStatistics:
    def test_share_and_bins(self, read):
        report = read("a.jsonl", [of_tokens(n) for n in (1, 8, 15, 16, 17)], max_sequence_length=15)
        assert report.max_sequence_length == 15
        assert report.share_over_max_sequence_length == 2 / 5
        assert report.total_tokens == 57
        assert report.token_counter == "estimate: UTF-8 bytes / 4"
        assert report.token_histogram == (
            TokenBin(at_least=1, at_most=1, records=1),
            TokenBin(at_least=2, at_most=3, records=0),
            TokenBin(at_least=4, at_most=7, records=0),
            TokenBin(at_least=8, at_most=15, records=2),
            TokenBin(at_least=16, at_most=31, records=2),
        )

    def test_bad_records_count_for_nothing(self, read):
        report = read("a.jsonl", [*[GOOD] * 30, {"prompt": "x" * 4000}])
        assert (report.total_tokens, sum(b.records for b in report.token_histogram)) == (60, 30)

    def test_samples_are_the_first_valid_records_cut_to_size(self, read):
        deep: object = 1
        for _ in range(50):
            deep = [deep]
        big = {"prompt": "x" * 5000, "completion": "\ud800", "n": 10**1000, "deep": deep}
        lines = [json.dumps(big), "oops", *[{**GOOD, "i": i} for i in range(40)]]
        samples = read("a.jsonl", lines).samples
        assert len(samples) == 5
        assert samples[0]["prompt"] == "x" * 1999 + "…"
        assert samples[0]["completion"] == "?"
        assert samples[0]["n"] == "1" + "0" * 98 + "…"
        assert "…" in str(samples[0]["deep"])
        assert [sample["i"] for sample in samples[1:]] == [0, 1, 2, 3]

    def test_a_report_survives_json(self, read):
        report = read("a.jsonl", [GOOD, {**GOOD, "x": float("nan"), "y": 0.5, "z": [None, True]}])
        assert DatasetReport.model_validate_json(report.model_dump_json()) == report


class TestProgress:
    @pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.jsonl.gz"])
    def test_it_ends_at_the_total_and_never_goes_back(self, write, name, monkeypatch):
        monkeypatch.setattr("vapor_tui.datasets.progress.INTERVAL", 0)
        content: object = [{"prompt": str(n) * 50, "completion": "b"} for n in range(20_000)]
        if name == "a.csv":
            content = "prompt,completion\n" + "a,b\n" * 200_000
        path = write(name.removesuffix(".gz"), content)
        if name.endswith(".gz"):
            path.write_bytes(gzip.compress(path.read_bytes(), 1))
        seen = []
        report = read_dataset(path, progress=seen.append)
        size = path.stat().st_size
        assert len(seen) > 3
        assert seen == sorted(seen, key=lambda one: (one.bytes_read, one.records))
        assert {one.bytes_total for one in seen} == {size}
        assert (seen[-1].bytes_read, seen[-1].records) == (size, report.records)

    def test_it_is_told_at_most_ten_times_a_second(self, write):
        path = write("a.jsonl", [GOOD] * 100_000)
        seen = []
        read_dataset(path, progress=seen.append)
        assert len(seen) < 20

    def test_a_cancelled_reading_stops_early(self, write):
        path = write("a.jsonl", [GOOD] * 100_000)
        asked = []
        with pytest.raises(ReadingCancelledError):
            read_dataset(path, cancelled=lambda: bool(asked.append(1)) or len(asked) == 3)
        assert len(asked) == 3


class TestValidationFile:
    def test_its_pairs_are_counted_apart(self, write):
        train = write("train.jsonl", [GOOD] * 4)
        valid = write("valid.json", [GOOD] * 3)
        seen = []
        report = read_dataset(train, validation=valid, progress=seen.append)
        assert (report.total_training_pairs, report.total_validation_pairs) == (4, 3)
        assert (report.records, report.total_tokens) == (4, 8)
        assert report.validation_file is not None
        assert report.validation_file.file_name == "valid.json"
        assert report.validation_file.sha256 == hashlib.sha256(valid.read_bytes()).hexdigest()
        assert seen[-1].bytes_total == train.stat().st_size + valid.stat().st_size

    def test_a_bad_one_makes_the_dataset_invalid(self, write):
        valid = write("valid.jsonl", [GOOD, "oops"])
        report = read_dataset(write("train.jsonl", [GOOD] * 4), validation=valid)
        assert report.status == "invalid"
        assert (report.reason or "").startswith("The validation file is invalid. 1 of 2 records")
        assert report.validation_errors[0].message.startswith("validation file: not valid JSON")
        assert report.bad_records == 0

    def test_one_of_another_shape_is_refused(self, write):
        valid = write("valid.jsonl", [{"text": "a"}])
        report = read_dataset(write("train.jsonl", [GOOD]), validation=valid)
        assert "has the shape" in (report.reason or "")

    def test_a_missing_one_is_an_error_before_anything_is_read(self, write, tmp_path):
        seen = []
        with pytest.raises(DatasetFileError, match=r"There is no file .*none\.jsonl"):
            read_dataset(
                write("train.jsonl", [GOOD]),
                validation=tmp_path / "none.jsonl",
                progress=seen.append,
            )
        assert not seen


PEAK = """
import resource, sys
from pathlib import Path
from vapor_tui.datasets import read_dataset
report = read_dataset(Path(sys.argv[1]))
assert report.status == "ready", report.reason
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "b.json", "a.csv"])
def test_memory_does_not_grow_with_the_file(tmp_path, name):
    line = json.dumps({"prompt": "why " * 200, "completion": "so " * 200})
    peaks = []
    for count in (500, 25_000):
        path = tmp_path / f"{count}{name}"
        with path.open("w") as file:
            if name == "a.csv":
                file.write("prompt,completion\n")
                file.writelines(["why " * 200 + "," + "so " * 200 + "\n"] * count)
            elif name == "a.jsonl":
                file.writelines([line + "\n"] * count)
            else:
                file.write("[" if name == "a.json" else '{"data": [')
                file.writelines([line + ","] * (count - 1))
                file.write(line + ("]" if name == "a.json" else "]}"))
        run = subprocess.run(
            [sys.executable, "-c", PEAK, path], capture_output=True, text=True, check=True
        )
        peaks.append(int(run.stdout))
    assert peaks[1] - peaks[0] < 4096, f"peaks in KiB: {peaks}"  # the larger file has 36 MB


def test_importing_is_light():
    code = "import sys, vapor_tui.datasets; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"numpy", "sqlmodel", "sqlalchemy", "textual", "ijson", "pyarrow", "tokenizers"}
    assert not heavy & set(run.stdout.split())
