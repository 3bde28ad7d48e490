"""Models for a purpose that fit into the memory there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from vapor_tui.domain.catalogue import Catalogue
from vapor_tui.domain.hyperparameters import Hyperparameters
from vapor_tui.domain.memory import estimate_memory
from vapor_tui.domain.recommend import PURPOSES, recommend
from vapor_tui.services.catalogue import load_catalogue


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return load_catalogue(Path("/nonexistent"))


def found(catalogue: Catalogue, gpu: str, **values: object) -> dict[str, str]:
    chosen = catalogue.gpu(gpu)
    assert chosen is not None
    settings = Hyperparameters.model_validate({"batch_size": 4, **values})
    recommended = recommend(catalogue.models, settings, chosen, 2)
    for each in recommended:
        memory = estimate_memory(each.model, settings, chosen.memory_gb, 2)
        assert memory.fits
        assert not memory.is_tight
        assert each.reason == f"{each.purpose}: largest fit"
    return {each.purpose: each.model.id for each in recommended}


def test_there_is_one_for_each_purpose(shipped: Catalogue) -> None:
    assert found(shipped, "A100-80GB") == {
        "chat": "Mistral-Small-24B-Instruct-2501",
        "code": "Qwen2.5-Coder-7B-Instruct",
        "reasoning": "phi-4",
        "edge": "LFM2-1.2B",
    }
    assert list(found(shipped, "A100-80GB")) == list(PURPOSES)


def test_less_memory_means_smaller_models(shipped: Catalogue) -> None:
    large, small = found(shipped, "A100-80GB"), found(shipped, "V100-32GB")
    sizes = {model.id: model.parameters for model in shipped.models}
    assert sizes[small["chat"]] < sizes[large["chat"]]
    assert found(shipped, "V100-32GB", batch_size=128) != small
    quantized = found(shipped, "A100-80GB", quantization="4-bit")
    assert sizes[quantized["chat"]] > sizes[large["chat"]]
