"""Checking one record of a known layout and counting its pairs, turns and tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vapor_tui.datasets.errors import BadRecordError, describe, quote
from vapor_tui.datasets.shapes import Layout, Record
from vapor_tui.datasets.tokens import Counter
from vapor_tui.domain.datasets import DatasetFormat

Measure = Callable[[Record], tuple[int, int, int]]
"""From a record to (pairs, turns, tokens); raises BadRecordError."""

_OTHER, _USER, _ASSISTANT = range(3)

ROLES = {
    "user": _USER,
    "human": _USER,
    "prompter": _USER,
    "assistant": _ASSISTANT,
    "gpt": _ASSISTANT,
    "chatgpt": _ASSISTANT,
    "bot": _ASSISTANT,
    "model": _ASSISTANT,
    "function_call": _ASSISTANT,  # the assistant's turn that calls, in ShareGPT
    "system": _OTHER,
    "developer": _OTHER,
    "tool": _OTHER,
    "function": _OTHER,
    "observation": _OTHER,
}
"""What a turn counts as. Only user and assistant make pairs."""


def measure_for(layout: Layout, count: Counter) -> Measure:
    """The measure for records of this layout; `count` gives the tokens of a string."""
    if layout.shape is DatasetFormat.TEXT:
        return _text_measure(layout, count)
    if layout.role:
        return _chat_measure(layout, count)
    return _prompt_measure(layout, count)


def _text_measure(layout: Layout, count: Counter) -> Measure:
    key = layout.prompt

    def measure(record: Record) -> tuple[int, int, int]:
        text = record.get(key)
        if type(text) is not str:
            return 1, 1, _filled(record, key, count)
        if not text or text.isspace():
            raise BadRecordError(f'"{key}" is empty')
        return 1, 1, count(text)

    return measure


def _prompt_measure(layout: Layout, count: Counter) -> Measure:
    """For {instruction, input, output} and {prompt, completion}: text on both sides, mostly."""
    prompt_key, completion_key = layout.prompt, layout.completion
    optional = (*layout.inputs, *layout.system, *layout.history)

    def measure(record: Record) -> tuple[int, int, int]:
        prompt, completion = record.get(prompt_key), record.get(completion_key)
        if type(prompt) is not str or type(completion) is not str:
            pairs, turns, tokens = _conversational(record, layout, count)
        elif not completion or completion.isspace():
            raise BadRecordError(f'"{completion_key}" is empty')
        else:
            pairs, turns, tokens = 1, 2, count(prompt) + count(completion)
        if not prompt or (type(prompt) is str and prompt.isspace()):
            _need_input(record, layout)
        for key in optional:
            if record.get(key):
                more = _extra(record, key, layout, count)
                pairs, turns, tokens = pairs + more[0], turns + more[1], tokens + more[2]
        return pairs, turns, tokens

    return measure


def _need_input(record: Record, layout: Layout) -> None:
    """An empty instruction is fine where the input holds the question."""
    for key in layout.inputs:
        value = record.get(key)
        if isinstance(value, str) and value.strip():
            return
    raise BadRecordError(f'"{layout.prompt}" is empty')


def _extra(record: Record, key: str, layout: Layout, count: Counter) -> tuple[int, int, int]:
    """What an optional key adds: an input only tokens, a system prompt a turn, history pairs."""
    value = record[key]
    if key in layout.history:
        return _history(value, key, count)
    turns = int(key in layout.system)
    if type(value) is str:
        return 0, turns, count(value)
    if type(value) is not list:
        raise BadRecordError(_wrong(record, key, "text"))
    return 0, turns, _parts(value, key, count)[0]


def _history(value: object, key: str, count: Counter) -> tuple[int, int, int]:
    tokens = 0
    if not isinstance(value, list):
        raise BadRecordError(f'"{key}" is {describe(value)}, not a list')
    for index, turn in enumerate(value):
        match turn:
            case [str() as prompt, str() as answer]:
                tokens += count(prompt) + count(answer)
            case _:
                raise BadRecordError(f"{key}[{index}] is not a list of two texts")
    return len(value), 2 * len(value), tokens


def _conversational(record: Record, layout: Layout, count: Counter) -> tuple[int, int, int]:
    """Prompt and completion given as messages or as typed parts rather than as text."""
    sides: list[Any] = [record.get(layout.prompt), record.get(layout.completion)]
    if all(_is_chat(side) for side in sides):
        return _measure_turns([*sides[0], *sides[1]], "messages", "role", "content", count)
    turns = tokens = 0
    for key, side in zip((layout.prompt, layout.completion), sides, strict=True):
        if _is_chat(side):
            for index, turn in enumerate(side):
                tokens += _turn(turn, f"{key}[{index}]", "role", "content", count)[1]
            turns += len(side)
        elif side == "" and key == layout.prompt:
            turns += 1  # the input beside it may hold the question
        else:
            tokens += _filled(record, key, count)
            turns += 1
    return 1, turns, tokens


def _is_chat(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(turn, dict) and "role" in turn for turn in value)
    )


def _chat_measure(layout: Layout, count: Counter) -> Measure:
    key, role_key, content_key, system = (layout.prompt, layout.role, layout.content, layout.system)

    def measure(record: Record) -> tuple[int, int, int]:
        turns = record.get(key)
        if type(turns) is not list:
            raise BadRecordError(_wrong(record, key, "a list"))
        pairs, length, tokens = _measure_turns(turns, key, role_key, content_key, count)
        for name in system:
            if record.get(name):
                tokens += _extra(record, name, layout, count)[2]
                length += 1
        return pairs, length, tokens

    return measure


def _measure_turns(
    turns: list[Any], key: str, role_key: str, content_key: str, count: Counter
) -> tuple[int, int, int]:
    """A pair is a user turn with an assistant turn after it; tool turns may lie between."""
    tokens = pairs = 0
    asked = False
    for index, turn in enumerate(turns):
        try:
            role, content = ROLES[turn[role_key]], turn[content_key]
            if type(content) is not str or content.isspace() or not content:
                raise TypeError
            tokens += count(content)
        except (KeyError, TypeError):
            role, found = _turn(turn, f"{key}[{index}]", role_key, content_key, count)
            tokens += found
        if role == _USER:
            asked = True
        elif role == _ASSISTANT and asked:
            pairs += 1
            asked = False
    if not pairs:
        if not turns:
            raise BadRecordError(f'"{key}" is empty')
        raise BadRecordError("no assistant turn follows a user turn")
    return pairs, len(turns), tokens


def _turn(
    turn: Any, where: str, role_key: str, content_key: str, count: Counter
) -> tuple[int, int]:
    """Role and tokens of a turn that is not simply a known role and some text."""
    if not isinstance(turn, dict):
        raise BadRecordError(f"{where} is {describe(turn)}, not an object")
    name = turn.get(role_key)
    role = ROLES.get(name.strip().lower()) if isinstance(name, str) else None
    if role is None:
        if role_key not in turn:
            raise BadRecordError(f"{where}.{role_key} is missing")
        shown = quote(name) if isinstance(name, str) else describe(name)
        raise BadRecordError(
            f"{where}.{role_key} {shown} is not one of system, user, assistant, tool"
        )
    content = turn.get(content_key)
    calls = bool(turn.get("tool_calls") or turn.get("function_call"))
    if content is None:
        if calls or (role == _OTHER and content_key in turn):
            return role, 0
        raise BadRecordError(_wrong(turn, content_key, "text", where))
    tokens, filled = _parts(content, f"{where}.{content_key}", count)
    if not filled and role != _OTHER and not calls:
        raise BadRecordError(f"{where}.{content_key} is empty")
    return role, tokens


def _filled(record: Record, key: str, count: Counter) -> int:
    """Tokens of a text or list of typed parts that may not be empty."""
    value = record.get(key)
    if type(value) is not str and type(value) is not list:
        raise BadRecordError(_wrong(record, key, "text"))
    tokens, filled = _parts(value, key, count)
    if not filled:
        raise BadRecordError(f'"{key}" is empty')
    return tokens


def _parts(content: object, where: str, count: Counter) -> tuple[int, bool]:
    """Tokens, and whether there is anything: text that is not blank, or a picture."""
    if type(content) is str:
        return count(content), bool(content) and not content.isspace()
    if not isinstance(content, list):
        raise BadRecordError(f"{where} is {describe(content)}, not text")
    tokens, filled = 0, False
    for index, part in enumerate(content):
        text = part
        if isinstance(part, dict):
            if part.get("type", "text") != "text":
                filled = True
                continue
            text = part["text"] if isinstance(part.get("text"), str) else part.get("value")
        if not isinstance(text, str):
            raise BadRecordError(f"{where}[{index}] holds no text")
        tokens += count(text)
        filled = filled or bool(text and not text.isspace())
    return tokens, filled


def _wrong(record: Record, key: str, wanted: str, where: str = "") -> str:
    name = f"{where}.{key}" if where else f'"{key}"'
    if key not in record:
        return f"{name} is missing"
    return f"{name} is {describe(record[key])}, not {wanted}"
