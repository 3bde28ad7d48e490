"""Base models that lie on this machine, told apart from those of which nothing is known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from vapor_tui.domain.catalogue import Catalogue
from vapor_tui.services.catalogue import load_catalogue
from vapor_tui.services.local_models import known_model

CONFIG = {
    "model_type": "llama",
    "num_hidden_layers": 2,
    "hidden_size": 64,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 128,
    "vocab_size": 1000,
    "max_position_embeddings": 512,
    "tie_word_embeddings": True,
}
PLAIN = 1000 * 64 + 2 * (2 * 64 * 64 + 2 * 64 * 32 + 3 * 64 * 128)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def _write(folder: Path, **changes: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({**CONFIG, **changes}))
    return folder


def test_a_folder_is_measured_by_its_configuration(tmp_path: Path, catalogue: Catalogue) -> None:
    model = known_model(str(_write(tmp_path / "mine")), catalogue)
    assert model is not None
    assert (model.layers, model.hidden_size, model.kv_size, model.context) == (2, 64, 32, 512)
    assert model.parameters == PLAIN


def test_tensors_are_counted_where_they_are(tmp_path: Path, catalogue: Catalogue) -> None:
    folder = _write(tmp_path / "mine")
    header = json.dumps(
        {
            "__metadata__": {"format": "pt"},
            "a": {"dtype": "BF16", "shape": [10, 20], "data_offsets": [0, 400]},
            "b": {"dtype": "BF16", "shape": [7], "data_offsets": [400, 414]},
        }
    ).encode()
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    model = known_model(str(folder), catalogue)
    assert model is not None
    assert model.parameters == 207


def test_the_hub_cache_is_looked_up_without_network(
    tmp_path: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    assert known_model("someone/model", catalogue) is None

    repository = tmp_path / "hub" / "models--someone--model"
    _write(repository / "snapshots" / "abc123")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("abc123")
    model = known_model("someone/model", catalogue)
    assert model is not None
    assert model.parameters == PLAIN


def test_an_edited_configuration_is_read_anew(tmp_path: Path, catalogue: Catalogue) -> None:
    folder = _write(tmp_path / "mine")
    assert known_model(str(folder), catalogue) is not None
    _write(folder, num_hidden_layers=4)
    (folder / "config.json").touch()
    model = known_model(str(folder), catalogue)
    assert model is not None
    assert model.layers == 4


def test_a_mixture_counts_what_a_token_uses(tmp_path: Path, catalogue: Catalogue) -> None:
    folder = _write(tmp_path / "moe", num_local_experts=8, num_experts_per_tok=2)
    model = known_model(str(folder), catalogue)
    assert model is not None
    assert model.active_parameters is not None
    assert model.parameters - model.active_parameters == 2 * 6 * 3 * 64 * 128


@pytest.mark.parametrize(
    "text", ["", "[]", "null", "{", '{"hidden_size": 64}', '{"hidden_size": "x"}', "[" * 100_000]
)
def test_a_configuration_that_says_nothing_leaves_the_model_unknown(
    tmp_path: Path, catalogue: Catalogue, text: str
) -> None:
    folder = tmp_path / "odd"
    folder.mkdir()
    (folder / "config.json").write_text(text)
    assert known_model(str(folder), catalogue) is None
    assert known_model(str(tmp_path / "missing"), catalogue) is None


@pytest.mark.parametrize("name", ["a\0b", "/a\0b", "a" * 300])
def test_a_name_that_no_path_can_have_is_unknown(name: str, catalogue: Catalogue) -> None:
    assert known_model(name, catalogue) is None


@pytest.mark.parametrize("size", [10**10, 10**30, 10**200])
@pytest.mark.parametrize("entry", ["hidden_size", "intermediate_size", "num_experts", "vocab_size"])
def test_sizes_that_no_model_has_make_it_unknown(
    tmp_path: Path, catalogue: Catalogue, entry: str, size: int
) -> None:
    folder = _write(tmp_path / "mine", **{entry: size})
    assert known_model(str(folder), catalogue) is None


def test_more_weights_than_can_be_counted_make_it_unknown(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    large = {"num_hidden_layers": 10**6, "hidden_size": 10**8, "intermediate_size": 10**9}
    assert known_model(str(_write(tmp_path / "mine", **large)), catalogue) is None
