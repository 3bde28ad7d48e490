"""A person's own catalogue files hold anything but a catalogue."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.faults.figures import Figures
from vapor_tui.cli.app import run as run_program

FILES = ("gpus.toml", "models.toml", "presets.toml")
LONGEST_SECONDS = 10.0

CONTENTS: dict[str, bytes] = {
    "not TOML": b"this is = = not [toml",
    "an open string": b'[[gpu]]\ntype = "A100',
    "not UTF-8": b'[[gpu]]\ntype = "\xff\xfe\x80"\n',
    "UTF-16": '[[gpu]]\ntype = "A"\n'.encode("utf-16"),
    "NUL": b'[[gpu]]\ntype = "\x00"\n',
    "noise": bytes(range(256)) * 16,
    "a table of another name": b"[[gpuu]]\ntype = 1\n",
    "one bracket": b"[gpu]\n[model]\n[preset]\n",
    "wrong types": b"[[gpu]]\ntype = []\n[[model]]\nid = 1\n[[preset]]\nid = {}\n",
    "a number too large": b"[[gpu]]\nprice = " + b"9" * 5_000 + b"\n",
    "not a number": b"[[gpu]]\nprice = nan\nmemory_gb = -inf\n",
    "twice the same key": b"[[gpu]]\nprice = 1\nprice = 2\n",
    "deep brackets": b"x = " + b"[" * 50_000,
    "deep tables": b"[[gpu]]\nx = " + b"{a=" * 20_000,
    "a megabyte in a line": b"x = '" + b"a" * 1_000_000 + b"'\n",
    "a hostile key": '"\x7f\u202e]52;c;"="\x1b"\n'.encode(),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_a_file_that_is_no_catalogue_is_a_sentence(
    config_directory: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    figures: Figures,
    name: str,
) -> None:
    for file in FILES:
        (config_directory / file).write_bytes(CONTENTS[name])
        begun = time.monotonic()
        code = run_program(["--db", str(tmp_path / "new.db"), "jobs"])
        said = capsys.readouterr().err

        assert code == 2, said
        assert said.startswith("vapor-tui: "), said
        assert file in said
        assert "unexpected" not in said
        assert len(said) < 2_000, len(said)
        assert not set(said) & set("\x00\x1b\x7f\u202e"), said
        assert time.monotonic() - begun < LONGEST_SECONDS
        assert not (tmp_path / "new.db").exists()
        (config_directory / file).unlink()
        figures.fault("a configuration that is malformed")


@pytest.mark.parametrize("file", FILES)
def test_a_folder_in_place_of_a_file_is_a_sentence(
    config_directory: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    file: str,
) -> None:
    (config_directory / file).mkdir()
    assert run_program(["--db", str(tmp_path / "new.db"), "jobs"]) == 2
    assert file in capsys.readouterr().err


def test_a_huge_catalogue_is_read_or_refused_in_time(
    config_directory: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], figures: Figures
) -> None:
    entry = (
        '[[preset]]\nid = "own-{}"\nname = "Own"\nicon = "bolt"\nsummary = "mine"\n'
        'note = "mine"\n[preset.values]\nlearning_rate = 1e-4\n'
    )
    (config_directory / "presets.toml").write_text("".join(entry.format(i) for i in range(8_000)))
    begun = time.monotonic()
    code = run_program(["--db", str(tmp_path / "new.db"), "jobs"])
    captured = capsys.readouterr()

    assert code in (0, 2)
    assert "unexpected" not in captured.err
    assert time.monotonic() - begun < LONGEST_SECONDS
    figures.fault("a configuration that is huge")
