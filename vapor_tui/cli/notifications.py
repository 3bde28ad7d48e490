"""`notifications`: what there is to know."""

from __future__ import annotations

from typing import Annotated

import typer

from vapor_tui.cli.context import Json, workspace_of
from vapor_tui.cli.output import print_json, print_line
from vapor_tui.domain.formats import age
from vapor_tui.services.notifications import list_notifications, mark_read

commands = typer.Typer()


@commands.command()
def notifications(
    context: typer.Context,
    unread: Annotated[bool, typer.Option("--unread", help="Only what was not read.")] = False,
    marks: Annotated[
        bool, typer.Option("--mark-read", help="Mark all of them read afterwards.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1)] = 20,
    as_json: Json = False,
) -> None:
    """List notifications, newest first."""
    with workspace_of(context) as workspace:
        found = list_notifications(workspace, unread_only=unread, limit=limit)
        if marks:
            mark_read(workspace)
    if as_json:
        print_json({"notifications": [note.model_dump(mode="json") for note in found]})
        return
    for note in found:
        mark = " " if note.read else "*"
        print_line(f"{mark} {age(note.created_at):>4}  {note.title}: {note.message}")
    if not found:
        print_line("Nothing new" if unread else "No notifications")
