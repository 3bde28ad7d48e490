"""Files that are no datasets, and files that are, in a wrapping."""

import gzip
import hashlib
import io
import json
import os
import tarfile
import zipfile

import pytest

from vapor_tui.datasets import DatasetFileError, read_dataset

LINES = (json.dumps({"prompt": "a", "completion": "b"}) + "\n").encode() * 3


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("a.jsonl", LINES)
    return buffer.getvalue()


def tarball() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as file:
        info = tarfile.TarInfo("a.jsonl")
        info.size = len(LINES)
        file.addfile(info, io.BytesIO(LINES))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", b"", "is empty"),
        ("a.csv", b" \n\r\n\t", "is empty"),
        ("a.json", b"\xef\xbb\xbf\n", "is empty"),
        ("a.jsonl.gz", gzip.compress(b""), "is empty"),
        ("a.xlsx", archive(), "is an Excel workbook; save the sheet as CSV"),
        ("a.jsonl", archive(), "is a ZIP archive, no dataset; unpack it"),
        ("a.pdf", b"%PDF-1.7 ...", "is a PDF document"),
        ("a.tar", tarball(), "is a tar archive"),
        ("a.tgz", gzip.compress(tarball()), "holds a tar archive"),
        ("a.gz", gzip.compress(gzip.compress(LINES)), "is packed twice"),
        ("a.jsonl", os.urandom(10_000), "binary data"),
        ("a.jsonl", b"\0" * 100, "binary data"),
        ("a.jsonl", LINES.decode().encode("utf-16"), "UTF-16"),
        ("a.csv", "prompt,completion\na,b\n".encode("utf-16-le"), "UTF-16"),
        ("a.csv", b"prompt,completion\ra,b\rc,d\r", "carriage returns"),
        ("a.txt", b"Once upon a time\nthere was a file\n", "is not recognised as a dataset"),
        ("a.ini", b"[section]\nkey = 1\n", "is not recognised as a dataset"),
        ("a.py", b"{x for x in y}\n", "is not recognised as a dataset"),
        ("a.jsonl.gz", gzip.compress(LINES * 50)[:-20], "broken gzip"),
        ("a.jsonl.gz", gzip.compress(LINES)[:5], "broken gzip"),
        ("a.jsonl.gz", gzip.compress(LINES)[:-8] + b"\0" * 8, "broken gzip"),
        ("a.jsonl.gz", gzip.compress(LINES) + b"garbage", "broken gzip"),
    ],
    ids=range(22),
)
def test_what_is_no_dataset_is_refused_in_a_sentence(read, name, content, message):
    with pytest.raises(DatasetFileError, match=message) as caught:
        read(name, content)
    assert name in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl.gz", gzip.compress(LINES)),
        ("a.jsonl", gzip.compress(LINES)),
        ("a.jsonl.gz", gzip.compress(LINES[:10]) + gzip.compress(LINES[10:]) + b"\0" * 16),
        ("a.gz", gzip.compress(b"\xef\xbb\xbf" + LINES)),
        ("data", LINES),
        ("data.txt", b"[" + LINES.replace(b"\n", b",")[:-1] + b"]"),
        ("data.txt", b"prompt;completion\n" + b"a;b\n" * 3),
    ],
    ids=range(7),
)
def test_wrapped_and_nameless_files(read, name, content):
    report = read(name, content)
    assert (report.status, report.records) == ("ready", 3)
    assert report.compressed == content.startswith(b"\x1f\x8b")
    assert report.sha256 == hashlib.sha256(content).hexdigest()
    assert report.file_size == len(content)
    assert report.file_name == name


def test_paths_that_lead_nowhere(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe.jsonl")
    for path, message in {
        tmp_path / "none.jsonl": "There is no file",
        tmp_path: "is a directory",
        tmp_path / "loop": "can't be opened",
        tmp_path / "pipe.jsonl": "no regular file",
        tmp_path / ("x" * 300): "can't be opened",
        tmp_path / "a\0b": "NUL",
        tmp_path / "pipe.jsonl" / "a": "can't be opened",
    }.items():
        with pytest.raises(DatasetFileError, match=message):
            read_dataset(path)
    with pytest.raises(DatasetFileError, match="no regular file"):
        read_dataset(type(tmp_path)("/dev/zero"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_one_may_not_read(write):
    path = write("a.jsonl", LINES)
    path.chmod(0)
    with pytest.raises(DatasetFileError, match="permission denied"):
        read_dataset(path)


def test_a_file_whose_name_is_not_utf8(tmp_path):
    path = os.fsencode(tmp_path) + b"/\xe9.jsonl"
    try:
        with open(path, "wb") as file:
            file.write(LINES)
    except OSError:
        pytest.skip("this file system has no such names")
    with pytest.raises(DatasetFileError, match="not UTF-8; rename it"):
        read_dataset(type(tmp_path)(os.fsdecode(path)))


def test_hostile_names_are_escaped(write):
    with pytest.raises(DatasetFileError) as caught:
        read_dataset(write("\x1b[31m\u202e.jsonl", b""))
    assert str(caught.value).isprintable()


def test_links_and_tildes_are_resolved(write, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    real = write("a.jsonl", LINES)
    (tmp_path / "link.jsonl").symlink_to(real)
    report = read_dataset(type(tmp_path)("~/link.jsonl"))
    assert (report.path, report.file_name) == (real.resolve(), "a.jsonl")
