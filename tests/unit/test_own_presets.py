"""A person's own presets, from the services to the file they stand in."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.unit.domain.test_preset_text import WRITTEN
from vapor_tui import paths
from vapor_tui.domain.catalogue import Preset
from vapor_tui.domain.results import Ok, Refused, Result
from vapor_tui.services.catalogue import load_catalogue
from vapor_tui.services.presets import delete_preset, rename_preset, save_preset

VALUES = {
    "learning_rate": "2e-4",
    "batch_size": "8",
    "epochs": "2",
    "lora_rank": "16",
    "lora_alpha": "40",
    "lora_dropout": "0.05",
}


@pytest.fixture
def file() -> Path:
    return paths.config_directory() / "presets.toml"


def done(result: Result[Preset]) -> Preset:
    assert isinstance(result, Ok), result
    return result.value


def refusal(result: Result[Preset]) -> str:
    assert isinstance(result, Refused), result
    return result.error


def save(name: str, **changes: Any) -> Result[Preset]:
    return save_preset(name, VALUES, **changes)


def test_a_preset_is_saved_for_every_later_start(file: Path) -> None:
    saved = done(save(" Long chats ", tagline="for [support]"))
    assert (saved.id, saved.name, saved.lora_alpha) == ("long-chats", "Long chats", 40)
    catalogue = load_catalogue()
    assert catalogue.preset("long-chats") == saved
    assert catalogue.own_presets == {"long-chats"}
    assert catalogue.default_preset.id == "balanced"
    assert file.read_text().startswith("# Your own presets")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("fast", '"fast" comes with the program; choose another name'),
        ("BALANCED", '"balanced" comes with the program; choose another name'),
        ("Custom", '"custom" is the word for no preset at all; choose another name'),
        ("  ", "A preset's name needs a letter or a digit"),
        ("\udc80\x1b", "A preset's name needs a letter or a digit"),
        ("n" * 41, "A preset's name must be at most 40 characters"),
    ],
)
def test_names_that_cannot_be_taken(file: Path, name: str, sentence: str) -> None:
    assert refusal(save(name)) == sentence
    assert not file.exists()
    done(save("mine"))
    assert refusal(rename_preset("mine", name)) == sentence


def test_values_are_checked_by_the_schema(file: Path) -> None:
    refused = save_preset("mine", {**VALUES, "batch_size": "12", "epochs": "0"})
    assert isinstance(refused, Refused)
    assert refused.details == {
        "batch_size": "Batch size must be a power of 2 (nearest: 8 and 16)",
        "epochs": "At least 1 epoch required",
    }
    assert not file.exists()


def test_one_that_exists_is_replaced_only_when_asked() -> None:
    done(save("mine", tagline="kept"))
    assert "already" in refusal(save("MINE"))
    replaced = done(save_preset("Mine", {**VALUES, "epochs": 7}, replaces=True))
    assert (replaced.name, replaced.epochs, replaced.tagline) == ("Mine", 7, "kept")


def test_rename_and_delete(file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_text(WRITTEN)
    renamed = done(rename_preset("chats", "Every week"))
    assert (renamed.id, renamed.name, renamed.epochs) == ("every-week", "Every week", 2)
    assert "already" in refusal(rename_preset("every week", "code"))
    assert done(rename_preset("code", "CODE")).name == "CODE", "its own name is free"
    done(delete_preset("Every week"))
    assert load_catalogue().own_presets == {"code"}
    assert "# for the weekly run" in file.read_text()
    assert 'no preset "nope" of yours' in refusal(delete_preset("nope"))
    assert "comes with the program" in refusal(delete_preset("fast"))


def test_a_shipped_preset_comes_back_when_ones_own_is_deleted(file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_text(WRITTEN.replace('"chats"', '"fast"'))
    assert load_catalogue().preset("fast").epochs == 2  # type: ignore[union-attr]
    done(delete_preset("fast"))
    assert load_catalogue().preset("fast").epochs == 1  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "content",
    [b"[[preset]\n", b"# \xff\n", b"[[preset]]\nid = 1\n", b"[presets]\n", b"preset = 3\n"],
)
def test_a_file_that_cannot_be_read_is_left_as_it_is(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    for answer in (save("mine"), rename_preset("a", "b"), delete_preset("a")):
        assert str(file) in refusal(answer)
    assert file.read_bytes() == content
    assert os.listdir(file.parent) == ["presets.toml"]


def test_a_file_that_cannot_be_written_says_so(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done(save("mine"))
    before = file.read_bytes()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    refused = save("other")
    assert isinstance(refused, Refused)
    assert refused.error == f"{file} cannot be written: No space left on device"
    assert not refused.is_input
    assert file.read_bytes() == before
    assert os.listdir(file.parent) == ["presets.toml"]


def test_a_link_and_permissions_stay(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "dotfiles.toml"
    target.write_bytes(b"\xef\xbb\xbf" + WRITTEN.encode())
    target.chmod(0o640)
    file.parent.mkdir(parents=True)
    file.symlink_to(target)
    done(save("mine"))
    assert file.is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert target.read_bytes().startswith(b"\xef\xbb\xbf# Mine.")
    assert load_catalogue().own_presets == {"chats", "code", "mine"}


def test_what_is_written_unusually_is_left_to_an_editor(file: Path) -> None:
    file.parent.mkdir(parents=True)
    file.write_text(WRITTEN.replace("epochs = 2", '"epochs" = 2'))
    before = file.read_bytes()
    changed = save_preset("chats", {**VALUES, "epochs": 5}, replaces=True)
    assert "in an editor" in refusal(changed)
    assert file.read_bytes() == before
