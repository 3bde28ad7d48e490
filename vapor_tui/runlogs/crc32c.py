"""CRC-32C (Castagnoli), as TensorBoard's files use it: no dependency is worth one checksum."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_POLYNOMIAL = 0x82F63B78
_ALL = 0xFFFFFFFF
_CHUNK = 512
"""Bytes whose effects on the checksum are looked up at once."""
_SHORT = 32
"""Up to so many bytes a plain loop is as fast."""
_REGISTER = 4


def _byte_table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return table


_BYTES = _byte_table()


@lru_cache(maxsize=1)
def _effects() -> NDArray[np.uint32]:
    """Return, of shape (_CHUNK, 256), what a byte does that so many others follow."""
    first = np.array(_BYTES, dtype=np.uint32)
    rows = [first]
    for _ in range(_CHUNK - 1):
        rows.append(first[rows[-1] & 0xFF] ^ (rows[-1] >> 8))
    return np.array(rows)


def crc32c(data: bytes) -> int:
    """Return the checksum of some bytes."""
    register = _ALL
    whole = len(data) - len(data) % _CHUNK if len(data) > _SHORT else 0
    for start in range(0, whole, _CHUNK):
        register = _chunk(register, data[start : start + _CHUNK])
    rest = data[whole:]
    if len(rest) > _SHORT:
        return _chunk(register, rest) ^ _ALL
    for byte in rest:
        register = _BYTES[(register ^ byte) & 0xFF] ^ (register >> 8)
    return register ^ _ALL


def masked(checksum: int) -> int:
    """Return a checksum as it is stored beside the data that it belongs to."""
    return ((checksum >> 15 | checksum << 17) + 0xA282EAD8) & _ALL


def _chunk(register: int, data: bytes) -> int:
    """Return the register after 4 to _CHUNK bytes: the checksum is linear in each of them."""
    values = np.frombuffer(data, dtype=np.uint8).copy()
    values[:_REGISTER] ^= np.frombuffer(register.to_bytes(_REGISTER, "little"), dtype=np.uint8)
    behind = np.arange(len(values) - 1, -1, -1)
    return int(np.bitwise_xor.reduce(_effects()[behind, values]))
