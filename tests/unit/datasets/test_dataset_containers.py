"""JSON lines, arrays and CSV: where a record is, and what a bad one costs."""

import hashlib
import json

import ijson
import pytest

from vapor_tui.datasets import csv_tables, json_arrays, jsonl

GOOD = {"prompt": "a", "completion": "b"}
LINE = json.dumps(GOOD)

yajl_words = pytest.mark.skipif(
    ijson.backend != "yajl2_c", reason="the parser written in Python words its errors otherwise"
)


def errors(report):
    return [(error.line, error.message) for error in report.validation_errors]


class TestLines:
    def test_physical_lines_are_counted_and_blank_ones_are_no_records(self, read):
        report = read("a.jsonl", f"{LINE}\n\n  \t\n{LINE}\noops\n" + f"{LINE}\n" * 20)
        assert (report.container, report.records, report.bad_records) == ("jsonl", 23, 1)
        assert report.validation_errors[0].line == 5

    @pytest.mark.parametrize(
        "content",
        [
            LINE,
            f"\ufeff{LINE}\n",
            f"{LINE}\r\n{LINE}\r\n",
            f"\n\n{LINE}",
            f"  {LINE}  \n",
        ],
    )
    def test_endings_and_marks(self, read, content):
        report = read("a.jsonl", content)
        assert (report.status, report.bad_records) == ("ready", 0)

    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ('{"prompt": "a" "b"}', "not valid JSON: expecting ',' delimiter at column 16"),
            ('{"prompt": "a"', "not valid JSON: the line ends too early, at column 15"),
            (LINE + LINE, f"not valid JSON: extra data at column {len(LINE) + 1}"),
            ("[" * 100_000, "nested too deeply"),
            ('{"a": ' + "9" * 5000 + "}", "a number has too many digits"),
            (b'{"prompt": "\xff"}', "not valid UTF-8: byte 0xff at byte 13"),
            ("\ufeff" + LINE, "not valid JSON: unexpected UTF-8 BOM"),
        ],
        ids=range(7),
    )
    def test_messages(self, read, line, message):
        raw = line if isinstance(line, bytes) else line.encode()
        report = read("a.jsonl", (LINE.encode() + b"\n") * 30 + raw + b"\n" + LINE.encode())
        assert [error.line for error in report.validation_errors] == [31]
        assert report.validation_errors[0].message.startswith(message)
        assert (report.status, report.records) == ("ready", 32)

    def test_what_json_loads_forgives_is_forgiven(self, read):
        odd = '{"prompt": "\\ud800", "completion": "b", "x": NaN, "y": -Infinity, "x": 1e999}'
        report = read("a.jsonl", [odd])
        assert (report.status, report.total_tokens) == ("ready", 2)
        report.model_dump_json()

    def test_a_line_too_long_is_one_bad_line(self, read, monkeypatch):
        monkeypatch.setattr(jsonl, "LONGEST_RECORD", 100)
        long = json.dumps({"prompt": "a" * 1000, "completion": "b"})
        report = read("a.jsonl", [LINE, long, *[GOOD] * 30, long])
        assert errors(report) == [(2, jsonl.TOO_LONG), (33, jsonl.TOO_LONG)]
        assert report.records == 33

    def test_a_misnamed_array_is_read_as_one(self, read):
        report = read("a.jsonl", "[\n" + ",\n".join([LINE] * 3) + "\n]")
        assert (report.container, report.records) == ("json", 3)

    def test_lines_that_are_lists_stay_bad_lines(self, read):
        report = read("a.jsonl", "[1]\n" + f"{LINE}\n" * 30)
        assert errors(report) == [(1, "a list, not an object")]


