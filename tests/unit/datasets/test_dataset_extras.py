"""Parquet and tokenizer files: with their packages, and what is said without them."""

import hashlib
import json
import sys

import pytest

from vapor_tui.datasets import DatasetFileError, read_dataset

GOOD = {"prompt": "one two three", "completion": "four"}
CHAT = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]


class TestParquet:
    @pytest.fixture
    def write_table(self, tmp_path):
        arrow = pytest.importorskip("pyarrow")
        parquet = pytest.importorskip("pyarrow.parquet")

        def write(rows, name="a.parquet"):
            parquet.write_table(arrow.Table.from_pylist(rows), tmp_path / name)
            return tmp_path / name

        return write

    def test_rows_are_records(self, write_table):
        path = write_table([*[{**GOOD, "id": n} for n in range(1000)], {"prompt": "a"}])
        seen = []
        report = read_dataset(path, progress=seen.append)
        assert (report.container, report.format) == ("parquet", "prompt_completion")
        assert (report.records, report.total_training_pairs) == (1001, 1000)
        assert report.validation_errors[0].line == 1001
        assert report.validation_errors[0].message == (
            'record 1001: "completion" is null, not text'
        )
        assert report.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        assert seen[-1].bytes_read == seen[-1].bytes_total == path.stat().st_size

    def test_lists_of_messages(self, write_table):
        report = read_dataset(write_table([{"messages": CHAT}] * 3, "data"))
        assert (report.format, report.total_training_pairs) == ("messages", 3)

    def test_columns_that_mean_nothing(self, write_table):
        report = read_dataset(write_table([{"image": b"x"}]))
        assert (report.status, report.format) == ("invalid", None)
        assert 'none of the columns ("image")' in (report.reason or "")

    def test_damage(self, write_table):
        path = write_table([GOOD] * 100)
        path.write_bytes(path.read_bytes()[:-20])
        with pytest.raises(DatasetFileError, match="damaged Parquet file"):
            read_dataset(path)

    def test_without_the_package_it_is_named(self, write, monkeypatch):
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        with pytest.raises(DatasetFileError, match=r"pip install pyarrow"):
            read_dataset(write("a.parquet", b"PAR1" + b"\0" * 50 + b"PAR1"))


class TestTokenizer:
    @pytest.fixture
    def tokenizer(self, tmp_path):
        library = pytest.importorskip("tokenizers")
        model = library.models.WordLevel({"[UNK]": 0, "[BOS]": 1}, unk_token="[UNK]")
        tokenizer = library.Tokenizer(model)
        tokenizer.pre_tokenizer = library.pre_tokenizers.Whitespace()
        tokenizer.post_processor = library.processors.TemplateProcessing(
            single="[BOS] $A", special_tokens=[("[BOS]", 1)]
        )
        tokenizer.enable_truncation(2)
        tokenizer.enable_padding(length=64)
        (tmp_path / "model").mkdir()
        path = tmp_path / "model" / "tokenizer.json"
        tokenizer.save(str(path))
        return path

    def test_tokens_are_counted_without_padding_and_special_ones(self, write, tokenizer):
        for path in (tokenizer, tokenizer.parent):
            report = read_dataset(write("a.jsonl", [GOOD, GOOD]), tokenizer=path)
            assert report.total_tokens == 8
            assert report.token_counter == "tokenizer.json"

    def test_lone_surrogates(self, write, tokenizer):
        line = '{"prompt": "a \\ud800", "completion": "b"}'
        assert read_dataset(write("a.jsonl", [line]), tokenizer=tokenizer).records == 1

    @pytest.mark.parametrize(
        "content", [b"", b"\xff", b"[]", b'{"model": 1}', b"[" * 100_000, b'{"model": {"a": 1}}']
    )
    def test_a_file_that_is_no_tokenizer(self, write, content):
        pytest.importorskip("tokenizers")
        with pytest.raises(DatasetFileError, match="is not a tokenizer file"):
            read_dataset(write("a.jsonl", [GOOD]), tokenizer=write("tokenizer.json", content))

    def test_a_missing_file(self, write, tmp_path):
        with pytest.raises(DatasetFileError, match="There is no file"):
            read_dataset(write("a.jsonl", [GOOD]), tokenizer=tmp_path / "tokenizer.json")

    def test_without_the_package_it_is_named(self, write, monkeypatch):
        monkeypatch.setitem(sys.modules, "tokenizers", None)
        with pytest.raises(DatasetFileError, match=r"pip install tokenizers"):
            read_dataset(
                write("a.jsonl", [GOOD]), tokenizer=write("tokenizer.json", json.dumps({}))
            )
