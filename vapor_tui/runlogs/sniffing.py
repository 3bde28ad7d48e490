"""Tells what a file is by what stands in it; a name decides nothing by itself."""

from __future__ import annotations

from pathlib import Path

from vapor_tui.domain.run_events import run_event
from vapor_tui.domain.sources import LogFormat, RunFacts
from vapor_tui.runlogs import names
from vapor_tui.runlogs.captured_output import CapturedOutput
from vapor_tui.runlogs.csv_tables import read_heading
from vapor_tui.runlogs.errors import RunLogError
from vapor_tui.runlogs.json_lines import decoded
from vapor_tui.runlogs.ledger import Ledger
from vapor_tui.runlogs.protobuf import DamagedMessageError, parse_event
from vapor_tui.runlogs.records import FOOTER, HEADER, record_at
from vapor_tui.runlogs.tail import read_head
from vapor_tui.runlogs.trainer_state import Document

HEAD = 256 * 1024
"""Bytes that are looked at."""
_MOST_LINES = 2_000
_OTHER_KINDS: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gzip-compressed; unpack it first"),
    (b"PK\x03\x04", "a ZIP archive, as torch.save writes them"),
    (b"\x80\x02", "a pickle, which is never opened here"),
    (b"\x80\x03", "a pickle, which is never opened here"),
    (b"\x80\x04", "a pickle, which is never opened here"),
    (b"\x80\x05", "a pickle, which is never opened here"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x89HDF", "an HDF5 file"),
    (b"PAR1", "a Parquet file"),
    (b"\x7fELF", "a program"),
)
_ACCEPTED = (
    "TensorBoard event files, trainer_state.json, trainer_log.jsonl, events.jsonl, "
    "a CSV or JSONL with step and loss, or the captured output of the Trainer"
)


def sniff(path: Path, size: int = HEAD) -> LogFormat:
    """Return the format of a file, looking at so many of its first bytes.

    Raises RunLogError with a sentence that names what the file is instead, as far as can be told.
    """
    head = read_head(path, size)
    found = format_of(head)
    if found is None:
        raise RunLogError(f"{path} is {_kind(head)}. What can be followed: {_ACCEPTED}")
    return found


def format_of(head: bytes) -> LogFormat | None:
    """Return the format of a file that begins so, None for one of another kind."""
    if is_event_file(head):
        return LogFormat.TENSORBOARD
    if b"\x00" in head[:1024] or any(head.startswith(magic) for magic, _ in _OTHER_KINDS):
        return None
    text = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    if text.lstrip().startswith("{"):
        if Document(text).is_state:
            return LogFormat.TRAINER_STATE
        if (found := _of_json_lines(text)) is not None:
            return found
    if any(read_heading(line) for line in text.splitlines()[:1]):
        return LogFormat.CSV
    return LogFormat.OUTPUT if _is_output(text) else None


def is_event_file(head: bytes) -> bool:
    """Say whether bytes begin with the record that every event file begins with."""
    length = record_at(head, 0)
    if length is None or len(head) < HEADER + length + FOOTER:
        return False
    try:
        return parse_event(head[HEADER : HEADER + length]).file_version.startswith("brain.Event")
    except DamagedMessageError:
        return False


def _of_json_lines(text: str) -> LogFormat | None:
    for line in text.splitlines()[:_MOST_LINES]:
        record = decoded(line)
        if record is None:
            continue
        if record.get("type") in ("stage", "metrics", "log", "end") and _is_event(line):
            return LogFormat.EVENTS
        if "current_steps" in record and "total_steps" in record:
            return LogFormat.TRAINER_LOG
        if names.has_points(names.roles_of(record)):
            return LogFormat.JSONL
    return None


def _is_event(line: str) -> bool:
    try:
        run_event.validate_json(line)
    except ValueError:
        return False
    return True


def _is_output(text: str) -> bool:
    """Say whether a text holds what the Trainer prints."""
    parser, ledger = CapturedOutput({}), Ledger(RunFacts())
    for line in text.replace("\r", "\n").split("\n")[: 5 * _MOST_LINES]:
        parser.feed(line, ledger)
    parser.settle(ledger)
    return bool(ledger.step or ledger.facts.total_steps)


def _kind(head: bytes) -> str:
    for magic, kind in _OTHER_KINDS:
        if head.startswith(magic):
            return kind
    if not head.strip():
        return "empty so far"
    if b"\x00" in head:
        return "binary data, and not an event file of TensorBoard"
    return "text without steps and losses under names that are known here"