class TestArrays:
    @pytest.mark.parametrize(
        "text",
        [
            "[{0}, {0}]",
            "\ufeff[\r\n{0},\r\n{0}\r\n]\r\n",
            '{{"data": [{0}, {0}]}}',
            '{{"version": 1, "meta": {{"data": [1]}},\n"train": [\n{0}, {0}], "n": [[3]]}}',
            "{0}\n{0}",
            "{1}\n{1}",
        ],
    )
    def test_what_a_json_file_may_hold(self, read, text):
        content = text.format(LINE, json.dumps(GOOD, indent=2))
        report = read("a.json", content)
        assert (report.status, report.reason) == ("ready", None)
        assert (report.records, report.total_training_pairs) == (2, 2)

    def test_lines_under_the_name_of_an_array_are_lines(self, read):
        assert read("a.json", f"{LINE}\n{LINE}").container == "jsonl"

    def test_a_wrapping_key_inside_records_is_not_mistaken(self, read):
        record = {**GOOD, "data": [{"a": 1}]}
        report = read("a.json", json.dumps(record) + "\n" + json.dumps(record))
        assert (report.container, report.records) == ("jsonl", 2)

    def test_numbers_and_nesting_survive_in_samples(self, read):
        extra = {"i": 7, "f": 0.5, "n": None, "t": True, "deep": [[1, {"a": [2]}], {}]}
        report = read("a.json", [{**GOOD, **extra}])
        assert report.samples[0] == {**GOOD, **extra}

    def test_a_bad_record_has_its_number_and_costs_only_itself(self, read):
        report = read("a.json", [*[GOOD] * 30, {"prompt": "a"}, 5, GOOD])
        assert report.records == 33
        assert errors(report) == [
            (31, 'record 31: "completion" is missing'),
            (32, "record 32: a number, not an object"),
        ]

    def test_deep_nesting_costs_one_record(self, read):
        deep = '{"prompt": ' + "[" * 100_000 + "]" * 100_000 + "}"
        report = read("a.json", [*[GOOD] * 30, deep, GOOD])
        assert errors(report) == [(31, "record 31: nested too deeply")]
        assert (report.records, report.status) == (32, "ready")

    @yajl_words
    @pytest.mark.parametrize(
        ("tail", "message"),
        [
            (f'\n{{"prompt" "a"}},\n{LINE}]', "line 32: object key and value must be separated"),
            (f'\n{{"prompt": "a"\n, "completion": "b" {LINE}]', "line 33: after key and value"),
            ('\n{"prompt": "a', "the file ends too early"),
            (f"\n{LINE}", "the file ends too early"),
            ("\n{" + '"a": ' + "9" * 5000 + "}]", "an integer of more than 64 bits"),
            ('\n{"a": 1e999999999999999999999}]', "a number that is too big"),
            ('\n{"a": NaN}]', "line 32: invalid char in json text"),
        ],
        ids=range(7),
    )
    def test_a_syntax_error_ends_the_reading_and_says_where(self, read, tail, message):
        report = read("a.json", "[\n" + f"{LINE},\n" * 29 + f"{LINE}," + tail)
        assert (report.status, report.total_training_pairs >= 30) == ("invalid", True)
        assert report.validation_errors[-1].line in (31, 32)
        assert message in report.validation_errors[-1].message
        assert message in (report.reason or "")

    @yajl_words
    def test_the_place_of_an_error_far_into_a_single_line(self, read):
        start = "[" + f"{LINE}," * 5000 + '{"prompt" '
        report = read("a.json", start + '"a"}]')
        assert f"near byte {len(start) + 3}:" in (report.reason or "")

    def test_an_error_does_not_lose_the_hash_or_the_size(self, read):
        content = ("[" + f"{LINE}," * 10 + "}" + "x" * 2_000_000).encode()
        report = read("a.json", content)
        assert report.status == "invalid"
        assert report.sha256 == hashlib.sha256(content).hexdigest()
        assert report.file_size == len(content)

    def test_a_record_without_end_is_given_up(self, read, monkeypatch):
        monkeypatch.setattr(json_arrays, "LONGEST_RECORD", 100_000)
        report = read("a.json", f'[{LINE}, {{"prompt": "' + "a" * 1_000_000)
        assert json_arrays.TOO_LONG in (report.reason or "")

    @yajl_words
    def test_bytes_that_are_no_utf8(self, read):
        report = read("a.json", b'[{"prompt": "\xff", "completion": "b"}]')
        assert "invalid bytes in UTF8 string" in (report.reason or "")


