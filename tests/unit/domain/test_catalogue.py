"""The catalogue: shipped entries, a person's own, and mistakes in their files."""

from __future__ import annotations

from pathlib import Path

import pytest

from vapor_tui.domain.catalogue import (
    CUSTOM,
    Catalogue,
    CatalogueError,
    nearest,
    preset_hyperparameters,
    preset_of,
)
from vapor_tui.domain.hyperparameters import Hyperparameters
from vapor_tui.services.catalogue import load_catalogue


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return load_catalogue(Path("/nonexistent"))


def test_the_four_list_gpus_come_first(shipped: Catalogue) -> None:
    first = [(g.type, g.price, g.tokens_per_second, g.memory_gb) for g in shipped.gpus[:4]]
    assert first == [
        ("A100-80GB", 3.5, 1800, 80),
        ("A100-40GB", 2.8, 1500, 40),
        ("H100", 4.2, 2200, 80),
        ("V100-32GB", 2.1, 1200, 32),
    ]
    assert not any(gpu.derived for gpu in shipped.gpus[:4])
    assert all(gpu.derived and gpu.source for gpu in shipped.gpus[4:])


def test_the_lfm2_family_comes_first(shipped: Catalogue) -> None:
    sizes = {model.id: model.parameters for model in shipped.models[:5]}
    assert sizes["LFM2-350M"] == 354_483_968
    assert sizes["LFM2-700M"] == 742_489_344
    assert sizes["LFM2-1.2B"] == 1_170_340_608
    assert sizes["LFM2-2.6B"] == 2_569_272_320
    assert round(sizes["LFM2-8B-A1B"] / 1e9, 1) == 8.3
    assert all(model.context == 32_768 for model in shipped.models[:5])


def test_presets_are_those_of_the_product(shipped: Catalogue) -> None:
    values = {preset.id: tuple(preset.values.values()) for preset in shipped.presets}
    assert values == {
        "fast": (1e-4, 8, 1, 8, 16, 0.05),
        "balanced": (5e-5, 4, 3, 16, 32, 0.1),
        "quality": (3e-5, 2, 5, 32, 64, 0.1),
    }
    assert shipped.default_preset.id == "balanced"


def test_editing_a_field_makes_the_job_custom(shipped: Catalogue) -> None:
    balanced = shipped.default_preset
    assert preset_of(Hyperparameters(**balanced.values), balanced) == "balanced"
    assert preset_of(Hyperparameters(**{**balanced.values, "epochs": 4}), balanced) == CUSTOM
    assert preset_of(Hyperparameters(), None) == CUSTOM


def test_alpha_of_a_preset_follows_a_rank_that_was_given(shipped: Catalogue) -> None:
    values = preset_hyperparameters(shipped.default_preset, {"lora_rank": "64"})
    assert Hyperparameters(**values).lora_alpha == 128


def test_models_are_found_by_name_family_and_size(shipped: Catalogue) -> None:
    assert [m.id for m in shipped.search_models("lfm2 1.2b")] == ["LFM2-1.2B"]
    assert shipped.search_models("no such model") == ()
    assert shipped.model("liquidai/lfm2-1.2b") == shipped.model("LFM2-1.2B") is not None


def test_a_hint_names_what_is_near() -> None:
    assert nearest("A100", ["A100-80GB", "H100"]) == " Did you mean A100-80GB or H100?"
    assert nearest("zzz", ["A100-80GB"]) == ""


OWN_GPU = """
[[gpu]]
type = "A100-80GB"
name = "Ours"
price = 1.25
tokens_per_second = 1800
memory_gb = 80
peak_flops = 312e12
date = 2026-01-01

[[gpu]]
type = "Homemade"
name = "Under the desk"
price = 0.1
tokens_per_second = 10
memory_gb = 8
peak_flops = 1e12
date = 2026-01-01
"""


def test_own_entries_replace_and_add(config_directory: Path) -> None:
    (config_directory / "gpus.toml").write_text(OWN_GPU)
    catalogue = load_catalogue()

    assert catalogue.gpus[0].type == "A100-80GB"
    assert catalogue.gpus[0].price == 1.25
    assert catalogue.gpus[-1].type == "Homemade"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[gpu]\n", r"gpus\.toml: not valid TOML: .*line 1"),
        (OWN_GPU.replace("0.1", "-1"), r'gpus\.toml, line 14, "price": .*greater than 0'),
        (OWN_GPU.replace('name = "Under', 'nam = "Under'), r'line 1[13], "name?"'),
        ("[[gpus]]\n", r'unknown table "gpus".*\[\[gpu\]\]'),
        ("[gpu]\n", r"two brackets"),
        ("\udcff", r"cannot be read"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_field(
    config_directory: Path, text: str, message: str
) -> None:
    path = config_directory / "gpus.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(CatalogueError, match=message):
        load_catalogue()


def test_a_preset_must_be_within_the_bounds(config_directory: Path) -> None:
    (config_directory / "presets.toml").write_text(
        '[[preset]]\nid = "mine"\nname = "Mine"\nlearning_rate = 1e-4\nbatch_size = 12\n'
        "epochs = 1\nlora_rank = 8\nlora_alpha = 16\nlora_dropout = 0.05\n"
    )
    with pytest.raises(CatalogueError, match=r'line 5, "batch_size": .*nearest: 8 and 16'):
        load_catalogue()
