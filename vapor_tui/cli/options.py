"""Options of commands, made from the one schema of a job."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

import typer

from vapor_tui.domain.catalogue import PRESET_FIELDS
from vapor_tui.domain.command_line import flag
from vapor_tui.domain.hyperparameters import setting, settings
from vapor_tui.domain.job_drafts import (
    JobSettings,
    job_setting,
)
from vapor_tui.domain.settings import Setting
from vapor_tui.simulation.settings import SIMULATION_SETTINGS

ResultT = TypeVar("ResultT")


def job_options() -> dict[str, Setting]:
    """Return every field that has an option, with what describes it."""
    return {**{name: job_setting(name) for name in JobSettings.model_fields}, **dict(settings())}


def with_job_options(command: Callable[..., ResultT]) -> Callable[..., ResultT]:
    """Give a command an option for every field of a job and one for the preset.

    It gets those that were used as `raw`. Values stay text: the schema reads them, so that every
    mistake is answered in its words.
    """
    text = "Values to start from, as `vapor-tui presets` lists them; custom for none."
    preset = _parameter("preset", "--preset", text, "NAME", False)
    fields = [_field_parameter(name, described) for name, described in job_options().items()]
    return _with_raw(command, [preset, *fields])


def with_preset_options(command: Callable[..., ResultT]) -> Callable[..., ResultT]:
    """Give a command an option for every field of a preset; it gets the used ones as `raw`."""
    return _with_raw(command, [_field_parameter(name, setting(name)) for name in PRESET_FIELDS])


def simulation_option(name: str) -> Any:
    """Return the option of a field of the simulation."""
    described = SIMULATION_SETTINGS[name]
    return typer.Option(
        flag(name), metavar=described.placeholder, help=_help(described), show_default=False
    )


def _with_raw(
    command: Callable[..., ResultT], added: Sequence[inspect.Parameter]
) -> Callable[..., ResultT]:
    @functools.wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> ResultT:
        values = {parameter.name: kwargs.pop(parameter.name) for parameter in added}
        given = {name: value for name, value in values.items() if value is not None}
        return command(*args, raw=given, **kwargs)

    own = inspect.signature(command, eval_str=True)
    kept = [p for p in own.parameters.values() if p.name != "raw"]
    signature = own.replace(parameters=[*kept, *added])
    wrapper.__signature__ = signature  # type: ignore[attr-defined]
    wrapper.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}
    return wrapper


def _field_parameter(name: str, described: Setting) -> inspect.Parameter:
    return _parameter(name, flag(name), _help(described), described.placeholder, described.advanced)


def _help(described: Setting) -> str:
    # Choices that stand as the value's placeholder need not stand in the text again.
    says_all = "|" in described.placeholder or not described.accepts
    return f"{described.help}." if says_all else f"{described.help}. [{described.accepts}]"


def _parameter(
    name: str, option: str, text: str, placeholder: str, advanced: bool
) -> inspect.Parameter:
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[
            str | None,
            typer.Option(
                option,
                help=text,
                metavar=placeholder,
                show_default=False,
                rich_help_panel="Advanced" if advanced else "Configuration",
            ),
        ],
    )
