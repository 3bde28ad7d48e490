"""The few messages of TensorBoard's event files that hold scalars, read without a library.

Event: wall_time 1 (double), step 2 (varint), file_version 3, summary 5.
Summary: value 1, repeated. Value: tag 1, simple_value 2 (float), tensor 8.
TensorProto: dtype 1, tensor_content 4, float_val 5, double_val 6, int_val 7, int64_val 10.
(tensorflow/core/util/event.proto, framework/summary.proto, framework/tensor.proto)
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

_VARINT, _EIGHT_BYTES, _LENGTH, _FOUR_BYTES = 0, 1, 2, 5
_CONTENT_FORMATS = {1: "<f", 2: "<d", 3: "<i", 9: "<q", 19: "<e"}
"""How the one value of a tensor is packed, by its dtype: float, double, int32, int64, half."""
_LONGEST_VARINT = 10


class DamagedMessageError(ValueError):
    """The bytes are no message."""


@dataclass(slots=True)
class Event:
    """An event of a summary file."""

    wall_time: float = 0.0
    step: int = 0
    file_version: str = ""
    scalars: dict[str, float] = field(default_factory=dict)
    """By their tags."""


def parse_event(message: bytes) -> Event:
    """Return an event with its scalars; raises DamagedMessageError for what is none."""
    event = Event()
    for number, value in _fields(message):
        match number, value:
            case 1, bytes() if len(value) == 8:
                event.wall_time = struct.unpack("<d", value)[0]
            case 2, int():
                event.step = value
            case 3, bytes():
                event.file_version = value[:100].decode("utf-8", "replace")
            case 5, bytes():
                _add_scalars(value, event.scalars)
    return event


def _add_scalars(summary: bytes, scalars: dict[str, float]) -> None:
    for number, value in _fields(summary):
        if number == 1 and isinstance(value, bytes):
            tag, scalar = _tagged(value)
            if tag and scalar is not None:
                scalars[tag] = scalar


def _tagged(message: bytes) -> tuple[str, float | None]:
    tag, scalar = "", None
    for number, value in _fields(message):
        match number, value:
            case 1, bytes():
                tag = value[:200].decode("utf-8", "replace")
            case 2, bytes() if len(value) == 4:
                scalar = struct.unpack("<f", value)[0]
            case 8, bytes():
                scalar = _of_tensor(value)
    return tag, scalar


def _of_tensor(message: bytes) -> float | None:
    """Return the value of a tensor that has only one."""
    dtype, found = 0, None
    for number, value in _fields(message):
        match number, value:
            case 1, int():
                dtype = value
            case 4, bytes():
                packing = _CONTENT_FORMATS.get(dtype)
                if packing and len(value) == struct.calcsize(packing):
                    found = float(struct.unpack(packing, value)[0])
            case 5, bytes() if len(value) == 4:
                found = struct.unpack("<f", value)[0]
            case 6, bytes() if len(value) == 8:
                found = struct.unpack("<d", value)[0]
            case 7 | 10, int():
                found = float(value)
            case 7 | 10, bytes():
                [packed] = _signed(value)
                found = float(packed)
    return found


def _signed(packed: bytes) -> list[int]:
    value, end = _varint(packed, 0)
    if end != len(packed):
        raise DamagedMessageError("not one value")
    return [value]


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the number of each field with its value: an int, or its bytes as they are."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        kind = key & 7
        if kind == _VARINT:
            value, place = _varint(message, place)
            yield key >> 3, value
            continue
        if kind == _LENGTH:
            size, place = _varint(message, place)
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            size = 8 if kind == _EIGHT_BYTES else 4
        else:
            raise DamagedMessageError(f"a field of kind {kind}")
        if not 0 <= size <= len(message) - place:
            raise DamagedMessageError("a field beyond the end")
        yield key >> 3, message[place : place + size]
        place += size


def _varint(message: bytes, place: int) -> tuple[int, int]:
    """Return the signed 64-bit number at a place, and the place behind it."""
    value = 0
    for index, byte in enumerate(message[place : place + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << 7 * index
        if not byte & 0x80:
            value &= 2**64 - 1
            return value - 2**64 if value >= 2**63 else value, place + index + 1
    raise DamagedMessageError("a number without an end")
