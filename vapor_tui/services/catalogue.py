"""Loads the shipped catalogue and a person's own entries over it."""

from __future__ import annotations

from pathlib import Path

from vapor_tui import paths
from vapor_tui.domain.catalogue import (
    CUSTOM,
    Catalogue,
    CatalogueError,
    EntryT,
    Gpu,
    Model,
    Preset,
    parse_entries,
)


def load_catalogue(config_directory: Path | None = None) -> Catalogue:
    """Return all GPUs, models and presets; raises CatalogueError naming file and line."""
    own = config_directory or paths.config_directory()
    theirs = _read(own)
    catalogue = _read(paths.data_file("")).extended(theirs)
    if any(preset.id == CUSTOM for preset in catalogue.presets):
        raise CatalogueError(f'{own / "presets.toml"}: the preset id "{CUSTOM}" is taken')
    kept = frozenset(preset.id for preset in theirs.presets)
    return catalogue.model_copy(update={"own_presets": kept})


def shipped_presets() -> tuple[Preset, ...]:
    """Return the presets that come with the program."""
    return _entries(Preset, paths.data_file("presets.toml"))


def _read(directory: Path) -> Catalogue:
    return Catalogue(
        gpus=_entries(Gpu, directory / "gpus.toml"),
        models=_entries(Model, directory / "models.toml"),
        presets=_entries(Preset, directory / "presets.toml"),
    )


def _entries(kind: type[EntryT], path: Path) -> tuple[EntryT, ...]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogueError(f"{path} cannot be read: {error}") from error
    return parse_entries(kind, text, str(path))
