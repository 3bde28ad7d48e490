"""`notifications`: what there is to know, marking it read, and trying out how it is told."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from vapor_tui.cli.bell import ring
from vapor_tui.cli.context import LARGEST_ID, Json, settings_of, workspace_of
from vapor_tui.cli.output import FAILED, print_json, print_line, refuse
from vapor_tui.cli.settings import preferences_of
from vapor_tui.config import Preferences
from vapor_tui.domain.formats import age
from vapor_tui.domain.notifications import Notification
from vapor_tui.domain.results import Ok, Refused
from vapor_tui.domain.text import printable
from vapor_tui.services.notifications import (
    list_notifications,
    mark_read,
    mark_these_read,
    write_test,
)
from vapor_tui.worker.deliveries import run_event_program

commands = typer.Typer()
notifications = typer.Typer(help="List notifications, newest first.", invoke_without_command=True)
commands.add_typer(notifications, name="notifications")

Ids = Annotated[list[int] | None, typer.Argument(metavar="ID...", min=1, max=LARGEST_ID)]


@notifications.callback()
def listing(
    context: typer.Context,
    unread: Annotated[bool, typer.Option("--unread", help="Only what was not read.")] = False,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, max=LARGEST_ID, help="At most so many")
    ] = 20,
    as_json: Json = False,
) -> None:
    """List notifications, newest first."""
    if context.invoked_subcommand is not None:
        return
    with workspace_of(context) as workspace:
        found = list_notifications(workspace, unread_only=unread, limit=limit)
    if as_json:
        print_json({"notifications": [note.model_dump(mode="json") for note in found]})
        return
    for note in found:
        _print(note)
    if not found:
        print_line("Nothing new" if unread else "No notifications")


@notifications.command()
def read(
    context: typer.Context,
    ids: Ids = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    as_json: Json = False,
) -> None:
    """Mark notifications as read, by the numbers that the list shows."""
    _mark(context, ids, everything, True, as_json)


@notifications.command()
def unread(
    context: typer.Context,
    ids: Ids = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    as_json: Json = False,
) -> None:
    """Mark notifications as not read."""
    _mark(context, ids, everything, False, as_json)


@notifications.command("test")
def try_out(context: typer.Context, as_json: Json = False) -> None:
    """Write a notification, ring if that is wanted, and run on_event for it."""
    preferences = preferences_of(settings_of(context)) or Preferences()
    with workspace_of(context) as workspace:
        note = write_test(workspace)
    if preferences.bell:
        ring(sys.stderr)
    document: dict[str, object] = {"notification": note.model_dump(mode="json"), "on_event": None}
    if not preferences.on_event:
        if as_json:
            print_json(document)
        else:
            print_line(f"Notification {note.id} is written. There is no on_event in config.toml")
        return
    ending = asyncio.run(run_event_program(preferences.on_event, note))
    if as_json:
        document["on_event"] = {
            "command": list(preferences.on_event),
            "exit_code": ending.exit_code,
            "reason": ending.reason,
            "stderr": ending.errors,
        }
        print_json(document)
    else:
        print_line(f"Notification {note.id} is written. on_event: {ending.sentence}")
        for line in "" if ending.is_good else ending.errors.splitlines():
            typer.echo(f"  {printable(line)}", err=True)
    if not ending.is_good:
        raise typer.Exit(FAILED)


def _mark(
    context: typer.Context, ids: list[int] | None, everything: bool, read: bool, as_json: bool
) -> None:
    if bool(ids) == everything:
        refuse(Refused("Give either the numbers of notifications or --all"), as_json=as_json)
    with workspace_of(context) as workspace:
        if ids:
            marked = mark_these_read(workspace, ids, read=read)
        else:
            marked = Ok(mark_read(workspace, read=read))
    match marked:
        case Refused() as refused:
            refuse(refused, as_json=as_json)
        case Ok(count):
            word = "read" if read else "unread"
            if as_json:
                print_json({"marked": count})
            else:
                print_line(f"Marked {count} {word}" if count else f"None of them was not {word}")


def _print(note: Notification) -> None:
    mark = " " if note.read else "*"
    simulated = " (simulated)" if note.simulated else ""
    job = "" if note.job_id is None else f"#{note.job_id} "
    told = f"{job}{note.title}: {note.message}{simulated}"
    print_line(f"{mark} {note.id:>4}  {age(note.created_at):>4}  {told}")
