"""What a person writes on a job for themselves: its name, tags and a note."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import ValidationError

from vapor_tui.domain.hyperparameters import field_messages
from vapor_tui.domain.job_drafts import JobSettings
from vapor_tui.domain.results import Ok, Refused, Result
from vapor_tui.domain.text import storable

MOST_TAGS = 20
LONGEST_TAG = 40
LONGEST_NOTE = 10_000
SEPARATOR = ","


def check_tags(texts: Iterable[str]) -> Result[tuple[str, ...]]:
    """Return the tags of texts that hold one or, between commas, several.

    Spaces around and between words are evened out; a tag that differs from one before it in
    case only is the same tag.
    """
    tags: dict[str, str] = {}
    for text in texts:
        for part in storable(text).split(SEPARATOR):
            if tag := " ".join(part.split()):
                tags.setdefault(tag.casefold(), tag)
    if any(len(tag) > LONGEST_TAG for tag in tags.values()):
        return _refused(f"A tag must be at most {LONGEST_TAG} characters", "tags")
    if len(tags) > MOST_TAGS:
        return _refused(f"At most {MOST_TAGS} tags on a job", "tags")
    return Ok(tuple(tags.values()))


def without(tags: Iterable[str], removed: Iterable[str]) -> list[str]:
    """Return the tags that are not among those to remove, whatever their case."""
    gone = {tag.casefold() for tag in removed}
    return [tag for tag in tags if tag.casefold() not in gone]


def check_note(text: str) -> Result[str]:
    """Return a note as it is stored: without blank lines and spaces at its ends."""
    note = storable(text.replace("\r\n", "\n")).strip()
    if len(note) > LONGEST_NOTE:
        sentence = f"A note must be at most {LONGEST_NOTE:,} characters; this has {len(note):,}"
        return _refused(sentence, "note")
    return Ok(note)


def check_name(text: str) -> Result[str]:
    """Return a name as it is stored: without spaces at its ends."""
    name = storable(text).strip()
    try:
        JobSettings(name=name, base_model="any")
    except ValidationError as error:
        return _refused(next(iter(field_messages(error).values())), "name")
    return Ok(name)


def _refused(sentence: str, field: str) -> Refused:
    return Refused(sentence, {field: sentence})
