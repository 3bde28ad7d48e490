"""The schema: what is accepted, and the sentence that answers what is not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from vapor_tui.domain.hyperparameters import Hyperparameters, field_messages, setting, settings


def _message(field: str, value: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        Hyperparameters.model_validate({field: value})
    return field_messages(caught.value)[field]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("learning_rate", "5e-7", "Learning rate must be at least 1e-6"),
        ("learning_rate", "1.5", "Learning rate must be at most 1"),
        ("learning_rate", "", "Learning rate is required"),
        ("learning_rate", "fast", "Learning rate must be a number"),
        ("learning_rate", "nan", "Learning rate must be a finite number"),
        ("learning_rate", "-inf", "Learning rate must be a finite number"),
        ("learning_rate", True, "Learning rate must be a number"),
        ("epochs", "1.5", "Epochs must be a whole number"),
        ("epochs", "three", "Epochs must be a whole number"),
        ("epochs", "0", "At least 1 epoch required"),
        ("epochs", 101, "Maximum 100 epochs"),
        ("batch_size", "4.5", "Batch size must be a whole number"),
        ("batch_size", 12, "Batch size must be a power of 2 (nearest: 8 and 16)"),
        ("batch_size", 100, "Batch size must be a power of 2 (nearest: 64 and 128)"),
        ("batch_size", 256, "Batch size must be at most 128"),
        ("batch_size", 0, "Batch size must be at least 1"),
        ("lora_rank", 3, "LoRA rank must be at least 4"),
        ("lora_dropout", 0.6, "LoRA dropout must be at most 0.5"),
        ("lr_scheduler_type", "step", "Schedule must be one of constant, linear, cosine"),
        ("packing", "perhaps", "Packing must be on or off"),
        ("max_grad_norm", 0, "Maximum gradient norm must be above 0"),
    ],
)
def test_a_wrong_value_is_answered_with_a_sentence(field: str, value: Any, message: str) -> None:
    assert _message(field, value) == message


@pytest.mark.parametrize("typed", ["2e-4", "0.0002", " 2E-4 ", 2e-4])
def test_a_learning_rate_can_be_typed_in_both_notations(typed: Any) -> None:
    assert Hyperparameters(learning_rate=typed).learning_rate == 2e-4


def test_alpha_follows_the_rank_unless_given() -> None:
    assert Hyperparameters(lora_rank=64).lora_alpha == 128
    assert Hyperparameters(lora_rank=64, lora_alpha=16).lora_alpha == 16


def test_an_unknown_field_is_named() -> None:
    assert _message("learning_rat", 1) == 'There is no setting "learning_rat"'


@given(st.text() | st.floats() | st.integers() | st.none() | st.lists(st.integers()))
def test_nothing_that_is_typed_raises_anything_but_a_finding(value: Any) -> None:
    for name, _ in settings():
        messages: dict[str, str] = {}
        try:
            Hyperparameters.model_validate({name: value})
        except ValidationError as error:
            messages = field_messages(error)
        assert all(messages.values())
        assert set(messages) <= {name}


def test_every_default_is_valid_and_survives_json() -> None:
    values = Hyperparameters()
    shown = {name: described.show(getattr(values, name)) for name, described in settings()}
    assert Hyperparameters.model_validate(shown) == values
    assert Hyperparameters.model_validate_json(values.model_dump_json()) == values


def test_steps_of_the_arrow_keys() -> None:
    rate, batch, epochs = setting("learning_rate"), setting("batch_size"), setting("epochs")
    assert rate.stepped(5e-5, 1) == 1e-4
    assert rate.stepped(5e-5, -1) == 2e-5
    assert rate.stepped(3e-5, 1) == 5e-5
    assert rate.stepped(1, 1) == 1
    assert (batch.stepped(8, 1), batch.stepped(128, 1), batch.stepped(1, -1)) == (16, 128, 1)
    assert (epochs.stepped(3, 1), epochs.stepped(1, -1)) == (4, 1)


@pytest.mark.parametrize(
    ("name", "value", "warned"),
    [
        ("learning_rate", 1e-5, False),
        ("learning_rate", 9e-6, True),
        ("learning_rate", 2e-3, True),
        ("batch_size", 64, False),
        ("batch_size", 128, True),
        ("epochs", 21, True),
        ("lora_rank", 128, True),
    ],
)
def test_warnings_begin_outside_the_usual_range(name: str, value: float, warned: bool) -> None:
    assert bool(setting(name).warning(value)) is warned
