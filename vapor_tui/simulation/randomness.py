"""Counter-based random numbers: the bits of step k follow from (seed, stream, k) alone.

NumPy promises the bits of Philox on every platform and in every version, but not what its
distributions make of them. So the bits come from NumPy and the transforms stand here. They use
only functions whose result for an element does not depend on its neighbours, and contiguous
arrays, so that a block equals its steps computed one by one, bit for bit.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vapor_tui.simulation.circle import sine_and_cosine

Floats: TypeAlias = NDArray[np.float64]
Words: TypeAlias = NDArray[np.uint64]

WORDS_PER_BLOCK = 4
_MASK = 2**64 - 1
_UNIT = 2.0**-53
_ROOT_SIX = 6.0**0.5
_DROPPED_BITS = np.uint64(11)
"""A double holds 53 of a word's 64 bits."""


class Stream(IntEnum):
    """Independent sources of bits, one per effect. The numbers are part of every stored run."""

    RUN = 1
    """Draws made once a run, at counters 0, 1, 2 and so on."""
    STEP = 2
    BATCH = 3
    """Keyed by the data seed."""
    EPOCH = 4
    THROUGHPUT = 5
    FAILURE = 6


def raw_words(seed: int, stream: Stream, first: int, count: int) -> Words:
    """Return the blocks at counters first .. first + count - 1, shape (count, 4).

    Block k is Philox4x64-10 of key (seed, stream) and counter (k, 0, 0, 0). NumPy's generator
    raises its counter before each block, hence the one below. Seeds count modulo 2**64.
    """
    key = np.array([seed & _MASK, int(stream)], dtype=np.uint64)
    before = (first - 1) & (2**256 - 1)
    counter = np.array([(before >> shift) & _MASK for shift in (0, 64, 128, 192)], dtype=np.uint64)
    generator = np.random.Philox(key=key, counter=counter)
    return generator.random_raw(WORDS_PER_BLOCK * count).reshape(count, WORDS_PER_BLOCK)


def uniforms(words: Words) -> Floats:
    """Return words as numbers in [0, 1) with 53 bits, as one contiguous array."""
    kept = np.right_shift(words, _DROPPED_BITS, order="C").astype(np.float64)
    kept *= _UNIT
    return kept


def normal_pair(words: Words, others: Words) -> tuple[Floats, Floats]:
    """Return two independent standard normals from two equally long columns of words.

    Box and Muller (1958): r = sqrt(-2 ln u), angle 2 pi v. The first uniform is mirrored into
    (0, 1] to keep the logarithm finite.
    """
    radius = 1.0 - uniforms(words)
    np.log(radius, out=radius)
    radius *= -2.0
    np.sqrt(radius, out=radius)
    sine, cosine = sine_and_cosine(uniforms(others))
    sine *= radius
    cosine *= radius
    return cosine, sine


def rough_normal(words: Words, others: Words) -> Floats:
    """Return numbers of mean 0 and variance 1 from two equally long columns of words.

    The sum of two uniforms, at a third of a normal's cost, for a share of noise so small that
    its shape cannot be seen in the whole.
    """
    total = uniforms(words)
    total += uniforms(others)
    total -= 1.0
    total *= _ROOT_SIX
    return total


def run_uniforms(seed: int, stream: Stream, blocks: int) -> list[float]:
    """Return the first numbers in [0, 1) of a stream, four per block."""
    return [float(u) for u in uniforms(raw_words(seed, stream, 0, blocks).ravel())]


def run_normals(seed: int, stream: Stream, blocks: int) -> list[float]:
    """Return the first standard normals of a stream, four per block."""
    words = raw_words(seed, stream, 0, blocks)
    pairs = (
        *normal_pair(words[:, 0], words[:, 1]),
        *normal_pair(words[:, 2], words[:, 3]),
    )
    return [float(z) for z in np.stack(pairs, axis=1).ravel()]
