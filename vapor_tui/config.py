"""A person's preferences: what config.toml may say, and how it is read."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
)

from vapor_tui import paths
from vapor_tui.domain.health.settings import HealthSettings

LONGEST = 10_000
"""Bytes of a file of preferences that is still believed to be one."""

Word = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class ConfigError(ValueError):
    """The file of preferences is wrong; the message names file, line and what to write."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class JobsPreferences(_Section):
    """How the list of jobs begins."""

    columns: tuple[Word, ...] = Field(default=(), strict=False)
    """The columns to show, in this order; those that fit when empty."""
    sort: Word = "newest"


class MonitorPreferences(_Section):
    """How a monitor begins."""

    smoothing: float = Field(default=0.6, ge=0.0, lt=1.0, strict=False)
    """Weight of what came before, as TensorBoard has it: 0 smooths nothing."""


class Preferences(_Section):
    """Everything that a person may set; each field has the default that the program starts with."""

    theme: Word | None = None
    """Name of a theme; None lets the program choose."""
    ascii: bool | None = None
    """Draw with ASCII alone; None asks the terminal's locale."""
    refresh_seconds: float = Field(default=1.0, ge=0.25, le=10.0, strict=False)
    """Time between two looks for what is new."""
    bell: bool = False
    """Ring the terminal when a notification comes."""
    on_event: tuple[Word, ...] = Field(default=(), strict=False)
    """Program and arguments to run for each notification, which it reads as JSON."""
    keys: dict[str, Word] = Field(default_factory=dict)
    """Keys by the id of what they do, as {"jobs.new": "ctrl+n"}; several with commas between."""
    jobs: JobsPreferences = JobsPreferences()
    monitor: MonitorPreferences = MonitorPreferences()
    health: HealthSettings = HealthSettings()
    """What is watched for in a run, and when it is told."""

    @field_validator("keys", mode="before")
    @classmethod
    def _joined(cls, keys: Any) -> Any:
        """Take `jobs.new = "n"`, which TOML reads as a table in a table, for "jobs.new"."""
        if not isinstance(keys, dict):
            return keys
        joined: dict[str, Any] = {}
        for name, value in keys.items():
            if isinstance(value, dict):
                joined |= {f"{name}.{inner}": key for inner, key in value.items()}
            else:
                joined[name] = value
        return joined


def load_preferences(path: Path | None = None) -> Preferences:
    """Return what the file says, the defaults where it says nothing or is not there.

    Raises ConfigError naming the file, the line and what is accepted there.
    """
    path = path or paths.config_file()
    try:
        with path.open("rb") as file:
            raw = file.read(LONGEST + 1)
    except FileNotFoundError:
        return Preferences()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    if len(raw) > LONGEST:
        raise ConfigError(f"{path} is larger than {LONGEST:,} bytes: not a file of preferences")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text") from error
    return parse_preferences(text, str(path))


def parse_preferences(text: str, file: str) -> Preferences:
    """Return the preferences of a TOML text; raises ConfigError naming `file` and the line."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file}: not valid TOML: {error}") from error
    except (RecursionError, ValueError, OverflowError) as error:
        raise ConfigError(f"{file}: nested too deeply, or a number is too large") from error
    try:
        return Preferences.model_validate(document)
    except ValidationError as error:
        finding = error.errors(include_url=False)[0]
        place = [str(part) for part in finding["loc"] if not isinstance(part, int)]
        where = f'{file}, line {_line_of(text, place)}, "{".".join(place)}"'
        raise ConfigError(f"{where}: {_sentence(finding)}") from None


def mistake(sentence: str, *place: str) -> ConfigError:
    """Return the error of a setting that only those who use it can tell is wrong."""
    path = paths.config_file()
    try:
        line = _line_of(path.read_text(encoding="utf-8-sig"), list(place))
    except (OSError, UnicodeDecodeError):
        line = 1  # it has been changed since it was read
    return ConfigError(f'{path}, line {line}, "{".".join(place)}": {sentence}')


def _sentence(finding: Any) -> str:
    if finding["type"] == "extra_forbidden":
        return "there is no such setting"
    if finding["type"] == "tuple_type":
        return 'must be a list of texts, as in ["first", "second"]'
    return str(finding["msg"]).replace("Input should be", "must be", 1)


def _line_of(text: str, place: list[str]) -> int:
    """Return the line where a setting stands, 1 when it is not found."""
    table, wanted = place[:-1], place[-1] if place else ""
    inside, header = not table, 1
    for number, line in enumerate(text.splitlines(), 1):
        if found := re.match(r"\s*\[\s*([^\[\]]+?)\s*\]", line):
            inside = found[1].split(".") == table
            header = number if inside or found[1] == wanted else header
        elif inside and re.match(rf"""\s*["']?{re.escape(wanted)}["']?\s*=""", line):
            return number
    return header
