"""A person's own presets: saved, renamed and deleted in presets.toml."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from vapor_tui import paths
from vapor_tui.domain import preset_text
from vapor_tui.domain.catalogue import (
    PRESET_FIELDS,
    CatalogueError,
    Preset,
    nearest,
    parse_entries,
    preset_id_of,
    preset_name_problem,
)
from vapor_tui.domain.hyperparameters import Hyperparameters, field_messages
from vapor_tui.domain.results import Ok, Refused, Result
from vapor_tui.domain.text import storable
from vapor_tui.services.catalogue import load_catalogue, shipped_presets
from vapor_tui.services.own_files import edit_own_file

_BEGIN = """\
# Your own presets: each appears as a card beside those of the program, and after --preset.
# Numbers and names can be changed here; what is not valid is named when the program starts.
"""


class _TakenError(ValueError):
    """The id belongs to another preset."""


def save_preset(
    name: str, values: Mapping[str, Any], *, tagline: str = "", replaces: bool = False
) -> Result[Preset]:
    """Keep values under a name; the file is changed in this one entry.

    A preset of one's own is replaced only where `replaces` says so, one of the program never.
    """
    problem = preset_name_problem(name, (preset.id for preset in shipped_presets()))
    if problem is not None:
        return Refused(problem, {"name": problem})
    wanted = {field: values[field] for field in PRESET_FIELDS if field in values}
    try:
        valid = Hyperparameters.model_validate(wanted)
    except ValidationError as error:
        details = field_messages(error)
        return Refused(next(iter(details.values())), details)
    preset = Preset(
        id=preset_id_of(name),
        name=storable(name.strip()),
        tagline=storable(tagline.strip()),
        **{field: getattr(valid, field) for field in PRESET_FIELDS},
    )

    def change(text: str, file: str) -> str:
        if preset.id not in _ids(text, file):
            return preset_text.added(text, preset, file)
        if not replaces:
            raise _taken(preset.id)
        said = {"tagline": preset.tagline} if preset.tagline else {}
        new = {"name": preset.name, **preset.values, **said}
        return preset_text.changed(text, preset.id, new, file)

    return _done(change, preset.id)


def rename_preset(reference: str, name: str) -> Result[Preset]:
    """Give a preset of one's own another name, and with it another id."""
    old = _own(reference)
    if isinstance(old, Refused):
        return old
    problem = preset_name_problem(name, (preset.id for preset in shipped_presets()))
    if problem is not None:
        return Refused(problem, {"name": problem})
    new = preset_id_of(name)

    def change(text: str, file: str) -> str:
        if new != old.value.id and new in _ids(text, file):
            raise _taken(new)
        values = {"id": new, "name": storable(name.strip())}
        return preset_text.changed(text, old.value.id, values, file)

    return _done(change, new)


def delete_preset(reference: str) -> Result[Preset]:
    """Remove a preset of one's own from the file; jobs made from it keep their values."""
    old = _own(reference)
    if isinstance(old, Refused):
        return old

    def change(text: str, file: str) -> str:
        while old.value.id in _ids(text, file):
            text = preset_text.removed(text, old.value.id, file)
        return text

    refused = _edit(change)
    return refused or old


def _own(reference: str) -> Result[Preset]:
    """Return the preset of one's own with that id or name."""
    try:
        catalogue = load_catalogue()
    except CatalogueError as error:
        return Refused(str(error))
    preset = catalogue.preset(reference) or catalogue.preset(preset_id_of(reference))
    if preset is not None and preset.id in catalogue.own_presets:
        return Ok(preset)
    if preset is not None:
        return Refused(
            f'The preset "{preset.id}" comes with the program; only your own can be changed'
        )
    hint = nearest(reference, catalogue.own_presets)
    return Refused(f'There is no preset "{reference}" of yours.{hint}')


def _done(change: Callable[[str, str], str], preset_id: str) -> Result[Preset]:
    """Make a change and return the entry as the file has it afterwards."""
    refused = _edit(change)
    return refused or _own(preset_id)


def _edit(change: Callable[[str, str], str]) -> Refused | None:
    """Change the text of the file, which is given its own path to name in messages."""
    path = _file()
    try:
        edit_own_file(path, lambda text: change(text, str(path)), _BEGIN)
    except _TakenError as error:
        return Refused(str(error), {"name": str(error)})
    except CatalogueError as error:
        return Refused(str(error))
    except preset_text.EditError:
        return Refused(
            f"{path} is written in a way that cannot be changed from here; nothing was changed. "
            "Change it in an editor"
        )
    except UnicodeDecodeError:
        return Refused(f"{path} is not UTF-8 text; nothing was changed")
    except OSError as error:
        return Refused(f"{path} cannot be written: {error.strerror}", is_input=False)
    return None


def _taken(preset_id: str) -> _TakenError:
    return _TakenError(
        f'There is a preset "{preset_id}" of yours already: replace it or choose another name'
    )


def _ids(text: str, file: str) -> set[str]:
    return {preset.id for preset in parse_entries(Preset, text, file)}


def _file() -> Path:
    return paths.config_directory() / "presets.toml"
