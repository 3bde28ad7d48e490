"""The memory estimate against published measurements, with its error against each."""

from __future__ import annotations

import pytest

from vapor_tui.domain.catalogue import Catalogue, Model
from vapor_tui.domain.hyperparameters import Hyperparameters
from vapor_tui.domain.memory import adapter_parameters, estimate_memory
from vapor_tui.services.catalogue import load_catalogue

RANK = 64
"""The rank of the published Qwen measurements."""


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def _model(catalogue: Catalogue, name: str) -> Model:
    model = catalogue.model(name)
    assert model is not None
    return model


def _total(model: Model, **values: object) -> float:
    settings = Hyperparameters.model_validate({"batch_size": 1, **values})
    return estimate_memory(model, settings, 80, 1).total


@pytest.mark.parametrize(
    ("quantization", "length", "published", "error"),
    [
        # Qwen-7B on one A100-80GB, batch 1, adapters on all linear layers, GB as published.
        ("none", 256, 20.1, -0.04),
        ("none", 2048, 23.8, -0.02),
        ("none", 4096, 29.7, -0.06),
        ("none", 8192, 36.6, 0.01),
        ("4-bit", 256, 11.5, -0.10),
        ("4-bit", 2048, 13.9, 0.04),
    ],
)
def test_published_measurements_of_qwen_7b(
    catalogue: Catalogue, quantization: str, length: int, published: float, error: float
) -> None:
    found = _total(
        _model(catalogue, "Qwen-7B"),
        lora_rank=RANK,
        max_sequence_length=length,
        quantization=quantization,
    )
    assert found / published - 1 == pytest.approx(error, abs=0.01)


@pytest.mark.parametrize(
    "name", ["Llama-3.1-8B-Instruct", "Qwen3-8B", "Mistral-7B-Instruct-v0.3", "Qwen2.5-7B-Instruct"]
)
def test_seven_to_eight_billion_parameters(catalogue: Catalogue, name: str) -> None:
    model = _model(catalogue, name)
    assert 16 <= _total(model) <= 24
    assert 5 <= _total(model, quantization="4-bit") <= 14


def test_seventy_billion_parameters_in_four_bits(catalogue: Catalogue) -> None:
    assert 41 <= _total(_model(catalogue, "Llama-3.1-70B-Instruct"), quantization="4-bit") <= 64


def test_sixteen_gigabytes_do_not_hold_seven_billion_in_sixteen_bits(catalogue: Catalogue) -> None:
    model = _model(catalogue, "Mistral-7B-Instruct-v0.3")
    assert not estimate_memory(model, Hyperparameters(batch_size=1), 16, 1).fits


@pytest.mark.parametrize(("optim", "size"), [("adamw_torch", 8), ("adamw_8bit", 2)])
def test_what_a_trainable_parameter_takes(catalogue: Catalogue, optim: str, size: int) -> None:
    values = Hyperparameters.model_validate({"batch_size": 1, "optim": optim})
    found = estimate_memory(_model(catalogue, "Qwen-7B"), values, 80, 1)
    gigabytes = found.trainable_parameters / 1e9
    taken = (found.adapters, found.gradients, found.optimizer)
    assert taken == pytest.approx((2 * gigabytes, 2 * gigabytes, size * gigabytes))


def test_adapters_are_rank_times_inputs_and_outputs() -> None:
    model = Model(
        id="toy",
        hf_id="me/toy",
        family="toy",
        parameters=1000,
        layers=2,
        hidden_size=8,
        kv_size=4,
        mlp_size=16,
        vocabulary=10,
        context=128,
    )
    values = Hyperparameters(lora_rank=4)
    one_layer = (8 + 8) + 2 * (8 + 4) + (8 + 8) + 2 * (8 + 16) + (16 + 8)
    assert adapter_parameters(model, values) == 4 * 2 * one_layer
    only_two = values.model_copy(update={"target_modules": "q_proj, v_proj"})
    assert adapter_parameters(model, only_two) == 4 * 2 * ((8 + 8) + (8 + 4))


def test_what_saves_memory_saves_it(catalogue: Catalogue) -> None:
    model = _model(catalogue, "LFM2-1.2B")
    plain = _total(model, batch_size=8)
    assert _total(model, batch_size=8, quantization="4-bit") < plain
    assert _total(model, batch_size=8, optim="adamw_8bit") < plain
    assert _total(model, batch_size=8, max_sequence_length=512) < plain
    assert _total(model, batch_size=8, gradient_checkpointing=False) > plain
    shared = estimate_memory(model, Hyperparameters(batch_size=8), 80, 8)
    assert shared.total == pytest.approx(_total(model, batch_size=1))
    assert sum(shared.parts.values()) == shared.total
