"""The framing of TensorBoard's event files: length, its checksum, data, its checksum."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from vapor_tui.runlogs.crc32c import crc32c, masked
from vapor_tui.runlogs.tail import Tail

HEADER = 12
FOOTER = 4
LARGEST_RECORD = 4 * 1024 * 1024
"""A larger one holds pictures or weights, no scalars: it is left out unread."""


def record_at(data: bytes, place: int) -> int | None:
    """Return the length of the record that begins at a place, None where none does."""
    if len(data) - place < HEADER:
        return None
    length, checksum = struct.unpack_from("<QI", data, place)
    is_header = masked(crc32c(data[place : place + 8])) == checksum
    return int(length) if is_header else None


def whole_records(tail: Tail, size: int) -> Iterator[bytes]:
    """Yield the records in about the next `size` bytes, and move on behind them.

    An unfinished record at the end waits. A damaged one is left out; where a length is damaged,
    reading goes on at the next place that looks like a record.
    """
    data = tail.read(size)
    place = 0
    while len(data) - place >= HEADER:
        length = record_at(data, place)
        if length is None:
            place = _next_record(data, place + 1)
            continue
        whole = HEADER + length + FOOTER
        if length > LARGEST_RECORD:
            if tail.size - tail.offset - place >= whole:
                tail.advance(data[:place])
                tail.skip(whole)
                return
            break
        if len(data) - place < whole:
            more = tail.read(whole - (len(data) - place), ahead=len(data))
            if len(data) + len(more) - place < whole:
                break  # not written to its end yet
            data += more
        message = data[place + HEADER : place + HEADER + length]
        [checksum] = struct.unpack_from("<I", data, place + HEADER + length)
        place += whole
        if masked(crc32c(message)) == checksum:
            yield message
        if place >= size:
            break
    tail.advance(data[:place])


def _next_record(data: bytes, start: int) -> int:
    """Return the next place of a header, or the first one that cannot be told yet."""
    while len(data) - start >= HEADER:
        # No record is longer than 4 GiB: the upper half of its length is nothing but zeros.
        zeros = data.find(b"\x00\x00\x00\x00", start + 4)
        if zeros < 0:
            return len(data) - HEADER + 1
        start = zeros - 4
        if len(data) - start < HEADER or record_at(data, start) is not None:
            return start
        start += 1
    return start
