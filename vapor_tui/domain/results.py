"""Answers of the services: what was asked for, or a sentence that says why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ok(Generic[T]):
    """It was done; `value` is what came of it."""

    value: T


@dataclass(frozen=True, slots=True)
class Refused:
    """It was not done, and nothing was changed."""

    error: str
    """What is wrong and what to do, in a sentence."""
    details: Mapping[str, str] = field(default_factory=dict)
    """A sentence for each field that is wrong."""
    is_input: bool = True
    """Whether the input is to blame, rather than the disk or another program."""


Result: TypeAlias = Ok[T] | Refused
