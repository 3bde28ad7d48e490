"""Options of run, submit and estimate, made from the one schema of a job."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import typer

from vapor_tui.domain.hyperparameters import settings
from vapor_tui.domain.jobs import JobSettings, job_setting
from vapor_tui.domain.settings import Setting

_SHORT_FLAGS = {
    "base_model": "--model",
    "gpu_type": "--gpu",
    "gpu_count": "--gpus",
    "lora_rank": "--rank",
    "lora_alpha": "--alpha",
    "lora_dropout": "--dropout",
}

ResultT = TypeVar("ResultT")


def job_options() -> dict[str, Setting]:
    """Return every field that has an option, with what describes it."""
    return {**{name: job_setting(name) for name in JobSettings.model_fields}, **dict(settings())}


def flag(name: str) -> str:
    """Return the option of a field, as "--learning-rate"."""
    return _SHORT_FLAGS.get(name, f"--{name.replace('_', '-')}")


def with_job_options(command: Callable[..., ResultT]) -> Callable[..., ResultT]:
    """Give a command an option for every field; it gets those that were used as `raw`.

    Values stay text: the schema reads them, so that every mistake is answered in its words.
    """
    fields = job_options()

    @functools.wraps(command)
    def wrapper(*args: Any, preset: str | None, **kwargs: Any) -> ResultT:
        raw = {name: kwargs.pop(name) for name in fields}
        given = {name: value for name, value in raw.items() if value is not None}
        return command(*args, raw={"preset": preset, **given}, **kwargs)

    own = inspect.signature(command, eval_str=True)
    kept = [p for p in own.parameters.values() if p.name != "raw"]
    preset = _parameter("preset", "--preset", "Values to start from; custom for none.", False)
    added = [preset, *(_field_parameter(name, described) for name, described in fields.items())]
    signature = own.replace(parameters=[*kept, *added])
    wrapper.__signature__ = signature  # type: ignore[attr-defined]
    wrapper.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}
    return wrapper


def _field_parameter(name: str, described: Setting) -> inspect.Parameter:
    accepts = f" [{described.accepts}]" if described.accepts else ""
    return _parameter(name, flag(name), f"{described.help}.{accepts}", described.advanced)


def _parameter(name: str, option: str, text: str, advanced: bool) -> inspect.Parameter:
    return inspect.Parameter(
        name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[
            str | None,
            typer.Option(
                option,
                help=text,
                metavar="TEXT",
                show_default=False,
                rich_help_panel="Advanced" if advanced else "Configuration",
            ),
        ],
    )
