"""`doctor`: what is wrong with an installation, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict

import typer

from vapor_tui.cli.context import Database, Json, settings_of
from vapor_tui.cli.output import FAILED, print_json, print_line
from vapor_tui.services.doctor import diagnose
from vapor_tui.services.findings import Finding, Level

commands = typer.Typer()

_MARKS = {Level.FINE: "ok", Level.NOTE: "note", Level.PROBLEM: "PROBLEM"}


@commands.command()
def doctor(context: typer.Context, db: Database = None, as_json: Json = False) -> None:
    """Examine the installation and the database; nothing is changed."""
    findings = diagnose(settings_of(context, db).database)
    if as_json:
        print_json({"findings": [asdict(finding) for finding in findings]})
    else:
        _print(findings)
    if any(finding.level is Level.PROBLEM for finding in findings):
        raise typer.Exit(FAILED)


def _print(findings: list[Finding]) -> None:
    for finding in findings:
        print_line(f"{_MARKS[finding.level]:<9}{finding.what:<14}{finding.found}")
        if finding.fix:
            print_line(f"{'':<23}{finding.fix}")
