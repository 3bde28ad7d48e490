"""The global options, and the workspace that they open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vapor_tui.cli.settings import Settings, database_path
from vapor_tui.domain.job_pages import MAXIMUM_LIMIT

if TYPE_CHECKING:
    from vapor_tui.services.workspace import Workspace

Database = Annotated[
    Path | None,
    # Whether it can be read is said by what opens it, with what to do.
    typer.Option(
        "--db",
        metavar="PATH",
        help="The database file.",
        show_default=False,
        parser=database_path,
    ),
]
Speed = Annotated[
    str | None,
    typer.Option(
        "--speed",
        metavar="auto|max|NUMBER",
        help="Speed of simulated time: 1 is real time, max does not wait.",
        show_default=False,
    ),
]
Bell = Annotated[
    bool,
    typer.Option("--bell", help="Ring the terminal when a notification comes."),
]
INTERRUPTED = 130
"""The exit code of what a person interrupted."""
LARGEST_ID = 2**63 - 1
"""What SQLite can count to."""
LARGEST_PAGE = 10**9

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
PageNumber = Annotated[
    int, typer.Option("--page", metavar="N", min=1, max=LARGEST_PAGE, help="Which page of them")
]
PageLimit = Annotated[
    int, typer.Option("--limit", metavar="N", min=1, max=MAXIMUM_LIMIT, help="How many on a page")
]


def settings_of(
    context: typer.Context,
    database: Path | None = None,
    speed: str | None = None,
    *,
    rings: bool = False,
) -> Settings:
    """Return the global options of a command."""
    given: Settings = context.obj
    return given.overridden(database, speed, rings=rings)


@contextmanager
def workspace_of(context: typer.Context, database: Path | None = None) -> Iterator[Workspace]:
    """Open the workspace for a command and close it afterwards."""
    from vapor_tui.services.workspace import open_workspace

    workspace = open_workspace(settings_of(context, database).database)
    try:
        yield workspace
    finally:
        workspace.close()
