"""The checksum of event files is the published one, however long the data."""

from __future__ import annotations

import random

import pytest

from vapor_tui.runlogs.crc32c import crc32c, masked


@pytest.mark.parametrize(
    ("data", "checksum"),
    [
        # RFC 3720, appendix B.4
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
        (b"123456789", 0xE3069283),
        (b"", 0),
    ],
)
def test_published_checksums(data: bytes, checksum: int) -> None:
    assert crc32c(data) == checksum


def test_long_data_is_summed_as_byte_by_byte() -> None:
    noise = random.Random(7)
    for size in (1, 31, 32, 33, 36, 511, 512, 513, 1024, 1025, 1060, 5000):
        data = noise.randbytes(size)
        register = 0xFFFFFFFF
        for byte in data:
            register ^= byte
            for _ in range(8):
                register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
        assert crc32c(data) == register ^ 0xFFFFFFFF, size


def test_a_mask_is_undone_by_its_formula() -> None:
    rotated = (masked(0xE3069283) - 0xA282EAD8) & 0xFFFFFFFF
    assert ((rotated >> 17) | (rotated << 15)) & 0xFFFFFFFF == 0xE3069283
