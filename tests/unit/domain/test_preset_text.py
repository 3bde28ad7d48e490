"""Changes of one entry in a file of presets: what else is in it stays as it was written."""

from __future__ import annotations

import pytest

from vapor_tui.domain import preset_text
from vapor_tui.domain.catalogue import CatalogueError, Preset, parse_entries
from vapor_tui.domain.preset_text import EditError

WRITTEN = """\
# Mine.

# for the weekly run
[[preset]]   # since March
id = "chats"
name = 'Chats'
learning_rate = 1e-4   # 2e-4 diverged
batch_size = 8
epochs = 2
lora_rank = 16
lora_alpha = 32
lora_dropout = 0.05
tagline = "short # and [odd]"

# only for code
[[ preset ]]
id = "code"
name = "Code"
learning_rate = 2e-4
batch_size = 16
epochs = 1
lora_rank = 32
lora_alpha = 64
lora_dropout = 0.0
# the end
"""


def preset(**values: object) -> Preset:
    usual = {
        "id": "new",
        "name": "New",
        "learning_rate": 3.14e-5,
        "batch_size": 4,
        "epochs": 3,
        "lora_rank": 16,
        "lora_alpha": 32,
        "lora_dropout": 0.1,
    }
    return Preset.model_validate({**usual, **values})


def read(text: str) -> tuple[Preset, ...]:
    return parse_entries(Preset, text, "presets.toml")


@pytest.mark.parametrize("before", ["", "# none yet\n", WRITTEN, WRITTEN.rstrip(), WRITTEN + "\n"])
def test_an_entry_is_added_at_the_end(before: str) -> None:
    after = preset_text.added(before, preset(), "presets.toml")
    assert after.startswith(before.rstrip())
    assert after.endswith("\n")
    assert read(after) == (*read(before), preset())


def test_line_endings_are_kept() -> None:
    before = WRITTEN.replace("\n", "\r\n")
    after = preset_text.added(before, preset(), "presets.toml")
    assert after.startswith(before)
    assert after.count("\n") == after.count("\r\n")
    assert "\r\n".join(after.splitlines()) + "\r\n" == after
    assert preset_text.changed(before, "code", {"epochs": 4}, "f") == before.replace(
        "epochs = 1", "epochs = 4"
    )


@pytest.mark.parametrize("name", ['"', "\\", "a\tb", "\x7f", "\x1b[31m", "数据", "'", "[[preset]]"])
def test_any_name_is_written_so_that_it_is_read_again(name: str) -> None:
    after = preset_text.added(WRITTEN, preset(name=name), "presets.toml")
    assert read(after)[-1].name == name


@pytest.mark.parametrize("rate", [5e-5, 1e-6, 1.0, 0.1 + 0.2, 1.23456789012345e-5, 1 / 3])
def test_numbers_are_written_exactly(rate: float) -> None:
    after = preset_text.added("", preset(learning_rate=rate), "presets.toml")
    assert read(after)[0].learning_rate == rate


def test_values_are_changed_in_their_lines() -> None:
    after = preset_text.changed(
        WRITTEN, "chats", {"learning_rate": 5e-5, "name": "Long chats"}, "presets.toml"
    )
    assert after == WRITTEN.replace("1e-4   # 2e-4", "5e-5   # 2e-4").replace(
        "'Chats'", '"Long chats"'
    )


def test_a_removed_entry_takes_only_its_own_lines() -> None:
    without_first = preset_text.removed(WRITTEN, "chats", "presets.toml")
    assert [entry.id for entry in read(without_first)] == ["code"]
    for comment in ("# Mine.", "# for the weekly run", "# only for code", "# the end"):
        assert comment in without_first
    none = preset_text.removed(without_first, "code", "presets.toml")
    assert read(none) == ()
    assert "# the end" in none


def test_what_was_added_is_removed_without_a_trace() -> None:
    after = preset_text.added(WRITTEN, preset(), "presets.toml")
    assert preset_text.removed(after, "new", "presets.toml") == WRITTEN


def test_of_two_entries_with_an_id_the_last_stands() -> None:
    twice = WRITTEN.replace('"code"', '"chats"')
    after = preset_text.changed(twice, "chats", {"epochs": 9}, "presets.toml")
    assert [entry.epochs for entry in read(after)] == [2, 9]


UNUSUAL = [
    'preset = [{id="chats", name="C", learning_rate=1e-4, batch_size=8, epochs=2, lora_rank=16, '
    "lora_alpha=32, lora_dropout=0.0}]\n",
    WRITTEN.replace("epochs = 2", '"epochs" = 2'),
    WRITTEN.replace("name = 'Chats'", 'name = """\nChats\n"""'),
    WRITTEN.replace("name = 'Chats'", "name = '''\n[[preset]]\nepochs = 2\n'''"),
]


@pytest.mark.parametrize("text", UNUSUAL)
def test_what_cannot_be_changed_safely_is_refused(text: str) -> None:
    assert read(text)[0].id == "chats"
    with pytest.raises(EditError):
        preset_text.changed(text, "chats", {"epochs": 5, "name": "D"}, "presets.toml")


def test_a_text_that_is_not_valid_is_named_with_its_line() -> None:
    for text in (WRITTEN + "epochs =", WRITTEN.replace("epochs = 2", "epochs = 200")):
        with pytest.raises(CatalogueError, match=r"presets\.toml"):
            preset_text.added(text, preset(), "presets.toml")
