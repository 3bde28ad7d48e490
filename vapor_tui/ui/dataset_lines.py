"""All that is known of a dataset, as lines: figures, lengths, errors, and its first records."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

from pydantic import JsonValue

from vapor_tui.datasets.tokens import ESTIMATE
from vapor_tui.domain.datasets import (
    Dataset,
    DatasetFormat,
    DatasetStatistics,
    LineError,
    TokenBin,
)
from vapor_tui.domain.formats import ABSENT, age, count, file_size
from vapor_tui.domain.text import printable
from vapor_tui.ui.dataset_rows import badge, format_word
from vapor_tui.ui.glyphs import BAR, BAR_END
from vapor_tui.ui.widgets.lines import Line
from vapor_tui.ui.wrapping import folded

_LABEL = 12
_INDENT = "  "
_SAMPLE_LINES = 12
"""Of one message of a sample: enough to see what it is about."""

_ROLES = {
    "user": "status-running",
    "human": "status-running",
    "prompt": "status-running",
    "instruction": "status-running",
    "assistant": "status-completed",
    "gpt": "status-completed",
    "model": "status-completed",
    "completion": "status-completed",
    "output": "status-completed",
    "system": "status-queued",
    "tool": "status-paused",
}
"""The colour of who speaks; the word stands beside it."""
_ROLE_KEYS = ("role", "from")
_CONTENT_KEYS = ("content", "value")
_TURN_KEYS = {DatasetFormat.MESSAGES: "messages", DatasetFormat.CONVERSATIONS: "conversations"}


def detail_lines(
    dataset: Dataset, width: int, now: datetime, share: float | None = None
) -> list[Line]:
    """Return what is known of a dataset, in lines of at most this width.

    `share` says how much of its file is read, while it is.
    """
    head: Line = (
        *badge(dataset, share),
        (f"   {format_word(dataset)}", "dim"),
    )
    lines: list[Line] = [((part, "bold foreground"),) for part in wrapped(dataset.name, width)]
    lines.append(head)
    if dataset.reason:
        lines += [((part, "status-failed"),) for part in wrapped(dataset.reason, width)]
    errors = list(_error_lines(dataset.validation_errors, dataset.statistics, width))
    if not dataset.training_ready:
        lines += errors
    if not dataset.is_being_read and not dataset.was_interrupted:
        lines += [(), *_figures(dataset)]
    if dataset.statistics is not None and dataset.statistics.token_histogram:
        lines += [(), _heading("Tokens per record")]
        lines += histogram_lines(dataset.statistics.token_histogram, width)
    if dataset.training_ready:
        lines += errors
    lines += [(), _heading("File"), *_file_lines(dataset, width, now)]
    if dataset.sample_data:
        lines += [(), *_sample_lines(dataset, width)]
    return lines


def histogram_lines(bins: Sequence[TokenBin], width: int) -> list[Line]:
    """Return a bar for each bin, the longest as wide as there is room for."""
    labels = [f"{count(found.at_least)}–{count(found.at_most)}" for found in bins]
    numbers = [count(found.records) for found in bins]
    left, right = max(map(len, labels)), max(map(len, numbers))
    room = max(width - left - right - 2, 1)
    most = max(*(found.records for found in bins), 1)
    lines: list[Line] = []
    for label, number, found in zip(labels, numbers, bins, strict=True):
        halves = found.records * room * 2 // most
        drawn = BAR * (halves // 2) + BAR_END * (halves % 2)
        # The rarest is seen too.
        drawn = drawn or (BAR_END if found.records else "")
        lines.append(
            (
                (f"{label:>{left}} ", "dim"),
                (f"{drawn:<{room}} ", "accent"),
                (f"{number:>{right}}", "foreground"),
            )
        )
    return lines


def wrapped(text: str, width: int, most: int | None = None) -> list[str]:
    """Return a text from outside in lines that are safe to show, its own line breaks kept.

    `most` cuts it to so many lines, the last one an ellipsis.
    """
    parts = (
        part
        for line in text.splitlines() or [""]
        for part in list(folded(printable(line).rstrip(), max(width, 1))) or [""]
    )
    if most is None:
        return list(parts)
    lines = list(islice(parts, most + 1))
    return lines if len(lines) <= most else [*lines[: most - 1], "…"]


def _heading(text: str) -> Line:
    return ((text, "bold foreground"),)


def _fact(label: str, value: str, note: str = "") -> Line:
    return ((f"{label:<{_LABEL}}", "dim"), (value, "foreground"), (f"  {note}", "dim"))


def _figures(dataset: Dataset) -> Iterator[Line]:
    statistics = dataset.statistics
    yield _fact("training", _pairs(dataset.total_training_pairs))
    validation = dataset.total_validation_pairs
    yield _fact(
        "validation",
        _pairs(validation) if validation else "none",
        "" if validation else "split off training",
    )
    yield _fact("tokens", count(dataset.total_tokens), _counted_by(statistics))
    yield _fact("turns", f"{dataset.avg_turns_per_conversation:.1f}", "per conversation")
    yield _fact("", f"{dataset.avg_tokens_per_turn:.1f}", "tokens per turn")
    if statistics is not None:
        too_long = f"{statistics.share_over_max_sequence_length:.1%}"
        yield _fact("too long", too_long, f"over {count(statistics.max_sequence_length)} tokens")
        bad = f"{count(statistics.bad_records)} bad" if statistics.bad_records else "all valid"
        yield _fact("records", count(statistics.records), bad)


def _pairs(number: int) -> str:
    return "1 pair" if number == 1 else f"{count(number)} pairs"


def _counted_by(statistics: DatasetStatistics | None) -> str:
    if statistics is None:
        return ""
    if statistics.token_counter == ESTIMATE:
        return "estimated"
    return f"counted with {printable(statistics.token_counter)}"


def _error_lines(
    errors: Sequence[LineError], statistics: DatasetStatistics | None, width: int
) -> Iterator[Line]:
    if not errors:
        return
    yield ()
    yield _heading("What is wrong")
    size = max(len(count(error.line)) for error in errors)
    for error in errors:
        label = f"line {error.line:>{size},}  "
        parts = wrapped(error.message, width - len(label))
        yield ((label, "status-failed"), (parts[0], "foreground"))
        for part in parts[1:]:
            yield ((" " * len(label), ""), (part, "foreground"))
    more = (statistics.bad_records if statistics else 0) - len(errors)
    if more > 0:
        yield ((f"and {count(more)} more", "dim"),)


def _sample_lines(dataset: Dataset, width: int) -> Iterator[Line]:
    yield _heading("First records")
    for number, record in enumerate(dataset.sample_data, 1):
        yield ((f"{number}", "dim"),)
        for role, text in turns_of(record, dataset.format):
            yield ((_INDENT, ""), (printable(role), f"bold {_ROLES.get(role.lower(), 'accent')}"))
            for part in wrapped(text, width - 2 * len(_INDENT), _SAMPLE_LINES):
                yield ((_INDENT * 2, ""), (part, "foreground"))


def turns_of(
    record: Mapping[str, JsonValue], shape: DatasetFormat | None
) -> Iterator[tuple[str, str]]:
    """Yield who speaks and what they say; of a record without roles its keys and values."""
    turns = record.get(_TURN_KEYS[shape]) if shape in _TURN_KEYS else None
    if not isinstance(turns, list):
        yield from ((key, _text(value)) for key, value in record.items() if value not in ("", None))
        return
    for turn in turns:
        if not isinstance(turn, dict):
            yield "", _text(turn)
            continue
        role = next((turn[key] for key in _ROLE_KEYS if key in turn), "")
        content = next((turn[key] for key in _CONTENT_KEYS if turn.get(key) is not None), None)
        yield _text(role), _text(turn if content is None else content)


def _text(value: JsonValue) -> str:
    """Return a value as text: a list of typed parts as the texts in it."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(
        isinstance(part, dict) and isinstance(part.get("text"), str) for part in value
    ):
        return "\n".join(str(part["text"]) for part in value if isinstance(part, dict))
    return json.dumps(value, ensure_ascii=False)


def _file_lines(dataset: Dataset, width: int, now: datetime) -> Iterator[Line]:
    created = dataset.created_at.astimezone(now.tzinfo)
    facts = (
        ("id", str(dataset.id)),
        ("path", dataset.path),
        ("size", file_size(dataset.file_size)),
        ("sha256", dataset.sha256 or ABSENT),
        ("added", f"{created:%Y-%m-%d %H:%M}, {age(dataset.created_at, now)} ago"),
    )
    for label, value in facts:
        for index, part in enumerate(wrapped(value, width - _LABEL)):
            yield ((f"{label if index == 0 else '':<{_LABEL}}", "dim"), (part, "foreground"))
