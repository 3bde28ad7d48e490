"""Telling the shape of a record from its keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from vapor_tui.datasets.errors import BadRecordError, describe, quote
from vapor_tui.domain.datasets import FORMAT_EXAMPLES, DatasetFormat

Record = dict[str, Any]

CHAT_KEYS = ("messages", "conversations", "conversation")
INSTRUCTION_KEYS = ("instruction",)
PROMPT_KEYS = ("prompt", "question", "query", "input", "user")
COMPLETION_KEYS = ("completion", "response", "output", "answer", "assistant")
TEXT_KEYS = ("text", "content")
INPUT_KEYS = ("input", "context")
"""Beside an instruction, and optional; Dolly calls it context."""
SYSTEM_KEYS = ("system", "system_prompt")
HISTORY_KEYS = ("history",)
"""Earlier turns beside an instruction: a list of [prompt, answer]."""

KNOWN_KEYS = frozenset(
    (
        *CHAT_KEYS,
        *INSTRUCTION_KEYS,
        *PROMPT_KEYS,
        *COMPLETION_KEYS,
        *TEXT_KEYS,
        *INPUT_KEYS,
        *SYSTEM_KEYS,
        *HISTORY_KEYS,
    )
)
"""Every key that is read, in lower case; upper case is accepted."""

KEYS_SHOWN = 6


class Layout(NamedTuple):
    """A shape and the keys under which this file has it, as the file writes them."""

    shape: DatasetFormat
    prompt: str = ""
    """The instruction, the prompt, the text or the list of turns."""
    completion: str = ""
    inputs: tuple[str, ...] = ()
    system: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    role: str = ""
    content: str = ""


def detect(record: Record) -> Layout:
    """The layout of a record; raises BadRecordError when its keys make no shape.

    Where several shapes fit, the one that says most wins: ultrachat has a prompt beside its
    messages, alpaca a text beside its instruction.
    """
    keys = {name.lower(): name for name in record}
    system = _all(keys, SYSTEM_KEYS)
    chat = _first(keys, CHAT_KEYS)
    if chat and isinstance(record[chat], list):
        return _chat_layout(chat, record[chat], system)
    instruction = _first(keys, INSTRUCTION_KEYS)
    completion = _first(keys, COMPLETION_KEYS)
    if instruction and completion:
        return Layout(
            DatasetFormat.INSTRUCTION,
            instruction,
            completion,
            inputs=_all(keys, INPUT_KEYS),
            system=system,
            history=_all(keys, HISTORY_KEYS),
        )
    prompt = _first(keys, PROMPT_KEYS)
    if prompt and completion:
        return Layout(DatasetFormat.PROMPT_COMPLETION, prompt, completion, system=system)
    text = _first(keys, TEXT_KEYS)
    if text:
        return Layout(DatasetFormat.TEXT, text)
    if chat:
        raise BadRecordError(f'"{chat}" is {describe(record[chat])}, not a list')
    raise BadRecordError(_nearly(instruction or prompt, completion) or _strange(record))


def _first(keys: dict[str, str], names: Iterable[str]) -> str:
    """The file's own name of the first of `names` it has, or nothing."""
    return next((keys[name] for name in names if name in keys), "")


def _all(keys: dict[str, str], names: Iterable[str]) -> tuple[str, ...]:
    """Names of optional keys: later records may have those the first one lacks."""
    return tuple(keys.get(name, name) for name in names)


def _chat_layout(key: str, turns: list[Any], system: tuple[str, ...]) -> Layout:
    first = turns[0] if turns else None
    if not isinstance(first, dict):
        first = {}
    if "from" in first or (key.lower() != "messages" and "role" not in first):
        return Layout(DatasetFormat.CONVERSATIONS, key, system=system, role="from", content="value")
    return Layout(DatasetFormat.MESSAGES, key, system=system, role="role", content="content")


def _nearly(prompt: str, completion: str) -> str:
    if prompt:
        missing = "output" if prompt.lower() == "instruction" else "completion"
        return f'"{missing}" is missing beside "{prompt}"'
    if completion:
        return f'"prompt" or "instruction" is missing beside "{completion}"'
    return ""


def _strange(record: Record) -> str:
    shapes = ", ".join(FORMAT_EXAMPLES.values())
    if not record:
        return f"an empty object; expected {shapes}"
    names = ", ".join(quote(name, 20) for name in list(record)[:KEYS_SHOWN])
    more = ", …" if len(record) > KEYS_SHOWN else ""
    return f"no known shape in the keys {names}{more}; expected {shapes}"
