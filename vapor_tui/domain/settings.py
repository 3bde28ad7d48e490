"""Kinds of settings: how input becomes a valid value, and the sentence that answers a wrong one."""

from __future__ import annotations

import math
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from vapor_tui.domain.formats import plain_number


def wrong(message: str) -> PydanticCustomError:
    """Return the error that pydantic reports with this very sentence."""
    return PydanticCustomError("setting", "{message}", {"message": message})


@dataclass(frozen=True, kw_only=True)
class Setting(ABC):
    """One thing a person can set: its words and rules, for form, command line and service alike.

    Stands in the `Annotated` of a pydantic field and validates that field.
    """

    label: str
    help: str = ""
    advanced: bool = False
    optional: bool = False
    """Whether nothing (None or blank text) is a valid value."""

    def parse(self, raw: object) -> Any:
        """Return the value of what was given; raises PydanticCustomError with a sentence."""
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            if self.optional:
                return None
            raise wrong(f"{self.label} is required")
        return self._parse(raw)

    @abstractmethod
    def _parse(self, raw: object) -> Any:
        """Return the value of input that is not empty."""

    @property
    def accepts(self) -> str:
        """What may be entered, in a few words."""
        return ""

    @property
    def placeholder(self) -> str:
        """What stands for the value in a line of usage."""
        return "TEXT"

    def warning(self, value: Any) -> str | None:
        """Return a sentence for a value that is valid but unusual."""
        return None

    def stepped(self, value: Any, direction: int) -> Any:
        """Return the next value up (1) or down (-1); the same value at the end."""
        return value

    def show(self, value: Any) -> str:
        """Return the value as a person would type it."""
        return "" if value is None else str(value)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.parse)


@dataclass(frozen=True, kw_only=True)
class Number(Setting):
    """A finite number within bounds."""

    low: float
    high: float = math.inf
    above_low: bool = False
    """Whether the lower bound itself is refused."""
    usual: tuple[float | None, float | None] = (None, None)
    steps: tuple[float, ...] = ()
    """The values that the arrow keys walk through."""
    too_low: str = ""
    too_high: str = ""
    _kind: ClassVar[str] = "a number"

    def _parse(self, raw: object) -> float | int:
        return self._within(self._finite(raw))

    def _finite(self, raw: object) -> float:
        try:
            if isinstance(raw, bool) or not isinstance(raw, (int, float, str)):
                raise TypeError
            value = float(raw)
        except (TypeError, ValueError, OverflowError):
            raise wrong(f"{self.label} must be {self._kind}") from None
        if not math.isfinite(value):
            raise wrong(f"{self.label} must be a finite number")
        return value

    def _within(self, value: float) -> float:
        if value < self.low or (self.above_low and value == self.low):
            bound = "above" if self.above_low else "at least"
            raise wrong(self.too_low or f"{self.label} must be {bound} {self.show(self.low)}")
        if value > self.high:
            raise wrong(self.too_high or f"{self.label} must be at most {self.show(self.high)}")
        return value

    @property
    def accepts(self) -> str:
        """The bounds, and whether the lower one is refused itself."""
        if math.isinf(self.high):
            return f"{'above' if self.above_low else 'from'} {self.show(self.low)}"
        begin = f"above {self.show(self.low)}" if self.above_low else self.show(self.low)
        return f"{begin} … {self.show(self.high)}"

    @property
    def placeholder(self) -> str:
        """What stands for any number in a line of usage."""
        return "NUMBER"

    def warning(self, value: Any) -> str | None:
        """Return a sentence for a value outside the usual bounds."""
        low, high = self.usual
        if low is not None and value < low:
            return f"Below the usual {self.show(low)}"
        if high is not None and value > high:
            return f"Above the usual {self.show(high)}"
        return None

    def stepped(self, value: Any, direction: int) -> Any:
        """Return the nearest of `steps` beyond the value, up (1) or down (-1)."""
        beyond = [s for s in self.steps if (s - value) * direction > abs(value) * 1e-9]
        if not beyond:
            return value
        return min(beyond) if direction > 0 else max(beyond)

    def show(self, value: Any) -> str:
        """Return the number with as few digits as say it exactly."""
        return "" if value is None else plain_number(value)


