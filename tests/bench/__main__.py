"""Runs the benchmarks: `python -m tests.bench`, some minutes on two quiet cores (Linux)."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from tests.bench import backend, crowd, growth, lists, startup, watching
from tests.bench.measure import Measurement, document, table
from vapor_tui.simulation import SimulationMode

Benchmark = Callable[[bool], list[Measurement]]
"""Takes whether it is to be short."""

BENCHMARKS: dict[str, Benchmark] = {
    "start": lambda short: startup.start(3 if short else 9),
    "keys": lambda short: watching.keys(20 if short else 100),
    "monitor": lambda short: watching.monitor(5 if short else 30),
    "idle": lambda short: watching.idle(5 if short else 30),
    "refresh": lambda short: watching.refresh(4 if short else 15),
    "opening": lambda short: watching.opening(2 if short else 7),
    "page": lambda short: lists.page(3 if short else 9),
    "changing": lambda short: lists.changing(5 if short else 20),
    "crowd": lambda short: crowd.crowd(5 if short else 30),
    "simulator": lambda _: [backend.simulator(mode) for mode in SimulationMode],
    "store": lambda _: [backend.store()],
    "dataset": lambda _: [backend.dataset()],
    "version": lambda _: [backend.version()],
}


def main() -> int:
    """Measure and print; 1 when something is twice as bad as its aim."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--short", action="store_true", help="a minute or two, less precise")
    parser.add_argument("--only", action="append", choices=BENCHMARKS, help="may be repeated")
    parser.add_argument("--growth", action="store_true", help="how figures grow with their causes")
    given = parser.parse_args()
    if given.growth and given.only:
        parser.error("--growth measures other things than --only names: give one of the two")
    if given.growth:
        print(growth.report(short=given.short, as_json=given.json))
        return 0
    measured: list[Measurement] = []
    for name in given.only or BENCHMARKS:
        print(f"{name} …", file=sys.stderr)
        measured += BENCHMARKS[name](given.short)
    print(document(measured) if given.json else table(measured))
    return int(any(measurement.is_grossly_missed for measurement in measured))


if __name__ == "__main__":
    sys.exit(main())