class TestTables:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    def test_delimiters_and_quoted_line_breaks(self, read, delimiter):
        rows = [("Prompt", "completion", "note, or; so|"), ("a\n1", 'say "b"', "n"), ("c", "d", "")]
        text = "\r\n".join(
            delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows
        )
        report = read("a.csv", text)
        assert (report.container, report.format) == ("csv", "prompt_completion")
        assert (report.records, report.bad_records) == (2, 0)
        assert report.samples[0]["completion"] == 'say "b"'

    def test_a_bad_row_is_named_by_the_line_it_starts_on(self, read):
        good = '"a\nb",c\n'
        report = read("a.csv", "prompt,completion\n" + good * 20 + "\n,\nx\n" + good + '"a\n1",\n')
        assert errors(report) == [
            (44, "1 fields, but the header names 2 columns"),
            (47, '"completion" is empty'),
        ]
        assert report.records == 23

    def test_an_open_quote_does_not_swallow_the_rest_silently(self, read):
        report = read("a.csv", "prompt,completion\n" + "a,b\n" * 30 + 'a,"b\n' + "a,b\n" * 5)
        assert report.validation_errors[0].line == 32
        assert "is a quote left open?" in report.validation_errors[0].message

    def test_an_open_quote_is_given_up_in_bounded_memory(self, read, monkeypatch):
        monkeypatch.setattr(csv_tables, "LONGEST_RECORD", 1000)
        report = read("a.csv", "text\n" + '"' + "abcdefg\n" * 1000)
        assert report.validation_errors[0].line == 2
        assert "is a quote left open?" in report.validation_errors[0].message
        assert report.records > 500

    def test_invalid_utf8_in_one_row(self, read):
        report = read("a.csv", b"prompt,completion\n" + b"a,b\n" * 20 + b"a,\xe9\n" + b"a,b\n")
        assert errors(report) == [(22, "not valid UTF-8: byte 0xe9 at byte 3")]

    def test_messages_with_a_tab_in_them_stay_printable(self, read):
        report = read("a.tsv", "prompt\tcompletion\n" + "a\tb\n" * 30 + '"a"b\tc\n')
        assert errors(report) == [(32, """not valid CSV: '\\t' expected after '"'""")]

    def test_wide_fields(self, read):
        report = read("a.csv", "text\n" + "a" * 500_000 + "\n")
        assert (report.status, report.total_tokens) == ("ready", 125_000)

    def test_a_column_of_messages_holds_json(self, read):
        chat = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
        cell = json.dumps(chat).replace('"', '""')
        report = read("a.csv", f'id,messages\n1,"{cell}"\n' * 1 + '2,"[oops"\n')
        assert (report.format, report.total_training_pairs) == ("messages", 1)
        assert '"messages" is not valid JSON' in report.validation_errors[0].message

    def test_a_table_without_header(self, read):
        report = read("a.csv", "hello,world\nfoo,bar\n")
        assert (report.status, report.format) == ("invalid", None)
        assert 'no columns of a dataset ("hello", "world")' in (report.reason or "")

    def test_a_header_alone(self, read):
        report = read("a.csv", "prompt,completion\n")
        assert (report.status, report.reason) == ("invalid", "The file holds no record.")

    def test_lines_of_json_under_the_name_of_a_table(self, read):
        assert read("a.csv", [GOOD]).container == "jsonl"

    def test_a_table_under_the_name_of_lines(self, read):
        assert read("a.jsonl", "prompt,completion\na,b\n").container == "csv"
