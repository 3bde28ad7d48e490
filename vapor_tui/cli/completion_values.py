"""What a shell offers for a value: choices, GPUs, models, presets, jobs, datasets."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from vapor_tui import paths
from vapor_tui.cli.settings import DATABASE_VARIABLE, database_path
from vapor_tui.domain.lifecycle import Action, Status, may_apply
from vapor_tui.domain.orders import SORTED_BY
from vapor_tui.storage import names

_MOST = 100
"""Jobs, datasets or notifications that are offered, the newest first."""


class Offer(NamedTuple):
    """What a word can become, and what that is."""

    value: str
    help: str = ""


def values(
    option: str,
    takes: str,
    command: Sequence[str],
    given: Sequence[str],
    options: Mapping[str, str],
) -> Iterator[Offer]:
    """Yield the values of an option, or of the next argument where `option` is "".

    `takes` is what the help calls the value, `given` the arguments before it, and `options` what
    was said of the database. Nothing is yielded for a file: the shell knows files best.
    """
    match option:
        case "--gpu":
            yield from _entries("gpus.toml", "gpu", "type")
        case "--model":
            yield from _entries("models.toml", "model", "id")
        case "--preset" | "--from":
            yield from _entries("presets.toml", "preset", "id")
        case "--status":
            yield from map(Offer, Status)
        case "--runner":
            yield Offer("simulator")
        case "--dataset":
            yield from _datasets(options)
        case _ if takes == "ORDER":
            for name, (first, reversed_first) in SORTED_BY.items():
                yield from (Offer(name, first), Offer(f"-{name}", reversed_first))
        case _ if "|" in takes:
            # What stands in capitals, as in spike@STEP, is for a person to fill in.
            yield from (Offer(word) for word in takes.split("|") if word == word.lower())
        case _ if takes == "DATASET":
            yield from _datasets(options)
        case _ if takes in ("ID", "ID..."):
            yield from _numbers(command, given, options)
        case "" if takes == "NAME" and command[:1] == ["presets"] and command[1:] != ["save"]:
            yield from _own_presets()


def _numbers(
    command: Sequence[str], given: Sequence[str], options: Mapping[str, str]
) -> Iterator[Offer]:
    if command[:1] == ["notifications"]:
        found = names.notifications(_database(options), paths.owner(), _MOST)
        wanted = {"read": "unread", "unread": "read"}.get(command[-1])
        found = [told for told in found if told.status == wanted]
    else:
        found = names.jobs(_database(options), paths.owner(), _MOST)
        action = _action(command)
        found = [job for job in found if action is None or may_apply(action, Status(job.status))]
    for named in found:
        if str(named.id) not in given:
            yield Offer(str(named.id), f"{named.name}, {named.status}")


def _action(command: Sequence[str]) -> Action | None:
    """Return what a command does to jobs, where not every job allows it."""
    try:
        return Action(command[-1]) if command else None
    except ValueError:
        return None


def _datasets(options: Mapping[str, str]) -> Iterator[Offer]:
    for dataset in names.datasets(_database(options), paths.owner(), _MOST):
        # A number names any dataset; a name with a space would need quotes.
        is_word = dataset.name.replace("-", "").replace("_", "").replace(".", "").isalnum()
        is_name = is_word and not dataset.name.isdigit() and not _is_option(dataset.name)
        value = dataset.name if is_name else str(dataset.id)
        yield Offer(value, f"{dataset.name}, {dataset.status}")


def _entries(file: str, table: str, key: str) -> Iterator[Offer]:
    """Yield the entries of the catalogue, a person's own after those of the program."""
    seen: set[str] = set()
    for folder in (paths.data_file(""), paths.config_directory()):
        for entry in _tables(folder / file, table):
            value = str(entry.get(key, ""))
            if value and value not in seen and not _is_option(value):
                seen.add(value)
                yield Offer(value, str(entry.get("tagline", "")))


def _own_presets() -> Iterator[Offer]:
    for entry in _tables(paths.config_directory() / "presets.toml", "preset"):
        value = str(entry.get("id", ""))
        if not _is_option(value):
            yield Offer(value, str(entry.get("name", "")))


def _is_option(value: str) -> bool:
    """Say whether a command would take a value for one of its options."""
    return value.startswith("-")


def _tables(path: Path, name: str) -> list[dict[str, object]]:
    """Return the tables of a file; none of one that is missing or wrong, as every command says."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig")).get(name, [])
    except (OSError, ValueError, RecursionError):
        return []
    return (
        [table for table in tables if isinstance(table, dict)] if isinstance(tables, list) else []
    )


def _database(options: Mapping[str, str]) -> Path:
    named = options.get("--db") or os.environ.get(DATABASE_VARIABLE)
    return database_path(named) if named else paths.default_database()
