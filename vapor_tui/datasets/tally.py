"""Going over the records of one file: each is checked, counted and forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pydantic import JsonValue

from vapor_tui.datasets.errors import BadRecordError, Damaged, ReadingBrokenError, describe
from vapor_tui.datasets.measuring import Measure, measure_for
from vapor_tui.datasets.progress import Meter
from vapor_tui.datasets.samples import sample_of
from vapor_tui.datasets.shapes import Layout, Record, detect
from vapor_tui.datasets.tokens import Counter
from vapor_tui.domain.datasets import (
    ERRORS_KEPT,
    SAMPLES_KEPT,
    DatasetFormat,
    LineError,
    TokenBin,
)

LAYOUTS_KEPT = 16


@dataclass
class Tally:
    """The sums over one file."""

    shape: DatasetFormat | None = None
    valid: int = 0
    bad: int = 0
    pairs: int = 0
    turns: int = 0
    tokens: int = 0
    too_long: int = 0
    broken: str | None = None
    """Why the file couldn't be read to its end, if so."""
    errors: list[LineError] = field(default_factory=list)
    samples: list[dict[str, JsonValue]] = field(default_factory=list)
    by_bits: list[int] = field(default_factory=lambda: [0] * 64)
    """Records by the number of bits their token count has."""

    def reject(self, number: int, message: str) -> None:
        """Count a bad record and keep its message, of the first `ERRORS_KEPT` of them."""
        self.bad += 1
        if len(self.errors) < ERRORS_KEPT:
            self.errors.append(LineError(line=number, message=message))

    def histogram(self) -> tuple[TokenBin, ...]:
        """Bins from the first to the last that is not empty; those between may be."""
        used = [bits for bits, records in enumerate(self.by_bits) if records]
        if not used:
            return ()
        return tuple(
            TokenBin(at_least=(1 << bits) >> 1, at_most=(1 << bits) - 1, records=self.by_bits[bits])
            for bits in range(used[0], used[-1] + 1)
        )


def tally_records(
    numbered: Iterable[tuple[int, object]],
    *,
    count: Counter,
    max_sequence_length: int,
    meter: Meter,
    unit: str = "",
) -> Tally:
    """Check and count all records. `unit` is put before each message with the number."""
    tally = Tally()
    shaper = _Shaper(count)
    by_bits = tally.by_bits
    pairs = turns = tokens = too_long = valid = 0
    try:
        for number, record in numbered:
            meter.records += 1
            try:
                if type(record) is not dict:
                    raise BadRecordError(_no_object(record))
                try:
                    found = shaper.measure(record)
                except BadRecordError as error:
                    found = shaper.second_chance(record, error)
            except BadRecordError as error:
                tally.reject(number, f"{unit} {number}: {error}" if unit else str(error))
                continue
            valid += 1
            pairs += found[0]
            turns += found[1]
            tokens += found[2]
            too_long += found[2] > max_sequence_length
            by_bits[found[2].bit_length()] += 1
            if valid <= SAMPLES_KEPT:
                tally.samples.append(sample_of(record))
    except ReadingBrokenError as error:
        meter.records += 1
        tally.broken = f"{unit} {error.number}: {error}" if unit else str(error)
        tally.reject(error.number, tally.broken)
    tally.shape = shaper.shape
    tally.valid, tally.pairs, tally.turns = valid, pairs, turns
    tally.tokens, tally.too_long = tokens, too_long
    return tally


def _no_object(record: object) -> str:
    if isinstance(record, Damaged):
        return record.message
    return f"{describe(record)}, not an object"


class _Shaper:
    """Measures records by the layout of the first valid one.

    `measure` is replaced once that layout is known, which keeps the way of a record short.
    """

    def __init__(self, count: Counter) -> None:
        self._count = count
        self._measures: dict[Layout, Measure] = {}
        self.shape: DatasetFormat | None = None
        self.measure: Measure = self._first

    def _first(self, record: Record) -> tuple[int, int, int]:
        layout = detect(record)
        measure = measure_for(layout, self._count)
        found = measure(record)
        self.shape, self.measure = layout.shape, measure
        return found

    def second_chance(self, record: Record, error: BadRecordError) -> tuple[int, int, int]:
        """The same shape under other keys is fine; another shape explains what is wrong."""
        if self.shape is None:
            raise error
        try:
            layout = detect(record)
        except BadRecordError:
            raise error from None
        if layout.shape is not self.shape:
            raise BadRecordError(
                f'has the shape "{layout.shape}", the records before it "{self.shape}"'
            ) from None
        measure = self._measures.get(layout)
        if measure is None:
            if len(self._measures) >= LAYOUTS_KEPT:
                self._measures.clear()
            measure = self._measures[layout] = measure_for(layout, self._count)
        return measure(record)
