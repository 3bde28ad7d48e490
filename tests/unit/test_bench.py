"""The benchmarks refuse what they would ignore, and outlive a new metric."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.bench import __main__ as program
from tests.bench import backend
from vapor_tui.storage.engine import Database, open_database


def test_growth_and_only_are_refused_together(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["bench", "--growth", "--only", "store"])
    monkeypatch.setattr(program.growth, "report", lambda **_: "measured all the same")
    with pytest.raises(SystemExit) as refused:
        program.main()
    assert refused.value.code == 2
    assert "give one of the two" in capsys.readouterr().err


def test_the_store_is_measured_though_metrics_have_a_column_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def widened(path: Path) -> Database:
        database = open_database(path)
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("ALTER TABLE training_metrics ADD COLUMN one_more FLOAT")
        return database

    monkeypatch.setattr(backend, "ROWS", 10)
    monkeypatch.setattr(backend, "open_database", widened)
    measured = backend.store()
    assert measured.figure > 0
    assert measured.floor > 0
