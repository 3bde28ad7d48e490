"""Counter-based bits: known answers, blocks against single steps, and what becomes of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vapor_tui.simulation.circle import sine_and_cosine
from vapor_tui.simulation.randomness import (
    Stream,
    normal_pair,
    raw_words,
    rough_normal,
    uniforms,
)

MASK = 2**64 - 1


def philox(key: tuple[int, int], counter: tuple[int, int, int, int]) -> list[int]:
    """Philox4x64-10 as published (Salmon et al., 2011), in plain integers."""
    low_key, high_key = key
    a, b, c, d = counter
    for _ in range(10):
        first, second = 0xD2E7470EE14C6C93 * a, 0xCA5A826395121157 * c
        a, b, c, d = (
            (second >> 64) ^ b ^ low_key,
            second & MASK,
            (first >> 64) ^ d ^ high_key,
            first & MASK,
        )
        low_key = (low_key + 0x9E3779B97F4A7C15) & MASK
        high_key = (high_key + 0xBB67AE8584CAA73B) & MASK
    return [a, b, c, d]


def test_reference_gives_the_published_answers() -> None:
    assert philox((0, 0), (0, 0, 0, 0)) == [
        0x16554D9ECA36314C,
        0xDB20FE9D672D0FDC,
        0xD7E772CEE186176B,
        0x7E68B68AEC7BA23B,
    ]
    assert philox((MASK, MASK), (MASK, MASK, MASK, MASK)) == [
        0x87B092C3013FE90B,
        0x438C3C67BE8D0224,
        0x9CC7D7C69CD777B6,
        0xA09CAEBF594F0BA0,
    ]


@pytest.mark.parametrize("seed", [0, 1, 42, 2**63 + 5, MASK])
@pytest.mark.parametrize("counter", [0, 1, 2, 999, 10**7, 10**7 + 1, 2**32, 2**63])
def test_block_has_the_key_and_counter_of_its_step(seed: int, counter: int) -> None:
    words = raw_words(seed, Stream.BATCH, counter, 1)
    assert words[0].tolist() == philox((seed, int(Stream.BATCH)), (counter, 0, 0, 0))


def test_seeds_beyond_64_bits_count_modulo_their_range() -> None:
    assert np.array_equal(raw_words(-1, Stream.STEP, 5, 2), raw_words(MASK, Stream.STEP, 5, 2))
    assert np.array_equal(raw_words(2**64 + 3, Stream.STEP, 5, 2), raw_words(3, Stream.STEP, 5, 2))


@given(first=st.integers(0, 10**7), count=st.integers(1, 40), at=st.integers(0, 39))
def test_a_block_of_steps_equals_its_steps(first: int, count: int, at: int) -> None:
    at %= count
    whole = raw_words(3, Stream.STEP, first, count)
    assert np.array_equal(whole[at], raw_words(3, Stream.STEP, first + at, 1)[0])


def test_streams_share_no_bits() -> None:
    drawn = {raw_words(11, stream, 1, 1)[0, 0] for stream in Stream}
    assert len(drawn) == len(Stream)


def test_uniforms_are_the_upper_53_bits() -> None:
    words = np.array([0, MASK, 1 << 63, (1 << 11) - 1], dtype=np.uint64)
    assert uniforms(words).tolist() == [0.0, 1 - 2.0**-53, 0.5, 0.0]


def test_normals_are_those_of_box_and_muller() -> None:
    words = raw_words(5, Stream.STEP, 1, 200)
    first, second = normal_pair(words[:, 0], words[:, 1])
    for k in range(200):
        radius = math.sqrt(-2 * math.log(1 - (int(words[k, 0]) >> 11) / 2**53))
        angle = 2 * math.pi * (int(words[k, 1]) >> 11) / 2**53
        assert first[k] == pytest.approx(radius * math.cos(angle), rel=1e-12, abs=1e-12)
        assert second[k] == pytest.approx(radius * math.sin(angle), rel=1e-12, abs=1e-12)


def test_extreme_words_give_finite_normals() -> None:
    words = np.array([0, MASK], dtype=np.uint64)
    assert np.isfinite(normal_pair(words, words)).all()


def test_normals_have_the_moments_of_normals() -> None:
    words = raw_words(1, Stream.STEP, 0, 200_000)
    for z in normal_pair(words[:, 0], words[:, 1]):
        assert abs(z.mean()) < 0.01
        assert abs(z.std() - 1) < 0.01
        assert abs((z**3).mean()) < 0.03
        assert abs((z**4).mean() - 3) < 0.06
        assert abs(np.corrcoef(z[1:], z[:-1])[0, 1]) < 0.01
    rough = rough_normal(words[:, 0], words[:, 1])
    assert abs(rough.mean()) < 0.01
    assert abs(rough.std() - 1) < 0.01


def test_table_of_the_circle_is_exact_to_1e_15() -> None:
    turns = np.linspace(0, 1, 100_003, endpoint=False)
    sine, cosine = sine_and_cosine(turns)
    assert np.abs(sine - np.sin(2 * np.pi * turns)).max() < 2e-15
    assert np.abs(cosine - np.cos(2 * np.pi * turns)).max() < 2e-15