@dataclass(frozen=True, kw_only=True)
class Whole(Number):
    """A whole number within bounds that a float holds exactly."""

    _kind: ClassVar[str] = "a whole number"

    def _parse(self, raw: object) -> int:
        value = self._finite(raw)
        if value != int(value):
            raise wrong(f"{self.label} must be {self._kind}")
        return int(self._within(value))

    def show(self, value: Any) -> str:
        """Return the number without a decimal point."""
        return "" if value is None else str(int(value))

    def stepped(self, value: Any, direction: int) -> Any:
        """Return the next of `steps`, or of all whole numbers where there are none."""
        if self.steps:
            return int(super().stepped(value, direction))
        return int(min(max(value + direction, self.low), self.high))


@dataclass(frozen=True, kw_only=True)
class PowerOfTwo(Whole):
    """A whole number that is a power of two; a wrong one is answered with its neighbours."""

    def _parse(self, raw: object) -> int:
        value = super()._parse(raw)
        if value & (value - 1):
            above = 1 << value.bit_length()
            raise wrong(f"{self.label} must be a power of 2 (nearest: {above // 2} and {above})")
        return value

    @property
    def accepts(self) -> str:
        """The bounds, and what numbers between them are accepted."""
        return f"{super().accepts}, a power of two"

    def stepped(self, value: Any, direction: int) -> Any:
        """Return twice the value or half of it, within the bounds."""
        following = value * 2 if direction > 0 else value // 2
        return following if self.low <= following <= self.high else value


@dataclass(frozen=True, kw_only=True)
class Choice(Setting):
    """One of a few words."""

    choices: tuple[str, ...]

    def _parse(self, raw: object) -> str:
        word = str(raw).strip()
        if word not in self.choices:
            raise wrong(f"{self.label} must be one of {', '.join(self.choices)}")
        return word

    @property
    def accepts(self) -> str:
        """All of the words."""
        return ", ".join(self.choices)

    @property
    def placeholder(self) -> str:
        """All of the words, as a line of usage gives them."""
        return "|".join(self.choices)

    def stepped(self, value: Any, direction: int) -> Any:
        """Return the word after (1) or before (-1); it does not go round."""
        index = self.choices.index(value) + direction
        return self.choices[min(max(index, 0), len(self.choices) - 1)]


@dataclass(frozen=True, kw_only=True)
class Switch(Setting):
    """On or off."""

    def _parse(self, raw: object) -> bool:
        if isinstance(raw, bool):
            return raw
        word = str(raw).strip().lower()
        if word in ("on", "true", "yes", "1"):
            return True
        if word in ("off", "false", "no", "0"):
            return False
        raise wrong(f"{self.label} must be on or off")

    @property
    def accepts(self) -> str:
        """Both words."""
        return "on, off"

    @property
    def placeholder(self) -> str:
        """Both words, as a line of usage gives them."""
        return "on|off"

    def stepped(self, value: Any, direction: int) -> Any:
        """Return on for up, off for down."""
        return direction > 0

    def show(self, value: Any) -> str:
        """Return the word for the value."""
        return "on" if value else "off"


@dataclass(frozen=True, kw_only=True)
class Text(Setting):
    """Words, trimmed, within a number of characters."""

    shortest: int = 1
    longest: int = 200
    missing: str = ""
    """The sentence for no text at all."""
    pattern: str = ""
    """What the whole text has to match."""

    def parse(self, raw: object) -> Any:
        """Return the text; what is missing is named in the words of `missing`."""
        if self.missing and not str(raw or "").strip():
            raise wrong(self.missing)
        return self._parse("" if raw is None else raw)

    def _parse(self, raw: object) -> str:
        text = str(raw).strip()
        if len(text) < self.shortest:
            raise wrong(f"{self.label} must be at least {self.shortest} characters")
        if len(text) > self.longest:
            raise wrong(f"{self.label} must be at most {self.longest} characters")
        if self.pattern and not re.fullmatch(self.pattern, text, re.ASCII):
            raise wrong(f"{self.label}: {self.help}")
        return text

    @property
    def accepts(self) -> str:
        """How long the text may be."""
        return f"{self.shortest} … {self.longest} characters"
