"""What the fault suite counts and prints at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from tests.faults.oracle import Harm, Verdict


@dataclass
class Figures:
    """Counts and durations of one run of the suite."""

    counts: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)

    def fault(self, kind: str, number: int = 1) -> None:
        """Count a fault that was survived."""
        self.counts[kind] += number

    def took(self, what: str, seconds: float) -> None:
        """Note how long something took."""
        self.seconds.setdefault(what, []).append(seconds)

    def judged(self, verdict: Verdict) -> None:
        """Count what the oracle looked at."""
        self.counts["_judged"] += 1
        self.counts["_rows"] += verdict.rows
        for harm, _ in verdict.findings:
            self.counts[f"_{harm.value}"] += 1

    def packed(self) -> dict[str, Any]:
        """Return the figures as what one process can send to another."""
        return {"counts": dict(self.counts), "seconds": self.seconds, "words": self.words}

    def absorb(self, packed: dict[str, Any]) -> None:
        """Add the figures of another process."""
        self.counts.update(packed["counts"])
        self.words.update(packed["words"])
        for what, seconds in packed["seconds"].items():
            self.seconds.setdefault(what, []).extend(seconds)

    def lines(self) -> Iterator[str]:
        """Yield the summary."""
        kinds = {kind: n for kind, n in sorted(self.counts.items()) if not kind.startswith("_")}
        for kind, number in kinds.items():
            yield f"{kind:<52}{number:>8}"
        yield f"{'faults tried':<52}{sum(kinds.values()):>8}"
        yield f"{'databases judged':<52}{self.counts['_judged']:>8}"
        yield f"{'rows compared, bit for bit':<52}{self.counts['_rows']:>8}"
        for harm in Harm:
            yield f"{harm.value:<52}{self.counts[f'_{harm.value}']:>8}"
        for what, all_seconds in sorted(self.seconds.items()):
            middle, most = median(all_seconds), max(all_seconds)
            yield f"{what:<52}{middle:>8.2f} s, at most {most:.2f} s ({len(all_seconds)} times)"
        for what, text in self.words.items():
            yield f"{what:<52}{text}"
