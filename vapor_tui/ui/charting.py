"""Numbers into what a chart of a given width can show; numpy only, no Textual."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]

_CHUNK = 64
"""Values that are averaged in one matrix product."""
_HEADROOM = 1.05
_FINEST = 1e-300
"""No ticks lie closer: numbers that are smaller have fewer digits."""
_SHRINK_BELOW = 0.6
"""An axis gets shorter only when less than this share of it is needed."""
MOST_EPOCH_LINES = 8


def smoothed(values: Floats, weight: float, counts: Steps | None = None) -> Floats:
    """Return the exponential moving average with bias correction, as TensorBoard draws it.

    A value that is not finite stays as it is and does not count. With `counts` a value stands
    for so many equal ones; `weight` is in [0, 1), 0 smooths nothing.
    """
    if weight <= 0:
        return values
    finite = np.isfinite(values)
    known = values[finite]
    if counts is None or (counts == 1).all():
        sums = _decayed_sums(known * (1 - weight), weight)
        seen = np.arange(1, len(known) + 1)
    else:
        seen = np.cumsum(counts[finite])
        sums = _varied_sums(known, np.power(weight, counts[finite], dtype=np.float64))
    result = values.copy()
    result[finite] = sums / (1 - weight**seen)
    return result


def _varied_sums(values: Floats, weights: Floats) -> Floats:
    """Return y with y[k] = weights[k] * y[k-1] + (1 - weights[k]) * values[k] and y[-1] = 0."""
    last, sums = 0.0, []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        last += (1 - weight) * (value - last)
        sums.append(last)
    return np.array(sums)


def _decayed_sums(values: Floats, weight: float) -> Floats:
    """Return y with y[k] = weight * y[k-1] + values[k] and y[-1] = 0, in whole chunks."""
    count = len(values)
    if count == 0:
        return values
    rows = -(-count // _CHUNK)
    padded = np.zeros(rows * _CHUNK)
    padded[:count] = values
    lag = np.subtract.outer(np.arange(_CHUNK), np.arange(_CHUNK))
    kernel = np.where(lag >= 0, weight ** np.maximum(lag, 0), 0.0)
    local = padded.reshape(rows, _CHUNK) @ kernel.T
    if rows > 1:
        ends = _decayed_sums(local[:, -1].copy(), weight**_CHUNK)
        local[1:] += np.outer(ends[:-1], weight ** np.arange(1, _CHUNK + 1))
    return local.reshape(-1)[:count]


def reduced(
    x: NDArray[Any], y: Floats, low: float, high: float, buckets: int
) -> tuple[Floats, Floats]:
    """Return at most two points a bucket of [low, high]: the least and the greatest, in order.

    `x` rises. Buckets are stretches of the axis, not of the points, so that points that come
    later leave the picture of those before as it is. A bucket that has points, none of them
    finite, gives one NaN: a gap.
    """
    first, last = np.searchsorted(x, low), np.searchsorted(x, high, side="right")
    xs, ys = x[first:last].astype(np.float64), y[first:last]
    if len(xs) > 2 * buckets:
        edges = np.searchsorted(xs, np.linspace(low, high, buckets + 1)[1:-1])
        starts = np.unique(np.concatenate([[0], edges[edges < len(xs)]]))
        chosen = [i for a, b in pairwise([*starts.tolist(), len(xs)]) for i in _ends(ys, a, b)]
        xs, ys = xs[chosen], ys[chosen]
    return xs, np.where(np.isfinite(ys), ys, np.nan)


def _ends(values: Floats, start: int, stop: int) -> list[int]:
    """Return where the least and the greatest finite value of a stretch lie, in order."""
    part = values[start:stop]
    finite = np.isfinite(part)
    least = int(np.where(finite, part, np.inf).argmin())
    greatest = int(np.where(finite, part, -np.inf).argmax())
    return [start + index for index in sorted({least, greatest})]


def runs(x: Floats, y: Floats) -> list[tuple[list[float], list[float]]]:
    """Split a line at its gaps: lists of x and y without a NaN between them."""
    finite = np.isfinite(y)
    edges = np.flatnonzero(np.diff(finite.astype(np.int8), prepend=0, append=0))
    return [
        (x[a:b].tolist(), y[a:b].tolist())
        for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    ]


def axis_top(greatest: float, present: float | None = None) -> float:
    """Return the upper end of a y axis from 0: the maximum plus 0.5, moving in steps.

    `present` is where it is now; it grows when it must and shrinks only when far too tall.
    """
    if not math.isfinite(greatest) or greatest < 0:
        return present if present is not None else 1.0
    return _moved_top(greatest + 0.5, present)


def nice_top(greatest: float, present: float | None = None) -> float:
    """Return the upper end of an axis from 0 for values of any size, as `axis_top` does."""
    if not math.isfinite(greatest) or greatest <= 0:
        return present if present is not None else 1.0
    return _moved_top(greatest * _HEADROOM, present)


def _moved_top(wanted: float, present: float | None) -> float:
    step = tick_step(wanted, 8)
    top = max(math.ceil(round(wanted / step, 9)), 1) * step
    if present is None or top > present or wanted < _SHRINK_BELOW * present:
        return top
    return present


def tick_step(span: float, most: int) -> float:
    """Return the smallest of 1, 2, 5 times a power of ten that divides a span into few ticks."""
    if span <= 0 or most < 1:
        return 1.0
    raw = max(span / most, _FINEST)
    magnitude = 10.0 ** math.floor(math.log10(raw))
    for factor in (1, 2, 5, 10):
        if factor * magnitude >= raw * (1 - 1e-9):
            return factor * magnitude
    return 10 * magnitude


def ticks(low: float, high: float, most: int) -> list[float]:
    """Return round numbers between two ends, at most `most` + 1 of them."""
    step = tick_step(high - low, most)
    first = math.ceil(round(low / step, 9))
    last = math.floor(round(high / step, 9))
    return [n * step for n in range(first, last + 1)]


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a run in steps, or of the axis that they lie along in its units."""

    low: float
    high: float


def epochs_apart(epochs: float) -> int:
    """Return every how many epochs to draw a line: few enough that the curve is seen."""
    size = 1
    while True:
        for apart in (size, 2 * size, 5 * size):
            if epochs <= MOST_EPOCH_LINES * apart:
                return apart
        size *= 10


def whole_span(last: int, total: int) -> Span:
    """Return the axis of a whole run: it doubles as the run gets there, so that it rarely moves."""
    if last >= total:
        return Span(0, max(last, 1))
    share = next(share for share in (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1) if last <= share * total)
    return Span(0, max(math.ceil(share * total), 1))


def window_span(last: int, width: int) -> Span:
    """Return the axis of the last `width` steps: it moves on by a tenth of them at a time."""
    if last <= width:
        return Span(0, width)
    stride = max(1, width // 10)
    high = -(-last // stride) * stride
    return Span(high - width, high)
