"""`presets`, and what run and submit say of their options."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli


def listed(cli: Cli) -> dict[str, Any]:
    code, out, _ = cli("presets", "--json")
    assert code == 0
    assert out == cli("presets", "list", "--json")[1]
    return {preset["id"]: preset for preset in json.loads(out)["presets"]}


def test_save_rename_delete(cli: Cli, tmp_path: Path) -> None:
    code, out, _ = cli("presets", "save", "Long chats", "--epochs", 9, "--rank", 64, "--json")
    assert code == 0
    saved = json.loads(out)
    assert saved["own"]
    assert (saved["epochs"], saved["lora_rank"], saved["lora_alpha"]) == (9, 64, 128)
    assert (saved["learning_rate"], saved["batch_size"]) == (5e-5, 4), "of the default preset"
    assert listed(cli)["long-chats"] == saved
    assert not (tmp_path / "cli.db").exists(), "no database is needed"

    assert cli("presets", "rename", "long-chats", "Weekly") == (0, "It is weekly now\n", "")
    assert "yours" in cli("presets")[1]
    assert cli("presets", "delete", "Weekly") == (0, "Deleted weekly\n", "")
    assert list(listed(cli)) == ["fast", "balanced", "quality"]


def test_values_come_from_a_preset_or_a_job(cli: Cli, tmp_path: Path) -> None:
    cli("presets", "save", "a", "--from", "fast", "--dropout", 0)
    cli("presets", "save", "b", "--from", "custom")
    path = tmp_path / "chats.jsonl"
    path.write_text('{"prompt": "a", "completion": "b"}\n' * 9)
    assert cli("submit", path, "--preset", "a", "--epochs", 4, "--alpha", 7)[0] == 0
    assert cli("presets", "save", "c", "--from-job", 1, "--batch-size", 32)[0] == 0
    found = listed(cli)
    assert (found["a"]["batch_size"], found["a"]["lora_dropout"]) == (8, 0)
    assert (found["b"]["learning_rate"], found["b"]["batch_size"]) == (2e-4, 16)
    values = [found["c"][name] for name in ("epochs", "lora_alpha", "batch_size", "lora_dropout")]
    assert values == [4, 7, 32, 0]
    job = json.loads(cli("show", 1, "--json")[1])
    assert (job["preset_id"], job["preset_base"]) == ("custom", "a")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("save", "fast"), '"fast" comes with the program'),
        (("save", "x", "--batch-size", "12"), "Batch size must be a power of 2 (nearest: 8 and"),
        (("save", "x", "--from", "fats"), 'There is no preset "fats". Did you mean fast?'),
        (("save", "x", "--from", "fast", "--from-job", "1"), "either --from or --from-job"),
        (("save", "x", "--from-job", "7"), "There is no job 7"),
        (("rename", "balanced", "x"), "comes with the program; only your own"),
        (("delete", "mine"), 'There is no preset "mine" of yours'),
    ],
)
def test_what_is_refused(cli: Cli, arguments: tuple[str, ...], sentence: str) -> None:
    code, _, err = cli("presets", *arguments)
    assert (code, sentence in err) == (2, True), err
    code, out, _ = cli("presets", *arguments, "--json")
    assert (code, sentence in json.loads(out)["error"]) == (2, True)
    assert list(listed(cli)) == ["fast", "balanced", "quality"]


def test_an_unknown_preset_names_what_lists_them(cli: Cli) -> None:
    assert "See: vapor-tui presets" in cli("presets", "save", "x", "--from", "nope")[2]


def test_one_of_ones_own_is_overwritten_only_when_asked(cli: Cli) -> None:
    cli("presets", "save", "mine")
    code, _, err = cli("presets", "save", "mine", "--epochs", 7)
    assert (code, "already" in err) == (2, True)
    assert cli("presets", "save", "mine", "--epochs", 7, "--replace")[0] == 0
    assert listed(cli)["mine"]["epochs"] == 7


@pytest.mark.parametrize("command", ["run", "submit", "estimate"])
def test_help_shows_what_can_be_chosen(
    cli: Cli, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    code, out, _ = cli(command, "--help")
    assert code == 0
    for choices in ("none|4-bit", "constant|linear|cosine", "on|off", "adamw_torch|adamw_8bit"):
        assert choices in out
    rate = next(line for line in out.splitlines() if "--learning-rate" in line)
    assert "NUMBER" in rate
    if command != "estimate":
        assert "realistic|" in out or "|realistic" in out
        assert "nan@STEP|oom|spike@STEP|stall@STEP" in out


@pytest.mark.parametrize("command", ["run", "submit"])
def test_a_fault_after_the_last_step_leaves_no_dataset(
    cli: Cli, tmp_path: Path, command: str
) -> None:
    path = tmp_path / "chats.jsonl"
    path.write_text('{"prompt": "a", "completion": "b"}\n' * 9)
    code, _, err = cli(command, path, "--inject", "nan@100")
    assert (code, "comes after the last step, 9" in err) == (2, True), err
    assert json.loads(cli("datasets", "list", "--json")[1])["datasets"] == []
