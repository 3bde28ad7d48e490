"""A person's own keys: whether they can be had, and what Textual has to be told."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from textual.app import App
from textual.binding import Binding, BindingsMap
from textual.dom import DOMNode
from textual.keys import KEY_NAME_REPLACEMENTS, Keys, key_to_character
from textual.screen import Screen

from vapor_tui.config import mistake

Place: TypeAlias = Mapping[str, list[Binding]]
"""What each key can mean where it is pressed."""

_MODIFIERS = ("ctrl", "alt", "shift", "super", "hyper", "meta")
_NAMED = frozenset(key.value for key in Keys) | frozenset(KEY_NAME_REPLACEMENTS.values())


@dataclass(frozen=True, slots=True)
class Keymap:
    """Keys by the ids of their bindings, as `App.set_keymap` takes them."""

    keys: Mapping[str, str]
    clashes: Sequence[str] = ()
    """A sentence's end for each key that means two things only since it was changed."""


def check_keys(wanted: Mapping[str, str]) -> None:
    """Raise ConfigError for what is no key, and for an id that no binding has.

    Screens are imported, which is slow, only where an id is not one of those imported already.
    """
    for name, keys in wanted.items():
        for key in keys.split(","):
            if not is_key(key.strip()):
                raise mistake(f'"{key.strip()}" is no key like "x", "f5" or "ctrl+n"', "keys", name)
    if not _known_ids().issuperset(wanted):
        import_screens()
    known = _known_ids()
    for name in wanted:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise mistake(f"nothing that has a key is called so{hint}", "keys", name)


def keymap(wanted: Mapping[str, str]) -> Keymap:
    """Return the keymap for what a person wants, by the screens that are imported so far."""
    places = _places()
    keys = {**_neighbours(wanted, places), **wanted}
    return Keymap(keys, _clashes(keys, places))


def import_screens() -> None:
    """Import every screen and widget, so that all bindings are known."""
    for package in ("screens", "widgets"):
        path = importlib.import_module(f"vapor_tui.ui.{package}").__path__
        for module in pkgutil.iter_modules(path):
            importlib.import_module(f"vapor_tui.ui.{package}.{module.name}")


def is_key(name: str) -> bool:
    """Say whether Textual knows a key of this name: "n", "?", "f5", "ctrl+n", "slash"."""
    if len(name) == 1:
        return name.isprintable()
    *modifiers, key = name.split("+")
    if not all(modifier in _MODIFIERS for modifier in modifiers):
        return False
    return key in _NAMED or (bool(key) and key_to_character(key) is not None)


def _clashes(keys: Mapping[str, str], places: Iterable[Place]) -> list[str]:
    found: dict[str, None] = {}
    for place in places:
        changed: dict[str, set[str]] = {}
        for key, bindings in place.items():
            for binding in bindings:
                wanted = keys.get(binding.id or "")
                for new in _split(wanted) if wanted else [key]:
                    changed.setdefault(new, set()).add(binding.id or binding.action)
        for key, ids in changed.items():
            usual = {binding.id or binding.action for binding in place.get(key, ())}
            if len(ids) > 1 and not ids <= usual:
                found[f"{key}: {' and '.join(sorted(ids))}"] = None
    return list(found)


def _neighbours(wanted: Mapping[str, str], places: Iterable[Place]) -> dict[str, str]:
    """Return the present keys of what shares a key with something that is changed.

    Textual takes the old key away from all that it means, not only from what gets another.
    """
    kept: dict[str, str] = {}
    for place in places:
        for bindings in place.values():
            ids = {binding.id for binding in bindings if binding.id}
            if ids.isdisjoint(wanted):
                continue
            for name in ids.difference(wanted):
                kept[name] = ",".join(
                    key for key, found in place.items() if name in {b.id for b in found}
                )
    return kept


def _places() -> list[Place]:
    """Return what the keys mean on each of our screens and in each of our widgets."""
    kinds = [kind for kind in _below(DOMNode) if kind.__module__.startswith("vapor_tui.")]
    everywhere = [_own_place(kind) for kind in kinds if issubclass(kind, App)]
    places: list[Place] = []
    for kind in kinds:
        place = _own_place(kind)
        for beneath in everywhere if issubclass(kind, Screen) else ():
            for key, bindings in beneath.items():
                place[key] = [*place.get(key, ()), *bindings]
        places.append(place)
    return places


def _own_place(kind: type[DOMNode]) -> dict[str, list[Binding]]:
    """Return a class's keys as they are inherited: those of a subclass replace the same ones."""
    merged: dict[str, list[Binding]] = {}
    for base in reversed(kind.__mro__):
        merged.update(BindingsMap(base.__dict__.get("BINDINGS", ())).key_to_bindings)
    return merged


def _below(kind: type[DOMNode]) -> list[type[DOMNode]]:
    return [found for below in kind.__subclasses__() for found in (below, *_below(below))]


def _known_ids() -> set[str]:
    return {
        binding.id
        for place in _places()
        for bindings in place.values()
        for binding in bindings
        if binding.id
    }


def _split(keys: str) -> list[str]:
    """Return keys by their full names: "?" is "question_mark"."""
    return list(BindingsMap([Binding(keys, "")]).key_to_bindings)
