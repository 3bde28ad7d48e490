"""`models` and `gpus`: what can be chosen."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from typing import Annotated

import typer

from vapor_tui.cli.context import Json
from vapor_tui.cli.output import print_json, print_line, print_table, refuse
from vapor_tui.domain.results import Refused
from vapor_tui.services.catalogue import load_catalogue
from vapor_tui.services.own_files import own_gpus_file

commands = typer.Typer()


@commands.command()
def models(
    query: Annotated[str, typer.Argument(help="Words of name, family, size or purpose.")] = "",
    as_json: Json = False,
) -> None:
    """List the base models of the catalogue."""
    found = load_catalogue().search_models(query)
    if as_json:
        print_json({"models": [model.model_dump(mode="json") for model in found]})
    elif not found:
        print_line(f'No model of the catalogue matches "{query}"; any Hugging Face id can be used')
    else:
        print_table(
            ("id", "size", "family", "licence", "for"),
            [
                (model.id, model.summary, model.family, model.licence, model.tagline)
                for model in found
            ],
        )


@commands.command()
def gpus(
    edit: Annotated[
        bool, typer.Option("--edit", help="Open your own file of GPUs and prices in an editor.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the GPUs that can be planned with, where their prices are from, and of when."""
    if edit:
        _edit_own_gpus()
    found = load_catalogue().gpus
    if as_json:
        print_json({"gpus": [gpu.model_dump(mode="json") for gpu in found]})
        return
    print_table(
        ("type", "$/h", "tok/s", "memory", "price from", "says"),
        [
            (
                gpu.type,
                f"{gpu.price:.2f}",
                f"{gpu.tokens_per_second:,.0f}{' derived' if gpu.derived else ''}",
                f"{gpu.memory_gb:g} GB",
                f"{gpu.source} {gpu.date}",
                gpu.tagline,
            )
            for gpu in found
        ],
    )


def _edit_own_gpus() -> None:
    """Let the person edit their file of GPUs; a mistake in it is named afterwards."""
    usual = "notepad" if sys.platform == "win32" else "vi"
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or usual
    try:
        file = own_gpus_file()
        finished = subprocess.run([*_words(editor), str(file)], check=False)
    except (OSError, ValueError) as error:
        refuse(
            Refused(
                f'The editor "{editor}" could not be started: {error}. '
                "Set EDITOR to one that is installed",
                is_input=False,
            )
        )
    if finished.returncode:
        refuse(Refused(f'The editor "{editor}" ended with {finished.returncode}', is_input=False))


def _words(command: str) -> list[str]:
    """Return the program and the arguments of a command line; raises ValueError for an open quote.

    On Windows a backslash parts folders, and escapes nothing.
    """
    if sys.platform == "win32":
        return [word.strip('"') for word in shlex.split(command, posix=False)]
    return shlex.split(command)
