"""`doctor`: what is wrong with an installation, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import typer

from vapor_tui import paths
from vapor_tui.cli.context import Database, Json, settings_of
from vapor_tui.cli.output import FAILED, print_json, print_line
from vapor_tui.domain.results import Refused
from vapor_tui.services.doctor import diagnose
from vapor_tui.services.findings import Finding, Level

commands = typer.Typer()

_MARKS = {Level.FINE: "ok", Level.NOTE: "note", Level.PROBLEM: "PROBLEM"}


@commands.command()
def doctor(context: typer.Context, db: Database = None, as_json: Json = False) -> None:
    """Examine the installation and the database; nothing is changed."""
    findings = [*diagnose(settings_of(context, db).database), _preferences()]
    if as_json:
        print_json({"findings": [asdict(finding) for finding in findings]})
    else:
        _print(findings)
    if any(finding.level is Level.PROBLEM for finding in findings):
        raise typer.Exit(FAILED)


def _preferences() -> Finding:
    """Look for mistakes in them, and for themes, keys and columns that the app does not have."""
    from vapor_tui.config import ConfigError, load_preferences
    from vapor_tui.domain.job_pages import parse_sort
    from vapor_tui.ui.app import create_app
    from vapor_tui.ui.backend import Backend
    from vapor_tui.ui.job_layout import check_columns

    file = paths.config_file()
    found = str(file) if file.exists() else f"the defaults; your own go into {file}"
    problem = ""
    clashes: Sequence[str] = ()
    try:
        preferences = load_preferences()
        create_app(Backend(), preferences=preferences)  # it raises, and is never run
    except ConfigError as error:
        problem = str(error)
    else:
        listed = preferences.jobs
        for answer in (check_columns(listed.columns), parse_sort(listed.sort)):
            if isinstance(answer, Refused):
                problem = f"{file}, jobs: {answer.error}"
        clashes = _clashes(preferences.keys)
    if problem:
        return Finding(Level.PROBLEM, "preferences", problem, "Correct that line of the file")
    if clashes:
        told = f"{file}, keys: two meanings of {'; '.join(clashes)}"
        return Finding(Level.NOTE, "preferences", told, "Give one of the two another key")
    return Finding(Level.FINE, "preferences", found)


def _clashes(wanted: Mapping[str, str]) -> Sequence[str]:
    """Return the keys that mean two things on one screen since they were changed."""
    if not wanted:
        return ()
    from vapor_tui.ui.keymap import import_screens, keymap

    import_screens()
    return keymap(wanted).clashes


def _print(findings: list[Finding]) -> None:
    for finding in findings:
        print_line(f"{_MARKS[finding.level]:<9}{finding.what:<14}{finding.found}")
        if finding.fix:
            print_line(f"{'':<23}{finding.fix}")
