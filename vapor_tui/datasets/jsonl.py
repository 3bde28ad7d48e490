"""JSON lines: one record a line, a bad line costs only itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BufferedReader

from vapor_tui.datasets.errors import Damaged

LONGEST_RECORD = 16 * 1024 * 1024
"""Bytes. A longer line (or record of an array) is bad, and is not held in memory."""


def jsonl_records(stream: BufferedReader) -> Iterator[tuple[int, object]]:
    """Yield (line number from 1, decoded value or Damaged). Blank lines are passed over."""
    readline = stream.readline
    scan = json.JSONDecoder().raw_decode  # half the overhead of json.loads
    number = 0
    while line := readline(LONGEST_RECORD + 1):
        number += 1
        if len(line) > LONGEST_RECORD:
            skip_line(stream, line)
            yield number, Damaged(TOO_LONG)
            continue
        try:
            text = line.decode().strip(" \t\r\n")
            if not text:
                continue
            value, end = scan(text)
            if end == len(text):
                yield number, value
                continue
        except (ValueError, RecursionError):
            pass
        yield number, Damaged(explain(line))


TOO_LONG = f"longer than {LONGEST_RECORD >> 20} MiB"
TOO_DEEP = "nested too deeply"


def skip_line(stream: BufferedReader, line: bytes) -> None:
    """Go to the end of a line of which `line` was read."""
    while line and not line.endswith(b"\n"):
        line = stream.readline(LONGEST_RECORD)


def explain(line: bytes) -> str:
    """Why json.loads refuses this line: slow and exact, for bad lines only."""
    try:
        text = line.decode().rstrip("\r\n")
        json.loads(text)
    except UnicodeDecodeError as error:
        return f"not valid UTF-8: byte 0x{line[error.start]:02x} at byte {error.start + 1}"
    except json.JSONDecodeError as error:
        what = error.msg.removesuffix(" at").removesuffix(":")
        if error.pos >= len(text.rstrip()):
            return f"not valid JSON: the line ends too early, at column {error.pos + 1}"
        return f"not valid JSON: {what[:1].lower()}{what[1:]} at column {error.pos + 1}"
    except RecursionError:
        return TOO_DEEP
    except ValueError:
        return "a number has too many digits"
    return "not valid JSON"
