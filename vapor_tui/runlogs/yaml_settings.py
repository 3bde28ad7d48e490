"""The top level of a YAML file, as text: the settings of axolotl and LLaMA-Factory are flat."""

from __future__ import annotations

from typing import Any


def top_level(text: str) -> dict[str, Any]:
    """Return the scalars and lists of scalars of a mapping, as text.

    Taken from the events of the parser: no object is made of what the file says, and no alias
    is followed. What comes before something that is no YAML counts.
    """
    if not text.strip():
        return {}
    import yaml

    found: dict[str, Any] = {}
    depth = 0
    key: str | None = None
    listed: list[str] | None = None
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            match event:
                case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                    depth += 1
                    is_list = isinstance(event, yaml.SequenceStartEvent)
                    listed = [] if depth == 2 and key is not None and is_list else None
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    if depth == 2 and key is not None:
                        if listed:
                            found.setdefault(key, listed)
                        key, listed = None, None
                    depth -= 1
                case yaml.ScalarEvent() if depth == 1:
                    if key is None:
                        key = event.value
                    else:
                        found.setdefault(key, event.value)
                        key = None
                case yaml.ScalarEvent() if depth == 2 and listed is not None:
                    listed.append(event.value)
                case yaml.AliasEvent() if depth == 1:
                    key = None
    except (yaml.YAMLError, RecursionError, ValueError):
        return found
    return found
