"""Runs the benchmarks: `python -m tests.bench [--json]`, a few minutes on two cores."""

from __future__ import annotations

import argparse
import sys

from tests.bench import backend
from tests.bench.measure import document, table
from vapor_tui.simulation import SimulationMode


def main() -> int:
    """Measure everything and print it; 1 when something is twice as bad as its aim."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    as_json = parser.parse_args().json
    measured = [
        *(backend.simulator(mode) for mode in SimulationMode),
        backend.store(),
        backend.dataset(),
        backend.version(),
    ]
    print(document(measured) if as_json else table(measured))
    return int(any(measurement.is_grossly_missed for measurement in measured))


if __name__ == "__main__":
    sys.exit(main())
