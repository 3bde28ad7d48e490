"""The root command: global options, the table of commands, and what becomes of errors."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from vapor_tui import __version__
from vapor_tui.cli.context import INTERRUPTED, LARGEST_ID, Bell
from vapor_tui.cli.settings import DATABASE_VARIABLE, Settings, database_path
from vapor_tui.log import start_logging

log = logging.getLogger(__name__)

_UsageError: Any = typer.BadParameter.__base__
"""What Typer raises for wrong usage of any kind; it gives only some of them a name."""

_COMMANDS = {
    "configure": "screens",
    "run": "run",
    "submit": "plan",
    "estimate": "plan",
    "jobs": "jobs",
    "show": "jobs",
    "compare": "compare",
    "metrics": "metrics",
    "logs": "metrics",
    "pause": "control",
    "resume": "control",
    "cancel": "control",
    "retry": "control",
    "fail": "control",
    "delete": "control",
    "clone": "annotate",
    "rename": "annotate",
    "tag": "annotate",
    "note": "annotate",
    "datasets": "datasets",
    "notifications": "notifications",
    "models": "catalogue",
    "gpus": "catalogue",
    "presets": "presets",
    "attach": "attach",
    "discover": "attach",
    "worker": "worker",
    "doctor": "doctor",
}
"""Each command and the module that brings it; a module is imported when it is needed."""


class LazyGroup(TyperGroup):
    """Finds commands by the table above, so that `--version` imports none of them."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands, in the order of the help."""
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command, importing its module only now; None for one that does not exist."""
        module_name = _COMMANDS.get(cmd_name)
        if module_name is None:
            return None
        if cmd_name not in self.commands:
            module = importlib.import_module(f"vapor_tui.cli.{module_name}")
            group = typer.main.get_group(module.commands)
            self.commands.update(group.commands)
        return self.commands[cmd_name]


app = typer.Typer(
    name="vapor-tui",
    cls=LazyGroup,
    help="Plan, start and watch fine-tunes of language models from a terminal.",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vapor-tui {__version__}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    job: Annotated[
        int | None,
        typer.Option("--job", metavar="ID", max=LARGEST_ID, help="Open this job's monitor."),
    ] = None,
    db: Annotated[
        Path | None,
        typer.Option(
            "--db",
            envvar=DATABASE_VARIABLE,
            metavar="PATH",
            help="The database file.",
            parser=database_path,
        ),
    ] = None,
    speed: Annotated[
        str | None,
        typer.Option(
            "--speed",
            metavar="auto|max|NUMBER",
            help="Speed of simulated time, whatever is stored with the jobs.",
        ),
    ] = None,
    no_worker: Annotated[
        bool, typer.Option("--no-worker", help="Only watch: start no jobs from this app.")
    ] = False,
    bell: Bell = False,
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_print_version, help="Print it."),
    ] = False,
) -> None:
    """Without a command, open the app."""
    if speed is not None:
        _check_speed(speed)
    context.obj = Settings(database=db, speed=speed, runs_worker=not no_worker, rings=bell)
    if context.invoked_subcommand is None:
        from vapor_tui.cli.opening import open_app

        raise typer.Exit(open_app(context.obj, job_id=job))
    if job is not None:
        raise typer.BadParameter("--job opens the app and goes without a command")


def _check_speed(speed: str) -> None:
    from vapor_tui.simulation import Pace

    try:
        Pace.parse(speed)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--speed") from None


def run(arguments: Sequence[str]) -> int:
    """Run the program and return its exit code; no error reaches the caller as an exception."""
    start_logging()
    as_json = "--json" in arguments
    try:
        # What is wrong with the usage is raised here for a document, and else printed by Typer.
        code = app(list(arguments), prog_name="vapor-tui", standalone_mode=not as_json)
    except _UsageError as error:
        return _usage_exit(error.format_message(), error.exit_code)
    except typer.Abort:
        return _usage_exit("Aborted", 1)
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(bool(leaving.code))
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - it is told and logged
        return exit_code_of(error, as_json=as_json)
    return code or 0


def _usage_exit(sentence: str, code: int) -> int:
    """Print why nothing was done as a JSON document; return the exit code."""
    from vapor_tui.cli.output import print_json

    print_json({"error": sentence, "details": {}})
    return code


def exit_code_of(error: Exception | KeyboardInterrupt, *, as_json: bool = False) -> int:
    """Say what a person has to know of an error that ends the program; return the exit code."""
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    from vapor_tui.cli.output import expected_exit, unexpected_exit

    code = expected_exit(error, as_json=as_json)
    if code is None:
        log.error("unexpected error", exc_info=error)
        code = unexpected_exit(error, as_json=as_json)
    return code
