"""What `show` says of a job's health, its forecast and its history."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vapor_tui.cli.app import run as run_program


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database with one simulated job that had a spike and came to its end."""
    data = tmp_path / "chats.jsonl"
    record = json.dumps({"prompt": "p" * 400, "completion": "c" * 400})
    data.write_text(f"{record}\n" * 400)
    path = tmp_path / "cli.db"
    options = ["--seed", "3", "--inject", "spike@150", "--speed", "max", "--name", "bot"]
    assert run_program(["--db", str(path), "run", str(data), *options]) == 0
    return path


def test_show_tells_what_was_found_and_what_is_over(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run_program(["--db", str(database), "show", "1"]) == 0
    shown = capsys.readouterr().out
    assert "nothing unusual" in shown
    assert "no forecast: the run has ended" in shown
    assert "health spike over" in shown
    assert "status queued -> initializing" in shown


def test_its_document_holds_health_and_forecast(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run_program(["--db", str(database), "show", "1", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["name"] == "bot"
    assert document["health"]["findings"] == []
    begun, over = document["health"]["history"]
    assert (begun["kind"], begun["over"], over["over"]) == ("spike", False, True)
    assert 150 <= begun["step"] <= 152
    assert document["forecast"] is None
    assert document["forecast_missing"] == "the run has ended"


def test_a_wrong_section_is_named_before_anything_is_started(
    config_directory: Path, database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (config_directory / "config.toml").write_text("[health]\nspikes = 3\n")
    assert run_program(["--db", str(database), "worker", "--once"]) == 2
    assert 'line 2, "health.spikes"' in capsys.readouterr().err
