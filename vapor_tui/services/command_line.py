"""The command that does what a configuration on the screen would do."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from vapor_tui import paths
from vapor_tui.domain.command_line import PROGRAM, flag
from vapor_tui.domain.datasets import Dataset
from vapor_tui.domain.hyperparameters import setting
from vapor_tui.domain.job_drafts import (
    JobSettings,
    job_setting,
)
from vapor_tui.domain.results import Ok, Refused, Result
from vapor_tui.domain.settings import Setting
from vapor_tui.domain.text import printable
from vapor_tui.services.jobs import Simulation
from vapor_tui.services.plans import plan_job
from vapor_tui.services.workspace import Workspace


def submit_command(
    workspace: Workspace,
    raw: Mapping[str, Any],
    dataset: Dataset,
    simulation: Simulation | None = None,
) -> Result[str]:
    """Return the line that submits the same job, naming only what is not as it would be anyway.

    Refused where the configuration is not valid.
    """
    wanted = _values(workspace, raw, dataset)
    if isinstance(wanted, Refused):
        return wanted
    given: dict[str, Any] = {"preset": raw.get("preset")}
    words = [PROGRAM, "submit", str(dataset.id)]
    if given["preset"] not in (None, workspace.catalogue.default_preset.id):
        words += _option("preset", str(given["preset"]))
    for name, value in wanted.value.items():
        if name == "name" and raw.get(name) is None:
            continue  # it is proposed by what is chosen, there as here
        # One after the other: what is given may bring others along, as the rank does alpha.
        present = _values(workspace, given, dataset)
        if isinstance(present, Ok) and present.value[name] == value:
            continue
        given[name] = _exact(_described(name), value)
        words += _option(name, given[name])
    words += _simulation_options(simulation or Simulation())
    if workspace.database.path != paths.default_database():
        words += _option("db", str(workspace.database.path.absolute()))
    return Ok(printable(shlex.join(words)))


def _values(
    workspace: Workspace, raw: Mapping[str, Any], dataset: Dataset
) -> Result[dict[str, Any]]:
    """Return every field that a configuration comes to."""
    match plan_job(workspace, raw, dataset):
        case Refused() as refused:
            return refused
        case Ok(plan):
            draft = plan.draft
            return Ok({**dict(draft.settings), **dict(draft.hyperparameters)})


def _described(name: str) -> Setting:
    return job_setting(name) if name in JobSettings.model_fields else setting(name)


def _exact(described: Setting, value: Any) -> str:
    """Return a text that is read as this very value."""
    text = described.show(value)
    return text if described.parse(text) == value else str(value)


def _simulation_options(simulation: Simulation) -> list[str]:
    words = []
    for field in fields(Simulation):
        value = getattr(simulation, field.name)
        if value != field.default and value is not None:
            words += _option(field.name, str(value))
    return words


def _option(name: str, value: str) -> list[str]:
    """Return an option and its value, in one word where the value looks like an option."""
    return [f"{flag(name)}={value}"] if value.startswith("-") else [flag(name), value]
